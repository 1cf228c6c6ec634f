package dev.eventlog.testing;

import dev.eventlog.EventLogFactory;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.NamedFollowerAutoConfiguration;
import dev.eventlog.testing.memory.InMemoryRedis;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;

/**
 * In-memory event logs for a test without Spring:
 *
 * <pre>{@code
 * try (InMemoryEventLogs logs = InMemoryEventLogs.start()) {
 *     Orders orders = new Orders(logs.factory());
 *     orders.place("Ada");
 *     assertThatLog(logs.factory().create("orders", OrderEvent.class)).contains(new Placed("Ada"));
 * }
 * }</pre>
 *
 * <p>The factory is the same as in production and has the same properties, but runs on an {@link InMemoryRedis}.
 * Thread-safe.
 */
public final class InMemoryEventLogs implements AutoCloseable {

    private final InMemoryRedis redis;
    private final ConfigurableApplicationContext context;

    private InMemoryEventLogs(InMemoryRedis redis, ConfigurableApplicationContext context) {
        this.redis = redis;
        this.context = context;
    }

    /**
     * Starts an in-memory Redis, and creates a factory on it.
     *
     * @param properties properties of the factory, such as {@code eventlog.max-length=10}
     * @return the logs, which the caller closes
     * @throws java.io.UncheckedIOException if no port can be opened
     */
    public static InMemoryEventLogs start(String... properties) {
        InMemoryRedis redis = InMemoryRedis.start();
        try {
            return new InMemoryEventLogs(redis, context(redis, properties));
        } catch (RuntimeException failure) {
            redis.close();
            throw failure;
        }
    }

    private static ConfigurableApplicationContext context(InMemoryRedis redis, String... properties) {
        return new SpringApplicationBuilder(Logs.class)
                .web(WebApplicationType.NONE)
                .properties("spring.main.banner-mode=off", "spring.main.log-startup-info=false")
                .properties(properties)
                .registerShutdownHook(false)
                .initializers((GenericApplicationContext context) ->
                        context.registerBean(DataRedisConnectionDetails.class, () -> RedisAddress.of(redis.uri())))
                .run();
    }

    /** {@return the factory, the same instance each time} */
    public EventLogFactory factory() {
        return context.getBean(EventLogFactory.class);
    }

    /** {@return the Redis, which can fail or lose events on request} */
    public InMemoryRedis redis() {
        return redis;
    }

    /** Closes all followers, the factory, and the Redis. */
    @Override
    public void close() {
        context.close();
        redis.close();
    }

    /** The configuration of an application with event logs. */
    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        DataRedisAutoConfiguration.class,
        JacksonAutoConfiguration.class,
        NamedFollowerAutoConfiguration.class,
        EventLogAutoConfiguration.class
    })
    static class Logs {}
}
