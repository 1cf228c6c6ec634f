package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.data.redis.core.StringRedisTemplate;
import redis.embedded.RedisServer;

@ExtendWith(OutputCaptureExtension.class)
class EmbeddedRedisTests {

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner().withUserConfiguration(EmbeddedRedisConfiguration.class);

    @Test
    void startsWhereNoneIsConfiguredSaysSoAndStopsWithTheApplication(CapturedOutput output) {
        RedisServer[] redis = new RedisServer[1];
        runner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
                .run(context -> {
                    redis[0] = context.getBean(RedisServer.class);
                    StringRedisTemplate template = context.getBean(StringRedisTemplate.class);
                    template.opsForValue().set("key", "value");
                    assertThat(template.opsForValue().get("key")).isEqualTo("value");
                    assertThat(output)
                            .contains("embedded one on 127.0.0.1:"
                                    + redis[0].ports().get(0));
                });
        assertThat(redis[0].isActive()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "spring.data.redis.host=redis.example.com",
                "spring.data.redis.url=redis://redis.example.com",
                "spring.data.redis.port=6380",
                "spring.data.redis.cluster.nodes[0]=redis.example.com:6379",
                "spring.data.redis.sentinel.nodes=redis.example.com:26379"
            })
    void doesNotStartWhereOneIsConfigured(String property) {
        runner.withPropertyValues(property)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(RedisServer.class));
    }
}
