package dev.eventlog.observability;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLogFactory;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.annotation.EventLogListenerRegistry;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogListenerAutoConfiguration;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.EmbeddedRedis;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The health of annotated listeners that cannot start or have ended with an error. */
class ListenerHealthTests extends ClosingTests {

    static class Careful {

        @EventLogListener(id = "careful", logs = "orders", from = "all")
        void on(Event event) {
            if (event.fields().containsKey("bad")) {
                throw new IllegalStateException("a secret");
            }
        }
    }

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    HealthContributorAutoConfiguration.class,
                    EventLogAutoConfiguration.class,
                    EventLogListenerAutoConfiguration.class,
                    EventLogHealthAutoConfiguration.class))
            .withBean(Careful.class)
            .withPropertyValues("spring.data.redis.url=" + redis.uri(), "spring.data.redis.connect-timeout=1s");

    @Test
    void healthIsDownUntilTheListenerStarts() {
        redis.kill();
        runner.run(context -> {
            EventLogHealthIndicator indicator = context.getBean(EventLogHealthIndicator.class);
            Health health = indicator.health();
            assertThat(health.getStatus()).isEqualTo(Status.DOWN);
            assertThat(health.getDetails())
                    .containsEntry(
                            "listeners",
                            Map.of("careful", "cannot begin yet: Redis or the stored positions cannot be reached"));
            redis.start();
            await().until(() -> indicator.health().getStatus().equals(Status.UP));
            assertThat(context.getBean(EventLogListenerRegistry.class).isWaiting("careful"))
                    .isFalse();
        });
    }

    @Test
    void healthIsDownAfterAListenerFailed() {
        runner.run(context -> {
            EventLogHealthIndicator indicator = context.getBean(EventLogHealthIndicator.class);
            assertThat(indicator.health().getStatus()).isEqualTo(Status.UP);
            context.getBean(EventLogFactory.class).create("orders").add(Map.of("bad", "yes"));
            await().until(() -> indicator.health().getStatus().equals(Status.DOWN));
            assertThat(indicator.health().getDetails())
                    .containsEntry("listeners", Map.of("careful", IllegalStateException.class.getName()));
        });
    }
}
