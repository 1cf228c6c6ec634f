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
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.backoff.FixedBackOff;
import tools.jackson.databind.json.JsonMapper;

/** An application with nothing but what is configured automatically, on the {@link TestRedis} unless told otherwise. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import(TestRedisConnection.class)
public class TestApplication {

    /**
     * Starts one more application, as if in another process.
     *
     * @param properties {@code name=value} each
     * @return the application, to be closed
     */
    public static ConfigurableApplicationContext start(String... properties) {
        return start(TestApplication.class, properties);
    }

    /**
     * Starts one more application, with a bean of the test's.
     *
     * @param type the type of the bean
     * @param bean the bean
     * @param properties {@code name=value} each
     * @param <T> that type
     * @return the application, to be closed
     */
    public static <T> ConfigurableApplicationContext startWith(Class<T> type, T bean, String... properties) {
        return builder(TestApplication.class, properties)
                .initializers((GenericApplicationContext context) -> context.registerBean(type, () -> bean))
                .run();
    }

    /**
     * Starts an application on a Redis of its own.
     *
     * @param redis where that Redis listens, or does not
     * @param properties {@code name=value} each
     * @return the application, to be closed
     */
    public static ConfigurableApplicationContext startOn(URI redis, String... properties) {
        return startElsewhere(Stream.concat(Stream.of("spring.data.redis.url=" + redis), Stream.of(properties))
                .toArray(String[]::new));
    }

    /**
     * Starts an application on a Redis of its own, with a bean of the test's.
     *
     * @param redis where that Redis listens, or does not
     * @param type the type of the bean
     * @param bean the bean
     * @param properties {@code name=value} each
     * @param <T> that type
     * @return the application, to be closed
     */
    public static <T> ConfigurableApplicationContext startOn(URI redis, Class<T> type, T bean, String... properties) {
        return builder(Elsewhere.class, properties)
                .properties("spring.data.redis.url=" + redis)
                .initializers((GenericApplicationContext context) -> context.registerBean(type, () -> bean))
                .run();
    }

    /**
     * Starts an application on a Redis of its own, prepared by the test.
     *
     * @param redis where that Redis listens, or does not
     * @param prepare registers what is to be otherwise
     * @param properties {@code name=value} each
     * @return the application, to be closed
     */
    public static ConfigurableApplicationContext startOn(
            URI redis, ApplicationContextInitializer<GenericApplicationContext> prepare, String... properties) {
        return builder(Elsewhere.class, properties)
                .properties("spring.data.redis.url=" + redis)
                .initializers(prepare)
                .run();
    }

    /**
     * Starts an application that finds its Redis by its properties alone.
     *
     * @param properties {@code name=value} each
     * @return the application, to be closed
     */
    public static ConfigurableApplicationContext startElsewhere(String... properties) {
        return start(Elsewhere.class, properties);
    }

    /**
     * Starts an application that finds its Redis by its properties alone, with a bean of the test's.
     *
     * @param type the type of the bean
     * @param bean the bean
     * @param properties {@code name=value} each
     * @param <T> that type
     * @return the application, to be closed
     */
    public static <T> ConfigurableApplicationContext startElsewhereWith(Class<T> type, T bean, String... properties) {
        return builder(Elsewhere.class, properties)
                .initializers((GenericApplicationContext context) -> context.registerBean(type, () -> bean))
                .run();
    }

    /**
     * Starts an application with a web server, on this machine alone and at any port that is free.
     *
     * @param type its configuration
     * @param web of which kind; none is possible too
     * @param properties {@code name=value} each
     * @return the application, to be closed
     */
    public static ConfigurableApplicationContext startWeb(Class<?> type, WebApplicationType web, String... properties) {
        return builder(type, properties)
                .web(web)
                .properties("server.port=0", "server.address=127.0.0.1")
                .run();
    }

    /**
     * Starts an application with a web server, with a bean of the test's.
     *
     * @param configuration its configuration
     * @param web of which kind
     * @param type the type of the bean
     * @param bean the bean
     * @param properties {@code name=value} each
     * @param <T> that type
     * @return the application, to be closed
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
     * Where a page of an application is.
     *
     * @param application the application, which has a web server
     * @param path of the page
     * @return its address
     */
    public static URI uri(ConfigurableApplicationContext application, String path) {
        return URI.create("http://127.0.0.1:" + application.getEnvironment().getProperty("local.server.port") + path);
    }

    /**
     * The factory of an application.
     *
     * @param application the application
     * @return its bean
     */
    public static EventLogFactory factory(ConfigurableApplicationContext application) {
        return application.getBean(EventLogFactory.class);
    }

    /**
     * Makes a factory by hand, without an application around it.
     *
     * @param redis the template to work with
     * @param batchSize how many events a listener gets at most
     * @param windowSize how many events a feed keeps
     * @param listeners runs the listeners; null for threads of the factory's own
     * @return the factory, to be destroyed
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
                .properties(properties);
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Elsewhere {}
}
