package dev.eventlog.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.LogPattern;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.TestRedisConnection;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.core.env.Environment;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

class EventLogAutoConfigurationTests {

    /** Nothing listens at this port, so a test that passes does not call Redis. */
    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class, JacksonAutoConfiguration.class, EventLogAutoConfiguration.class))
            .withPropertyValues("spring.data.redis.port=1");

    private final ApplicationContextRunner withRedis = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    TaskExecutionAutoConfiguration.class,
                    ServiceConnectionAutoConfiguration.class,
                    EventLogAutoConfiguration.class))
            .withUserConfiguration(TestRedisConnection.class);

    @Test
    void createsAFactoryWithoutCallingRedis() {
        runner.run(context -> {
            assertThat(context).hasSingleBean(EventLogFactory.class).hasBean("eventLogFactory");
            assertThat(context.getBean(EventLogFactory.class).create("log").options())
                    .isEqualTo(EventLogOptions.builder().build());
        });
    }

    @Test
    void backsOffForAFactoryOfTheApplication() {
        runner.withUserConfiguration(OwnFactory.class).run(context -> {
            assertThat(context).hasSingleBean(EventLogFactory.class).doesNotHaveBean(RedisEventLogFactory.class);
        });
    }

    @ParameterizedTest
    @ValueSource(classes = {StringRedisTemplate.class, JsonMapper.class})
    void backsOffIfAClassIsMissing(Class<?> missing) {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(EventLogAutoConfiguration.class))
                .withClassLoader(new FilteredClassLoader(missing))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogFactory.class));
    }

    @Test
    void backsOffWithoutATemplate() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(EventLogAutoConfiguration.class))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogFactory.class));
    }

    @Test
    void backsOffForTwoConnectionFactoriesWithoutAPrimary() {
        runner.withUserConfiguration(SecondConnectionFactory.class)
                .withBean("first", RedisConnectionFactory.class, EventLogAutoConfigurationTests::connectionFactory)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogFactory.class));
    }

    @Test
    void usesThePrimaryOfTwoConnectionFactories() {
        runner.withUserConfiguration(SecondConnectionFactory.class, PrimaryConnectionFactory.class)
                .run(context -> assertThat(context).hasSingleBean(EventLogFactory.class));
    }

    @Test
    void worksWithoutAJsonMapperInTheApplication() {
        new ApplicationContextRunner()
                .withConfiguration(
                        AutoConfigurations.of(DataRedisAutoConfiguration.class, EventLogAutoConfiguration.class))
                .run(context -> assertThat(context).hasSingleBean(EventLogFactory.class));
    }

    @Test
    void bindsTheOptionsOfLogs() {
        runner.withPropertyValues(
                        "eventlog.max-length=1000",
                        "eventlog.ttl-after-last-add=2h",
                        "eventlog.overrides[0].pattern=sensors:*",
                        "eventlog.overrides[0].max-length=25",
                        "eventlog.overrides[1].pattern=sensors:42",
                        "eventlog.overrides[1].max-length=99",
                        "eventlog.overrides[2].pattern=*:unlimited",
                        "eventlog.overrides[2].max-length=0",
                        "eventlog.overrides[2].ttl-after-last-add=0s")
                .run(context -> {
                    EventLogFactory factory = context.getBean(EventLogFactory.class);
                    assertThat(factory.create("orders:1").options()).isEqualTo(options(1000, Duration.ofHours(2)));
                    assertThat(factory.create("sensors:42").options())
                            .as("the first match wins, and keeps the settings that it does not mention")
                            .isEqualTo(options(25, Duration.ofHours(2)));
                    assertThat(factory.create("x:unlimited").options()).isEqualTo(options(0, Duration.ZERO));
                    assertThat(factory.create("sensors:42", o -> o.maxLength(7)).options())
                            .isEqualTo(options(7, Duration.ofHours(2)));
                    assertThat(factory.create("x", Map.class, o -> o.ttlAfterLastAdd(Duration.ZERO))
                                    .untyped()
                                    .options())
                            .isEqualTo(options(1000, Duration.ZERO));
                });
    }

    @Test
    void bindsTheRetentionOfIdempotencyKeys() {
        runner.withPropertyValues(
                        "eventlog.idempotency-retention=2h",
                        "eventlog.overrides[0].pattern=sensors:*",
                        "eventlog.overrides[0].idempotency-retention=1m",
                        "eventlog.overrides[1].pattern=orders:*",
                        "eventlog.overrides[1].max-length=7")
                .run(context -> {
                    EventLogFactory factory = context.getBean(EventLogFactory.class);
                    assertThat(factory.create("x").options().idempotencyRetention())
                            .isEqualTo(Duration.ofHours(2));
                    assertThat(factory.create("orders:1").options().idempotencyRetention())
                            .isEqualTo(Duration.ofHours(2));
                    assertThat(factory.create("sensors:1").options().idempotencyRetention())
                            .isEqualTo(Duration.ofMinutes(1));
                    assertThat(factory.create("sensors:1", o -> o.idempotencyRetention(Duration.ofMillis(1)))
                                    .options()
                                    .idempotencyRetention())
                            .isEqualTo(Duration.ofMillis(1));
                });
    }

    @ParameterizedTest
    @CsvSource({
        "eventlog.max-length, -1, 0 means",
        "eventlog.overrides[0].max-length, -5, 0 means",
        "eventlog.ttl-after-last-add, 10ns, 1 millisecond",
        "eventlog.ttl-after-last-add, -1s, or 0",
        "eventlog.ttl-after-completion, -1s, or 0",
        "eventlog.overrides[0].ttl-after-completion, 10ns, 1 millisecond",
        "eventlog.overrides[0].ttl-after-last-add, -1ms, or 0",
        "eventlog.overrides[0].pattern, ' ', sensors:*",
        "eventlog.overrides[0].ttl-after-last-add, 40000d, 100 years",
        "eventlog.idempotency-retention, 0s, from 1 millisecond",
        "eventlog.overrides[0].idempotency-retention, 40000d, 100 years",
        "eventlog.read.page-size, 0, 1 or more",
        "eventlog.follow.batch-size, 0, 1 or more",
        "eventlog.follow.window-size, -1, 1 or more",
        "eventlog.follow.max-threads, 0, 1 or more",
        "eventlog.follow.poll-timeout, 0s, from 1ms",
        "eventlog.follow.close-timeout, -1s, from 0ms",
        "eventlog.follow.lease, 100ms, from 500ms",
        "eventlog.follow.dedicated-connections, -1, 0 or more",
        "eventlog.follow.sweep-interval, 1ms, from 100ms",
        "eventlog.positions.key, ' ', Redis hash",
        "eventlog.follow.recovery.delay, 0s, from 1ms",
        "eventlog.follow.recovery.multiplier, 0.5, from 1 to 1000",
        "eventlog.follow.recovery.max-delay, 1ms, 'from eventlog.follow.recovery.delay, which is 100ms, to 1h'",
        "eventlog.follow.recovery.jitter, 1h, 'to eventlog.follow.recovery.delay, which is 100ms'",
        "eventlog.sse.heartbeat, 1ms, from 10ms",
        "eventlog.sse.reconnect-delay, 0s, from 1ms",
        "eventlog.sse.write-timeout, 0s, from 100ms",
        "eventlog.sse.access-interval, 0s, from 10ms",
        "eventlog.listener.retry.max-retries, -1, 0 or more",
        "eventlog.listener.retry.delay, 0s, from 1ms",
        "eventlog.listener.retry.multiplier, 0.5, from 1 to 1000",
        "eventlog.listener.retry.max-delay, 10ms, 'from eventlog.listener.retry.delay, which is 1s'"
    })
    void failureNamesTheInvalidProperty(String name, String value, String reason) {
        runner.withPropertyValues("eventlog.overrides[0].pattern=x", "eventlog.overrides[0].max-length=1")
                .withPropertyValues(name + "=" + value)
                .run(context -> {
                    assertThat(context).hasFailed();
                    Throwable failure = Objects.requireNonNull(context.getStartupFailure());
                    assertThat(failure)
                            .hasRootCauseInstanceOf(InvalidConfigurationPropertyValueException.class)
                            .rootCause()
                            .hasMessageContaining(name);
                    FailureAnalysis analysis = analyze(failure, new MockEnvironment().withProperty(name, value));
                    assertThat(analysis.getDescription()).contains(name).contains(reason);
                });
    }

    @Test
    void overrideWithoutASettingIsRefused() {
        runner.withPropertyValues("eventlog.overrides[0].pattern=orders:*")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContainingAll("eventlog.overrides[0].pattern", "orders:*", "ttl-after-last-add"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "eventlog.max-lenght",
                "eventlog.ttl",
                "eventlog.overides[0].pattern",
                "eventlog.overrides[0].maxlen",
                "eventlog.follow.recovery.delays",
                "eventlog.observability.log-pattern",
                "eventlog.observability.metrics.enable"
            })
    void failureNamesAMisspelledProperty(String name) {
        runner.withPropertyValues("eventlog.overrides[0].pattern=x", "eventlog.overrides[0].max-length=1")
                .withPropertyValues(name + "=1")
                .run(context -> {
                    assertThat(context).hasFailed();
                    Throwable failure = Objects.requireNonNull(context.getStartupFailure());
                    FailureAnalysis analysis = analyze(failure, new MockEnvironment());
                    assertThat(analysis.getDescription())
                            .contains("[" + name + "]")
                            .contains("left unbound");
                });
    }

    @Test
    void binderReportsATextThatIsNotADuration() {
        runner.withPropertyValues("eventlog.follow.poll-timeout=soon")
                .run(context ->
                        assertThat(context).getFailure().hasStackTraceContaining("eventlog.follow.poll-timeout"));
    }

    @Test
    void applicationKeepsItsTaskExecutor() {
        withRedis.run(context -> assertThat(context)
                .hasBean("applicationTaskExecutor")
                .getBeans(Executor.class)
                .hasSize(1));
    }

    @Test
    void runsListenersOnTheNamedExecutorOfTheApplication() {
        withRedis
                .withUserConfiguration(OwnExecutor.class)
                .run(context -> assertThat(listenerThread(context.getBean(EventLogFactory.class))
                                .getName())
                        .startsWith("own-"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void runsListenersOnVirtualThreadsIfTheApplicationUsesThem(boolean enabled) {
        boolean possible = Runtime.version().feature() >= 21;
        withRedis
                .withPropertyValues("spring.threads.virtual.enabled=" + enabled)
                .run(context -> {
                    Thread thread = listenerThread(context.getBean(EventLogFactory.class));
                    assertThat(thread.getName()).startsWith("eventlog-listener-");
                    assertThat(isVirtual(thread)).isEqualTo(enabled && possible);
                });
    }

    @Test
    void prependsThePrefixToTheName() {
        String name = "test:" + UUID.randomUUID();
        withRedis.withPropertyValues("eventlog.key-prefix=prefix:").run(context -> {
            EventLog log = context.getBean(EventLogFactory.class).create(name);
            log.add(Map.of("a", 1));
            assertThat(log.name()).isEqualTo(name);
            assertThat(context.getBean(StringRedisTemplate.class).hasKey("prefix:" + name))
                    .isTrue();
            assertThat(log.delete()).isTrue();
        });
    }

    @Test
    void writesTypesWithTheMapperOfTheApplication() {
        record Reading(int sensorId) {}
        withRedis
                .withBean(
                        JsonMapper.class,
                        () -> JsonMapper.builder()
                                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                                .build())
                .run(context -> {
                    TypedEventLog<Reading> log =
                            context.getBean(EventLogFactory.class).create("test:" + UUID.randomUUID(), Reading.class);
                    EventId id = log.add(new Reading(7));
                    assertThat(log.untyped().read(Tail.from(id)).get(0).fields())
                            .containsExactly(Map.entry("sensor_id", "7"));
                    assertThat(log.delete()).isTrue();
                });
    }

    @Test
    void factoryCanBeStoppedAndRestarted() {
        withRedis.run(context -> {
            RedisEventLogFactory factory = context.getBean(RedisEventLogFactory.class);
            listenerThread(factory);
            factory.stop();
            assertThat(factory.isRunning()).isFalse();
            factory.start();
            assertThat(factory.isRunning()).isTrue();
            listenerThread(factory);
        });
    }

    private static Thread listenerThread(EventLogFactory factory) throws Exception {
        EventLog log = factory.create("test:" + UUID.randomUUID());
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        Follower follower = log.follow(Tail.all(), batch -> thread.complete(Thread.currentThread()));
        try {
            log.add(Map.of("a", 1));
            return thread.get(10, TimeUnit.SECONDS);
        } finally {
            follower.close();
            log.delete();
        }
    }

    /** Uses reflection, because Java 17 has no virtual threads. */
    private static boolean isVirtual(Thread thread) throws ReflectiveOperationException {
        return Runtime.version().feature() >= 21
                && (boolean) Thread.class.getMethod("isVirtual").invoke(thread);
    }

    private static FailureAnalysis analyze(Throwable failure, Environment environment) {
        return SpringFactoriesLoader.forDefaultResourceLocation()
                .load(
                        FailureAnalyzer.class,
                        SpringFactoriesLoader.ArgumentResolver.of(Environment.class, environment),
                        SpringFactoriesLoader.FailureHandler.handleMessage((message, cause) -> {}))
                .stream()
                .map(analyzer -> analyzer.analyze(failure))
                .filter(analysis -> analysis != null)
                .findFirst()
                .orElseThrow();
    }

    private static EventLogOptions options(long maxLength, Duration ttl) {
        return EventLogOptions.builder()
                .maxLength(maxLength)
                .ttlAfterLastAdd(ttl)
                .build();
    }

    /** A connection factory of neither driver. It is never asked for a connection. */
    private static RedisConnectionFactory connectionFactory() {
        return (RedisConnectionFactory) Proxy.newProxyInstance(
                EventLogAutoConfigurationTests.class.getClassLoader(),
                new Class<?>[] {RedisConnectionFactory.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "hashCode" -> System.identityHashCode(proxy);
                    case "equals" -> proxy == arguments[0];
                    case "toString" -> "a connection factory";
                    default -> throw new UnsupportedOperationException(method.toString());
                });
    }

    @Configuration(proxyBeanMethods = false)
    static class SecondConnectionFactory {

        @Bean
        RedisConnectionFactory second() {
            return connectionFactory();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class PrimaryConnectionFactory {

        @Bean
        @Primary
        RedisConnectionFactory primary() {
            return connectionFactory();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class OwnFactory {

        @Bean
        EventLogFactory own() {
            return new EventLogFactory() {

                @Override
                public EventLog create(String name, Consumer<EventLogOptions.Builder> customizer) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public <T> TypedEventLog<T> create(
                        String name, Class<T> type, Consumer<EventLogOptions.Builder> customizer) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public LogsFollower follow(
                        LogPattern logs,
                        Tail tail,
                        LogsListener<Event> listener,
                        Consumer<FollowOptions.Builder> options) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public <T> LogsFollower follow(
                        LogPattern logs,
                        Class<T> type,
                        Tail tail,
                        LogsListener<TypedEvent<T>> listener,
                        Consumer<FollowOptions.Builder> options) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public LogSetFollower follow(
                        Collection<String> names,
                        Tail tail,
                        LogsListener<Event> listener,
                        Consumer<FollowOptions.Builder> options) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public <T> LogSetFollower follow(
                        Collection<String> names,
                        Class<T> type,
                        Tail tail,
                        LogsListener<TypedEvent<T>> listener,
                        Consumer<FollowOptions.Builder> options) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public Stream<String> names(String pattern) {
                    throw new UnsupportedOperationException();
                }
            };
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(TestRedisConnection.class)
    static class OwnExecutor {

        @Bean
        ThreadPoolTaskExecutor eventLogTaskExecutor() {
            ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
            executor.setThreadNamePrefix("own-");
            return executor;
        }
    }
}
