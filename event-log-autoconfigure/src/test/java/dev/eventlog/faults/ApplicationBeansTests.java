package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.AddOptions;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TestApplication;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.data.redis.serializer.StringRedisSerializer;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/** Logs do not depend on the settings of the application's own beans for Redis. */
@Tag("faults")
class ApplicationBeansTests extends ClosingTests {

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());

    /** Settings of a template. */
    enum Habit {
        PREFIX(template -> template.setKeySerializer(new Prefixing())),
        JSON(template -> {
            template.setHashKeySerializer(RedisSerializer.json());
            template.setHashValueSerializer(RedisSerializer.json());
            template.setValueSerializer(RedisSerializer.json());
        }),
        TRANSACTIONS(template -> template.setEnableTransactionSupport(true));

        private final Consumer<StringRedisTemplate> of;

        Habit(Consumer<StringRedisTemplate> of) {
            this.of = of;
        }
    }

    private static final class Prefixing extends StringRedisSerializer {

        @Override
        public byte[] serialize(@Nullable String value) {
            return ("tenant:" + value).getBytes(StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @EnumSource
    void settingsOfTheApplicationsTemplateDoNotAffectLogs(Habit habit) {
        ConfigurableApplicationContext application = closeLater(TestApplication.startOn(
                redis.uri(),
                (GenericApplicationContext context) ->
                        context.registerBean("stringRedisTemplate", StringRedisTemplate.class, () -> {
                            StringRedisTemplate template =
                                    new StringRedisTemplate(context.getBean(RedisConnectionFactory.class));
                            habit.of.accept(template);
                            return template;
                        })));
        EventLog log = TestApplication.factory(application).create("log");
        Collected<Event> listener = Collected.events();
        Collected<Event> named = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        closeLater(log.follow(Tail.all(), named, options -> options.named("app")));
        log.add(event(0));
        log.addAll(events(1, 3));
        await().until(() -> listener.count() == 3 && named.count() == 3);
        if (habit == Habit.TRANSACTIONS) {
            inTransaction(application, log);
        }
        int count = numbers(log.read(Tail.all())).size();
        await().until(() -> listener.count() == count && named.count() == count);
        assertThat(numbers(listener.all())).isEqualTo(numbers(log.read(Tail.all())));
        assertThat(redis.ask("XLEN", "log")).isEqualTo((long) count);
        await().until(() -> keys().equals("eventlog:lock:app@log eventlog:positions log"));
    }

    /** Starts a transaction like a transaction manager, with a command of the application in it. */
    private static void inTransaction(ConfigurableApplicationContext application, EventLog log) {
        StringRedisTemplate template = application.getBean(StringRedisTemplate.class);
        TransactionSynchronizationManager.initSynchronization();
        TransactionSynchronizationManager.setActualTransactionActive(true);
        try {
            template.opsForValue().set("other", "queued");
            assertThat(log.read(Tail.all())).hasSize(3);
            EventId id = log.add(event(3));
            log.addAll(events(4, 6), AddOptions.ifLast(id));
            assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(log.size()).isEqualTo(6);
            try (Follower within = log.follow(Tail.all(), Collected.events())) {
                assertThat(within.isRunning()).isTrue();
            }
        } finally {
            TransactionSynchronizationManager.getSynchronizations().forEach(each -> each.afterCompletion(1));
            TransactionSynchronizationManager.clear();
            TransactionSynchronizationManager.getResourceMap()
                    .keySet()
                    .forEach(TransactionSynchronizationManager::unbindResourceIfPossible);
        }
    }

    /**
     * The primary Redis of the application is a cache. Logs, positions, and locks use the Redis that is named for them.
     */
    @Test
    void logsPositionsAndLocksUseTheRedisOfTheLogs() {
        EmbeddedRedis cache = closeLater(EmbeddedRedis.inMemory());
        ConfigurableApplicationContext elsewhere = closeLater(TestApplication.startOn(redis.uri()));
        RedisConnectionFactory events = elsewhere.getBean(RedisConnectionFactory.class);
        ConfigurableApplicationContext caching = closeLater(TestApplication.startOn(cache.uri()));
        RedisConnectionFactory primary = caching.getBean(RedisConnectionFactory.class);
        ConfigurableApplicationContext application =
                closeLater(TestApplication.startOn(cache.uri(), (GenericApplicationContext context) -> {
                    context.registerBean(
                            "cacheRedis",
                            RedisConnectionFactory.class,
                            () -> primary,
                            definition -> definition.setPrimary(true));
                    context.registerBean("eventLogConnectionFactory", RedisConnectionFactory.class, () -> events);
                }));
        EventLog log = TestApplication.factory(application).create("log");
        Collected<Event> named = Collected.events();
        closeLater(log.follow(Tail.all(), named, options -> options.named("app")));
        log.addAll(events(0, 3));
        await().until(() -> named.count() == 3);
        await().until(() -> keys().equals("eventlog:lock:app@log eventlog:positions log"));
        assertThat(cache.ask("KEYS", "*")).isEqualTo(List.of());
    }

    /** A proxy like those of tracing and metrics tools. */
    @Test
    void connectionFactoryBehindASpringProxyIsCopied() {
        EventLog log = wrapped(bean -> new ProxyFactory(bean).getProxy());
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        log.addAll(events(0, 3));
        await().until(() -> listener.count() == 3);
        await().until(() -> redis.info("clients", "blocked_clients")
                .equals("1")); // blocks on another connection than the application's
    }

    /** A feed would block on the shared connection of the application, and an add could be sent twice. */
    @Test
    void wrappedLettuceFactoryIsRefusedWithAnAction() {
        assumeTrue(ClassUtils.isPresent("io.lettuce.core.RedisClient", null), "Jedis lends a connection to each");
        EventLog log = wrapped(bean -> Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {RedisConnectionFactory.class, ReactiveRedisConnectionFactory.class},
                (proxy, method, arguments) -> ReflectionUtils.invokeMethod(method, bean, arguments)));
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> log.follow(Tail.all(), Collected.events()),
                () -> log.add(event(0)),
                () -> log.addAll(events(0, 2)),
                () -> log.read(Tail.all()))) {
            assertThatExceptionOfType(EventLogException.class)
                    .isThrownBy(call)
                    .isNotInstanceOf(EventLogUnavailableException.class)
                    .withMessageContaining("log 'log'")
                    .withMessageContaining("eventLogConnectionFactory");
        }
        assertThat(redis.ask("EXISTS", "log")).isEqualTo(0L);
    }

    private EventLog wrapped(UnaryOperator<Object> wrapping) {
        return TestApplication.factory(closeLater(TestApplication.startOn(
                        redis.uri(),
                        (GenericApplicationContext context) -> context.getBeanFactory()
                                .addBeanPostProcessor(new BeanPostProcessor() {
                                    @Override
                                    public Object postProcessAfterInitialization(Object bean, String name) {
                                        return bean instanceof RedisConnectionFactory ? wrapping.apply(bean) : bean;
                                    }
                                }))))
                .create("log");
    }

    private String keys() {
        return redis.ask("KEYS", "*") instanceof List<?> keys ? joined(keys) : "";
    }

    private static String joined(List<?> keys) {
        return keys.stream()
                .map(String::valueOf)
                .filter(key -> !key.equals("other"))
                .sorted()
                .collect(Collectors.joining(" "));
    }
}
