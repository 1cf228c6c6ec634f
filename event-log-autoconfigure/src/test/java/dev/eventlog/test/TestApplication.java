package dev.eventlog.test;

import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.redis.RedisEventPositions;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.backoff.FixedBackOff;
import tools.jackson.databind.json.JsonMapper;

/** An application with only auto-configuration, on the {@link TestRedis} by default. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import(TestRedisConnection.class)
public class TestApplication {

    /**
     * Starts another application, like one in another process.
     *
     * @param properties properties of the application, each as {@code name=value}
     * @return the application, which the caller closes
     */
    public static ConfigurableApplicationContext start(String... properties) {
        return start(TestApplication.class, properties);
    }

    /**
     * Starts another application, with a bean of the test.
     *
     * @param type the type of the bean
     * @param bean the bean
     * @param properties properties of the application, each as {@code name=value}
     * @param <T> the type of the bean
     * @return the application, which the caller closes
     */
    public static <T> ConfigurableApplicationContext startWith(Class<T> type, T bean, String... properties) {
        return builder(TestApplication.class, properties)
                .initializers((GenericApplicationContext context) -> context.registerBean(type, () -> bean))
                .run();
    }

    /**
     * Starts an application on its own Redis.
     *
     * @param redis the address of the Redis, which need not be running
     * @param properties properties of the application, each as {@code name=value}
     * @return the application, which the caller closes
     */
    public static ConfigurableApplicationContext startOn(URI redis, String... properties) {
        return startElsewhere(Stream.concat(Stream.of("spring.data.redis.url=" + redis), Stream.of(properties))
                .toArray(String[]::new));
    }

    /**
     * Starts an application on its own Redis, with a bean of the test.
     *
     * @param redis the address of the Redis, which need not be running
     * @param type the type of the bean
     * @param bean the bean
     * @param properties properties of the application, each as {@code name=value}
     * @param <T> the type of the bean
     * @return the application, which the caller closes
     */
    public static <T> ConfigurableApplicationContext startOn(URI redis, Class<T> type, T bean, String... properties) {
        return builder(Elsewhere.class, properties)
                .properties("spring.data.redis.url=" + redis)
                .initializers((GenericApplicationContext context) -> context.registerBean(type, () -> bean))
                .run();
    }

    /**
     * Starts an application on its own Redis, prepared by the test.
     *
     * @param redis the address of the Redis, which need not be running
     * @param prepare prepares the context of the application
     * @param properties properties of the application, each as {@code name=value}
     * @return the application, which the caller closes
     */
    public static ConfigurableApplicationContext startOn(
            URI redis, ApplicationContextInitializer<GenericApplicationContext> prepare, String... properties) {
        return builder(Elsewhere.class, properties)
                .properties("spring.data.redis.url=" + redis)
                .initializers(prepare)
                .run();
    }

    /**
     * Starts an application that finds its Redis only through properties.
     *
     * @param properties properties of the application, each as {@code name=value}
     * @return the application, which the caller closes
     */
    public static ConfigurableApplicationContext startElsewhere(String... properties) {
        return start(Elsewhere.class, properties);
    }

    /**
     * Starts an application that finds its Redis only through properties, with a bean of the test.
     *
     * @param type the type of the bean
     * @param bean the bean
     * @param properties properties of the application, each as {@code name=value}
     * @param <T> the type of the bean
     * @return the application, which the caller closes
     */
    public static <T> ConfigurableApplicationContext startElsewhereWith(Class<T> type, T bean, String... properties) {
        return builder(Elsewhere.class, properties)
                .initializers((GenericApplicationContext context) -> context.registerBean(type, () -> bean))
                .run();
    }

    /**
     * Starts an application with a web server on a free local port.
     *
     * @param type its configuration
     * @param web the kind of web application, or none
     * @param properties properties of the application, each as {@code name=value}
     * @return the application, which the caller closes
     */
    public static ConfigurableApplicationContext startWeb(Class<?> type, WebApplicationType web, String... properties) {
        return builder(type, properties)
                .web(web)
                .properties("server.port=0", "server.address=127.0.0.1")
                .run();
    }

    /**
     * Starts an application with a web server and a bean of the test.
     *
     * @param configuration its configuration
     * @param web the kind of web application
     * @param type the type of the bean
     * @param bean the bean
     * @param properties properties of the application, each as {@code name=value}
     * @param <T> the type of the bean
     * @return the application, which the caller closes
     */
    public static <T> ConfigurableApplicationContext startWebWith(
            Class<?> configuration, WebApplicationType web, Class<T> type, T bean, String... properties) {
        return builder(configuration, properties)
                .web(web)
                .properties("server.port=0", "server.address=127.0.0.1")
                .initializers((GenericApplicationContext context) -> context.registerBean(type, () -> bean))
                .run();
    }

    /**
     * Returns the address of a page.
     *
     * @param application the application, which has a web server
     * @param path of the page
     * @return its address
     */
    public static URI uri(ConfigurableApplicationContext application, String path) {
        return URI.create("http://127.0.0.1:" + application.getEnvironment().getProperty("local.server.port") + path);
    }

    /**
     * Returns the factory of an application.
     *
     * @param application the application
     * @return its bean
     */
    public static EventLogFactory factory(ConfigurableApplicationContext application) {
        return application.getBean(EventLogFactory.class);
    }

    /**
     * Creates a factory without an application.
     *
     * @param redis the template to work with
     * @param batchSize the maximum number of events in a batch
     * @param windowSize the number of events in the window of a feed
     * @param listeners the executor for the listeners; null for the threads of the factory
     * @return the factory, which the caller destroys
     */
    public static RedisEventLogFactory newFactory(
            StringRedisTemplate redis, int batchSize, int windowSize, @Nullable Executor listeners) {
        FollowSettings follow = new FollowSettings(
                batchSize,
                Duration.ofSeconds(5),
                windowSize,
                Duration.ofSeconds(1),
                new FixedBackOff(20, Long.MAX_VALUE),
                Integer.getInteger("eventlog.follow.dedicated-connections", 8),
                Duration.ofSeconds(60),
                Duration.ofSeconds(10),
                16,
                Duration.ofSeconds(1));
        return new RedisEventLogFactory(
                redis.getRequiredConnectionFactory(),
                new RedisEventLogFactory.Conversion(new JsonMapper(), List.of(), null),
                new RedisEventLogFactory.Settings(
                        "",
                        any -> EventLogOptions.builder().build(),
                        100,
                        follow,
                        10,
                        "eventlog:recordings",
                        Duration.ofSeconds(10),
                        false),
                listeners,
                List.of(),
                new RedisEventPositions(redis.getRequiredConnectionFactory(), "unused"),
                null);
    }

    private static ConfigurableApplicationContext start(Class<?> type, String... properties) {
        return builder(type, properties).run();
    }

    private static SpringApplicationBuilder builder(Class<?> type, String... properties) {
        return new SpringApplicationBuilder(type)
                .initializers(Resp2.IF_ASKED_FOR)
                .web(WebApplicationType.NONE)
                .logStartupInfo(false)
                .registerShutdownHook(false)
                .properties("spring.main.banner-mode=off")
                .properties("spring.data.redis.repositories.enabled=false") // no test needs them
                .properties(properties)
                // The properties of a test win over the system properties with which all tests run, such as the kind of
                // connections.
                .initializers(context -> TestPropertyValues.of(properties).applyTo(context));
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Elsewhere {}
}
