package dev.eventlog.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventPositions;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.durable.Leadership;
import dev.eventlog.redis.RedisEventPositions;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestRedisConnection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.integration.redis.util.RedisLockRegistry;
import org.springframework.integration.support.locks.DefaultLockRegistry;
import org.springframework.integration.support.locks.LockRegistry;

class NamedFollowerAutoConfigurationTests {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    ServiceConnectionAutoConfiguration.class,
                    NamedFollowerAutoConfiguration.class,
                    EventLogAutoConfiguration.class))
            .withUserConfiguration(TestRedisConnection.class)
            .withPropertyValues("eventlog.key-prefix=test:" + UUID.randomUUID() + ":", "eventlog.follow.lease=1s");

    @Test
    void locksAndPositionsAreStoredInRedis() {
        runner.run(context -> {
            assertThat(context)
                    .hasSingleBean(Leadership.class)
                    .hasSingleBean(RedisEventPositions.class)
                    .hasBean("eventLogLockRegistry");
            follows(context.getBean(EventLogFactory.class), context.getBean(StringRedisTemplate.class), true);
        });
    }

    @Test
    void applicationKeepsItsOwnLocks() {
        DefaultLockRegistry own = new DefaultLockRegistry();
        runner.withBean("own", DefaultLockRegistry.class, () -> own)
                .withBean(NeedsLocks.class)
                .run(context -> {
                    assertThat(context).hasNotFailed().hasBean("eventLogLockRegistry");
                    assertThat(context.getBean(NeedsLocks.class).locks()).isSameAs(own);
                });
    }

    record NeedsLocks(LockRegistry<?> locks) {}

    @Test
    void followersWorkWithoutSpringIntegration() {
        runner.withClassLoader(new FilteredClassLoader("org.springframework.integration"))
                .run(context -> {
                    assertThat(context).hasNotFailed().doesNotHaveBean("eventLogLockRegistry");
                    assertThat(context).doesNotHaveBean("eventLogLeadership");
                    follows(context.getBean(EventLogFactory.class), context.getBean(StringRedisTemplate.class), false);
                });
    }

    @Test
    void factoryWorksWithoutLocksThatExpire() {
        runner.withClassLoader(new FilteredClassLoader(RedisLockRegistry.class))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(Leadership.class));
    }

    @Test
    void namedLocksOfTheApplicationAreUsed() {
        runner.withBean("eventLogLockRegistry", DefaultLockRegistry.class, () -> new DefaultLockRegistry())
                .run(context ->
                        assertThat(context).hasSingleBean(Leadership.class).doesNotHaveBean(RedisLockRegistry.class));
    }

    @Test
    void positionsAreStoredInABeanOfTheApplication() {
        EventPositions own = new EventPositions() {

            @Override
            public Optional<EventId> load(String name, String log) {
                return Optional.empty();
            }

            @Override
            public boolean store(String name, String log, @Nullable EventId before, EventId position) {
                return true;
            }
        };
        runner.withBean(EventPositions.class, () -> own)
                .run(context ->
                        assertThat(context).getBean(EventPositions.class).isSameAs(own));
    }

    private static void follows(EventLogFactory factory, StringRedisTemplate redis, boolean locked) {
        EventLog log = factory.create("log");
        EventId id = log.add(Map.of("n", 1));
        Collected<Event> listener = Collected.events();
        Follower follower = log.follow(Tail.all(), listener, options -> options.named("a"));
        LogTests.await().until(() -> listener.count() == 1);
        String prefix = redis.keys("test:*:eventlog:positions").stream()
                .filter(key -> id.toString().equals(redis.opsForHash().get(key, "a@log")))
                .findFirst()
                .orElseThrow()
                .replace("eventlog:positions", "");
        assertThat(redis.hasKey(prefix + "eventlog:lock:a@log")).isEqualTo(locked);
        follower.close();
        LogTests.await().until(() -> !redis.hasKey(prefix + "eventlog:lock:a@log"));
        log.delete();
        redis.delete(prefix + "eventlog:positions");
    }
}
