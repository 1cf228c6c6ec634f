package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.ConnectException;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.data.redis.core.StringRedisTemplate;

@ExtendWith(OutputCaptureExtension.class)
class EmbeddedRedisTests {

    @EnableConfigurationProperties(DataRedisProperties.class)
    static class Properties {}

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner().withUserConfiguration(EmbeddedRedis.class, Properties.class);

    @Test
    void embeddedRedisRunsWithTheApplicationIfNoneIsConfigured(CapturedOutput output) {
        int[] port = new int[1];
        runner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
                .run(context -> {
                    port[0] = context.getBean(DataRedisProperties.class).getPort();
                    StringRedisTemplate template = context.getBean(StringRedisTemplate.class);
                    template.opsForValue().set("key", "value");
                    assertThat(template.opsForValue().get("key")).isEqualTo("value");
                    assertThat(output).contains("embedded one on 127.0.0.1:" + port[0]);
                });
        assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new Socket("127.0.0.1", port[0]).close());
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
    void embeddedRedisDoesNotStartIfOneIsConfigured(String property, CapturedOutput output) {
        runner.withPropertyValues(property)
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(DataRedisProperties.class));
        assertThat(output).doesNotContain("embedded one");
    }
}
