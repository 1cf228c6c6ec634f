package dev.eventlog.annotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.LogPattern;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogListenerAutoConfiguration;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestRedis;
import dev.eventlog.test.TestRedisConnection;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.annotation.ReflectiveRuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.core.annotation.AliasFor;
import org.springframework.core.retry.RetryPolicy;

@ExtendWith(OutputCaptureExtension.class)
class EventLogListenerTests extends LogTests {

    private final ApplicationContextRunner anywhere = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    ServiceConnectionAutoConfiguration.class,
                    EventLogAutoConfiguration.class,
                    EventLogListenerAutoConfiguration.class))
            .withPropertyValues("eventlog.follow.poll-timeout=500ms", "eventlog.follow.recovery.delay=20ms");

    private final ApplicationContextRunner runner = anywhere.withUserConfiguration(TestRedisConnection.class);

    private ApplicationContextRunner listeningTo(EventLog log) {
        return runner.withPropertyValues("log=" + log.name());
    }

    /** The minimum for listeners: no Redis, and a factory that outlives the application. */
    private ApplicationContextRunner withOwnFactory() {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(EventLogListenerAutoConfiguration.class))
                .withBean(EventLogFactory.class, () -> new OwnFactory(factory));
    }

    private record OwnFactory(EventLogFactory factory) implements EventLogFactory {

        @Override
        public EventLog create(String name, Consumer<EventLogOptions.Builder> customizer) {
            return factory.create(name, customizer);
        }

        @Override
        public <T> TypedEventLog<T> create(String name, Class<T> type, Consumer<EventLogOptions.Builder> customizer) {
            return factory.create(name, type, customizer);
        }

        @Override
        public LogsFollower follow(
                LogPattern logs, Tail tail, LogsListener<Event> listener, Consumer<FollowOptions.Builder> options) {
            return factory.follow(logs, tail, listener, options);
        }

        @Override
        public <T> LogsFollower follow(
                LogPattern logs,
                Class<T> type,
                Tail tail,
                LogsListener<TypedEvent<T>> listener,
                Consumer<FollowOptions.Builder> options) {
            return factory.follow(logs, type, tail, listener, options);
        }

        @Override
        public LogSetFollower follow(
                Collection<String> names,
                Tail tail,
                LogsListener<Event> listener,
                Consumer<FollowOptions.Builder> options) {
            return factory.follow(names, tail, listener, options);
        }

        @Override
        public <T> LogSetFollower follow(
                Collection<String> names,
                Class<T> type,
                Tail tail,
                LogsListener<TypedEvent<T>> listener,
                Consumer<FollowOptions.Builder> options) {
            return factory.follow(names, type, tail, listener, options);
        }

        @Override
        public Stream<String> names(String pattern) {
            return factory.names(pattern);
        }
    }

    private static EventLogListenerRegistry registry(ConfigurableApplicationContext context) {
        return context.getBean(EventLogListenerRegistry.class);
    }

    record Number(int n) {}

    /** The arguments of the calls of a bean, by method. */
    static class Calls {

        private final Map<String, List<Object>> calls = new ConcurrentHashMap<>();

        void add(String method, Object argument) {
            calls.computeIfAbsent(method, any -> new CopyOnWriteArrayList<>()).add(argument);
        }

        List<Object> of(String method) {
            return calls.getOrDefault(method, List.of());
        }
    }

    static class Kinds extends Calls {

        @EventLogListener(logs = "${log}", from = "all")
        void events(List<Event> batch) {
            numbers(batch).forEach(n -> add("events", n));
        }

        @EventLogListener(logs = "${log}", from = "all")
        void typedEvents(List<TypedEvent<Number>> batch) {
            batch.forEach(event -> add("typedEvents", event.value().n()));
        }

        @EventLogListener(logs = "${log}", from = "all")
        void values(List<? extends Number> batch) {
            batch.forEach(value -> add("values", value.n()));
        }

        @EventLogListener(logs = "${log}", from = "all")
        void event(Event event) {
            add("event", Integer.valueOf(event.fields().get("n")));
        }

        @EventLogListener(logs = "${log}", from = "all")
        void typedEvent(TypedEvent<Number> event) {
            add("typedEvent", event.value().n());
        }

        @EventLogListener(logs = "${log}", from = "all")
        private void value(Number value) {
            add("value", value.n());
        }

        @EventLogListener(logs = "${log}", from = "all")
        void andTheLog(String log, Number value) {
            add(log, value.n());
        }
    }

    @Test
    void listenerEndsWhenItsLogIsComplete(CapturedOutput output) {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        listeningTo(log).withBean("kinds", Kinds.class).run(context -> {
            Kinds kinds = context.getBean(Kinds.class);
            log.completeExceptionally("no memory");
            EventLogListenerRegistry registry = registry(context);
            for (String id : registry.ids()) {
                await().until(() -> !registry.isRunning(id));
                assertThat(registry.failure(id)).isEmpty();
                assertThat(registry.followers(id))
                        .singleElement()
                        .satisfies(follower -> assertThat(follower.completion())
                                .succeedsWithin(Duration.ofSeconds(10))
                                .isEqualTo(Follower.EndReason.COMPLETED));
            }
            assertThat(kinds.of("value")).isEqualTo(range(0, 3));
            assertThat(output)
                    .contains("A listener has reached the end of log '" + log.name()
                            + "', which is complete: failed (no memory)");
            log.delete();
            log.addAll(events(7, 8));
            registry.start("kinds.value");
            await().until(() -> {
                log.addAll(events(8, 9));
                return kinds.of("value").contains(8);
            });
        });
    }

    @Test
    void methodsReceiveEventsInEverySupportedForm() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        listeningTo(log).withBean("kinds", Kinds.class).run(context -> {
            log.addAll(events(3, 5));
            Kinds kinds = context.getBean(Kinds.class);
            for (String method :
                    List.of("events", "typedEvents", "values", "event", "typedEvent", "value", log.name())) {
                await().untilAsserted(
                                () -> assertThat(kinds.of(method)).as(method).isEqualTo(range(0, 5)));
            }
            assertThat(registry(context).ids())
                    .containsExactly(
                            "kinds.andTheLog",
                            "kinds.event",
                            "kinds.events",
                            "kinds.typedEvent",
                            "kinds.typedEvents",
                            "kinds.value",
                            "kinds.values");
        });
    }

    static class Several extends Calls {

        @EventLogListener(
                id = "${id}",
                logs = {"${log}", "#{'${more}'.split(',')}", "#{{'${log}'}}"},
                from = "#{T(dev.eventlog.Tail).last(2)}",
                autoStartup = "#{1 == 1}")
        void on(Event event, String log) {
            add(log, Integer.valueOf(event.fields().get("n")));
        }
    }

    @Test
    void followsSeveralLogsByPlaceholdersAndExpressions() {
        List<EventLog> logs = List.of(newLog(), newLog(), newLog());
        logs.forEach(log -> log.addAll(events(0, 4)));
        listeningTo(logs.get(0))
                .withPropertyValues(
                        "id=several",
                        "more=" + logs.get(1).name() + "," + logs.get(2).name())
                .withBean(Several.class)
                .run(context -> {
                    for (EventLog log : logs) {
                        log.add(event(4));
                        await().untilAsserted(() -> assertThat(
                                        context.getBean(Several.class).of(log.name()))
                                .isEqualTo(range(2, 5)));
                    }
                    EventLogListenerRegistry registry = registry(context);
                    assertThat(registry.ids()).containsExactly("several");
                    assertThat(registry.followers("several"))
                            .extracting(Follower::log)
                            .containsExactlyElementsOf(
                                    logs.stream().map(EventLog::name).toList());
                });
    }

    @Retention(RetentionPolicy.RUNTIME)
    @EventLogListener(logs = "${log}", from = "all")
    @interface FromTheBeginning {

        @AliasFor(annotation = EventLogListener.class, attribute = "id")
        String value();
    }

    static class Beginnings extends Calls {

        @EventLogListener(logs = "${log}")
        @EventLogListener(logs = "${log}", from = "new")
        void fresh(Number value) {
            add("fresh", value.n());
        }

        @EventLogListener(logs = "${log}", from = "last:2")
        void last(Number value) {
            add("last", value.n());
        }

        @EventLogListener(logs = "${log}", from = "${after}")
        void after(Number value) {
            add("after", value.n());
        }

        @EventLogListener(logs = "${log}", from = "#{@afterId}")
        void afterId(Number value) {
            add("afterId", value.n());
        }

        @FromTheBeginning("everything")
        void all(Number value) {
            add("all", value.n());
        }
    }

    static class OfPattern extends Calls {

        @EventLogListener(id = "pattern", logs = "${log}:*", from = "all")
        void on(String log, List<Event> events) {
            if (log.endsWith(":bad") && failing) {
                throw new IllegalStateException("on purpose");
            }
            events.forEach(event -> add(log, Integer.valueOf(event.fields().getOrDefault("n", "-1"))));
        }

        volatile boolean failing = true;
    }

    @Test
    void patternListenerLearnsWhichLogIsComplete(CapturedOutput output) {
        EventLog log = newLog();
        EventLog one = factory.create(log.name() + ":1");
        deleteLater(one.name());
        one.addAll(events(0, 3));
        listeningTo(log).withBean(OfPattern.class).run(context -> {
            one.completeExceptionally("no memory");
            await().untilAsserted(() -> assertThat(output)
                    .contains("A listener has reached the end of log '" + one.name()
                            + "', which is complete: failed (no memory)"));
            assertThat(registry(context).isRunning("pattern")).isTrue();
        });
    }

    @Test
    void patternListenerFollowsAllLogsAndContinuesAfterARestart() {
        EventLog log = newLog();
        List<EventLog> logs = Stream.of("1", "bad", "later")
                .map(name -> factory.create(log.name() + ':' + name))
                .toList();
        logs.forEach(each -> deleteLater(each.name()));
        logs.get(0).addAll(events(0, 3));
        listeningTo(log).withBean(OfPattern.class).run(context -> {
            OfPattern listener = context.getBean(OfPattern.class);
            EventLogListenerRegistry registry = registry(context);
            logs.get(1).addAll(events(0, 2));
            await().until(() -> registry.failure("pattern").isPresent());
            assertThat(registry.isRunning("pattern")).isTrue();
            logs.get(2).addAll(events(0, 2));
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(0).name())).isEqualTo(range(0, 3)));
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(2).name())).isEqualTo(range(0, 2)));
            listener.failing = false;
            registry.start("pattern");
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(1).name())).isEqualTo(range(0, 2)));
            registry.stop("pattern");
            logs.get(0).addAll(events(3, 5));
            assertThat(registry.isRunning("pattern")).isFalse();
            registry.start("pattern");
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(0).name())).isEqualTo(range(0, 5)));
            assertThat(listener.of(logs.get(2).name())).isEqualTo(range(0, 2));
            assertThat(registry.logsFollowers("pattern")).hasSize(1);
        });
    }

    @Test
    void listenerStartsAtTheConfiguredPosition() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 5));
        listeningTo(log)
                .withPropertyValues("after=" + ids.get(0))
                .withBean("afterId", EventId.class, () -> ids.get(1))
                .withBean("b", Beginnings.class)
                .run(context -> {
                    log.add(event(5));
                    Beginnings beginnings = context.getBean(Beginnings.class);
                    await().untilAsserted(
                                    () -> assertThat(beginnings.of("fresh")).containsExactly(5, 5));
                    await().untilAsserted(
                                    () -> assertThat(beginnings.of("last")).isEqualTo(range(3, 6)));
                    await().untilAsserted(
                                    () -> assertThat(beginnings.of("after")).isEqualTo(range(1, 6)));
                    await().untilAsserted(
                                    () -> assertThat(beginnings.of("afterId")).isEqualTo(range(2, 6)));
                    await().untilAsserted(() -> assertThat(beginnings.of("all")).isEqualTo(range(0, 6)));
                    assertThat(registry(context).ids())
                            .containsExactly("b.after", "b.afterId", "b.fresh", "b.fresh#2", "b.last", "everything");
                });
    }

    static class Named extends Calls {

        @EventLogListener(id = "a", logs = "${log}", name = "${name}")
        void on(Number value) {
            add("on", value.n());
            if (value.n() == 2 && of("on").size() > 1) {
                throw new IllegalStateException("2 must be the first event");
            }
        }
    }

    @Test
    void namedListenerContinuesAfterARestart() {
        EventLog log = newLog();
        log.addAll(events(0, 4));
        ApplicationContextRunner named = listeningTo(log)
                .withPropertyValues("name=a", "eventlog.positions.key=" + newName())
                .withBean(Named.class);
        named.run(context -> {
            await().until(() -> registry(context).failure("a").isPresent());
            assertThat(context.getBean(Named.class).of("on")).containsExactly(0, 1, 2);
        });
        named.run(context -> await().untilAsserted(
                        () -> assertThat(context.getBean(Named.class).of("on")).containsExactly(2, 3)));
        log.add(event(4));
        named.run(context -> await().untilAsserted(
                        () -> assertThat(context.getBean(Named.class).of("on")).containsExactly(4)));
    }

    static class NamedPattern extends Calls {

        @EventLogListener(id = "all", logs = "${log}:*", name = "invoices")
        void on(Number value, String log) {
            if (value.n() < 0) {
                throw new IllegalStateException("on purpose");
            }
            add(log, value.n());
        }
    }

    @Test
    void namedPatternListenerContinuesInEachLogAfterARestart() {
        EventLog log = newLog();
        List<EventLog> logs = Stream.of("1", "2", "later")
                .map(name -> factory.create(log.name() + ':' + name))
                .toList();
        logs.forEach(each -> deleteLater(each.name()));
        logs.get(0).addAll(events(0, 3));
        ApplicationContextRunner named = listeningTo(log)
                .withPropertyValues("eventlog.follow.lease=1s", "eventlog.positions.key=" + newName())
                .withBean(NamedPattern.class);
        named.run(context -> {
            NamedPattern listener = context.getBean(NamedPattern.class);
            EventLogListenerRegistry registry = registry(context);
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(0).name())).isEqualTo(range(0, 3)));
            logs.get(1).addAll(events(-1, 3));
            await().until(() -> registry.failure("all").isPresent());
            logs.get(0).addAll(events(3, 5));
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(0).name())).isEqualTo(range(0, 5)));
            registry.stop("all");
            logs.get(0).addAll(events(5, 6));
            registry.start("all");
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(0).name())).isEqualTo(range(0, 6)));
            assertThat(registry.isRunning("all")).isTrue();
            assertThat(registry.logsFollowers("all"))
                    .singleElement()
                    .satisfies(follower ->
                            assertThat(follower.logs()).contains(logs.get(0).name()));
        });
        logs.get(0).addAll(events(6, 8));
        logs.get(2).addAll(events(0, 2));
        named.run(context -> {
            NamedPattern listener = context.getBean(NamedPattern.class);
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(0).name())).isEqualTo(range(6, 8)));
            await().untilAsserted(
                            () -> assertThat(listener.of(logs.get(2).name())).isEqualTo(range(0, 2)));
            await().until(() -> registry(context).failure("all").isPresent());
        });
    }

    static class ByHand extends Calls {

        @EventLogListener(id = "a", logs = "${log}", autoStartup = "${start:}")
        void on(Number value) {
            add("on", value.n());
        }
    }

    @ParameterizedTest
    @CsvSource({"false, true", "'', false"})
    void registryStartsAndStopsListeners(String annotated, boolean property) {
        EventLog log = newLog();
        listeningTo(log)
                .withPropertyValues("start=" + annotated, "eventlog.listener.auto-startup=" + property)
                .withBean(ByHand.class)
                .run(context -> {
                    EventLogListenerRegistry registry = registry(context);
                    ByHand bean = context.getBean(ByHand.class);
                    assertThat(registry.isRunning("a")).isFalse();
                    assertThat(registry.followers("a")).isEmpty();
                    log.add(event(0));
                    registry.start("a");
                    registry.start("a");
                    assertThat(registry.isRunning("a")).isTrue();
                    log.add(event(1));
                    await().untilAsserted(() -> assertThat(bean.of("on")).containsExactly(1));
                    registry.stop("a");
                    assertThat(registry.isRunning("a")).isFalse();
                    log.add(event(2));
                    registry.start("a");
                    log.add(event(3));
                    await().untilAsserted(() ->
                            assertThat(bean.of("on")).as("continued").containsExactly(1, 2, 3));
                    assertThat(registry.failure("a")).isEmpty();
                    assertThatIllegalArgumentException()
                            .isThrownBy(() -> registry.start("b"))
                            .withMessageContaining("'b'")
                            .withMessageContaining("[a]");
                });
    }

    static class Choosy extends Calls {

        private volatile int throwsAt = 2;
        private final AtomicInteger times = new AtomicInteger(Integer.MAX_VALUE);

        @EventLogListener(id = "a", logs = "${log}", from = "all", errorPolicy = "${policy:}")
        void on(Number value) {
            add("on", value.n());
            if (value.n() == throwsAt && times.getAndDecrement() > 0) {
                throw new IllegalStateException("not " + value.n());
            }
        }
    }

    @Test
    void listenerStopsAtAFailedEventAndRestartsThere(CapturedOutput output) {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 5));
        listeningTo(log).withBean(Choosy.class).run(context -> {
            EventLogListenerRegistry registry = registry(context);
            Choosy bean = context.getBean(Choosy.class);
            await().until(() -> registry.failure("a").isPresent());
            assertThat(registry.failure("a").orElseThrow()).hasMessage("not 2");
            assertThat(registry.isRunning("a")).isFalse();
            assertThat(registry.followers("a").get(0).position()).isEqualTo(ids.get(1));
            assertThat(output).contains("Listener 'a'").contains(log.name()).contains("not 2");
            bean.throwsAt = 3;
            bean.times.set(1);
            registry.start("a");
            await().until(() -> bean.of("on").size() == 5);
            await().until(() -> registry.failure("a").isPresent());
            registry.start("a");
            await().untilAsserted(() -> assertThat(bean.of("on")).containsExactly(0, 1, 2, 2, 3, 3, 4));
            assertThat(registry.failure("a")).isEmpty();
            assertThat(registry.isRunning("a")).isTrue();
        });
    }

    @Test
    void unreadableEventIsLoggedOnOneLine(CapturedOutput output) {
        EventLog log = newLog();
        log.add(Map.of("n", "many"));
        listeningTo(log).withBean(Choosy.class).run(context -> {
            await().until(() -> registry(context).failure("a").isPresent());
            await().until(() -> output.getOut().contains("until you start it again"));
        });
        List<String> said = output.getOut()
                .lines()
                .filter(line -> line.contains("ERROR") || line.startsWith("\tat "))
                .toList();
        assertThat(said).singleElement().asString().contains("Listener 'a'", log.name(), "many", "[\"n\"]", "{n=many}");
    }

    @Test
    void propertiesConfigureRetries() {
        EventLog log = newLog();
        log.addAll(events(0, 4));
        listeningTo(log)
                .withPropertyValues("eventlog.listener.retry.max-retries=3", "eventlog.listener.retry.delay=5ms")
                .withBean(Choosy.class, EventLogListenerTests::twiceUnwilling)
                .run(context -> await().untilAsserted(() ->
                        assertThat(context.getBean(Choosy.class).of("on")).containsExactly(0, 1, 2, 2, 2, 3)));
    }

    private static Choosy twiceUnwilling() {
        Choosy bean = new Choosy();
        bean.times.set(2);
        return bean;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "named", "#{@named}"})
    void listenerContinuesAfterARecovererTakesAnEvent(String policy) {
        EventLog log = newLog();
        log.addAll(events(0, 5));
        List<Integer> recovered = new CopyOnWriteArrayList<>();
        EventLogErrorPolicy recovering = options -> options.retry(RetryPolicy.builder()
                        .maxRetries(1)
                        .delay(Duration.ofMillis(1))
                        .build())
                .recoverer((name, batch, failure) -> recovered.addAll(numbers(batch)));
        ApplicationContextRunner choosy = listeningTo(log)
                .withPropertyValues("policy=" + policy)
                .withBean(Choosy.class)
                .withBean("named", EventLogErrorPolicy.class, () -> recovering);
        if (!policy.isEmpty()) {
            choosy = choosy.withBean("other", EventLogErrorPolicy.class, () -> options -> {});
        }
        choosy.run(context -> {
            await().untilAsserted(() ->
                    assertThat(context.getBean(Choosy.class).of("on")).containsExactly(0, 1, 2, 2, 3, 4));
            assertThat(recovered).containsExactly(2);
        });
    }

    static class WithGap extends Calls {

        @EventLogListener(id = "a", logs = "${log}", from = "${after}")
        void on(List<Number> values) {
            values.forEach(value -> add("on", value.n()));
        }
    }

    @Test
    void gapIsAlwaysReported(CapturedOutput output) {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 5));
        redis.opsForStream().trim(log.name(), 2);
        List<Gap> gaps = new CopyOnWriteArrayList<>();
        ApplicationContextRunner withGap =
                listeningTo(log).withPropertyValues("after=" + ids.get(0)).withBean(WithGap.class);
        withGap.run(context -> {
            await().untilAsserted(() ->
                    assertThat(context.getBean(WithGap.class).of("on")).containsExactly(3, 4));
            assertThat(output)
                    .contains("WARN")
                    .contains("A follower of log '" + log.name() + "' missed")
                    .contains("after " + ids.get(0));
        });
        withGap.withBean(EventLogErrorPolicy.class, () -> new EventLogErrorPolicy() {

                    @Override
                    public void apply(FollowOptions.Builder options) {}

                    @Override
                    public void onGap(Gap gap) {
                        gaps.add(gap);
                    }
                })
                .run(context -> {
                    await().until(() -> context.getBean(WithGap.class).of("on").size() == 2);
                    assertThat(gaps).singleElement().satisfies(gap -> {
                        assertThat(gap.log()).isEqualTo(log.name());
                        assertThat(gap.firstAvailable()).isEqualTo(ids.get(3));
                    });
                });
    }

    static class NoEvents {
        @EventLogListener(logs = "x")
        void wrong() {}
    }

    static class JustTheLog {
        @EventLogListener(logs = "x")
        void wrong(String log) {}
    }

    static class TextForEvents {
        @EventLogListener(logs = "x")
        void wrong(List<String> events) {}
    }

    static class RawList {
        @EventLogListener(logs = "x")
        @SuppressWarnings("rawtypes")
        void wrong(List events) {}
    }

    static class Wildcard {
        @EventLogListener(logs = "x")
        void wrong(TypedEvent<?> event) {}
    }

    static class Primitive {
        @EventLogListener(logs = "x")
        void wrong(int n) {}
    }

    static class Array {
        @EventLogListener(logs = "x")
        void wrong(Event[] events) {}
    }

    static class Generic {
        record Box<T>(T content) {}

        @EventLogListener(logs = "x")
        void wrong(Box<Number> box) {}
    }

    static class TwoEvents {
        @EventLogListener(logs = "x")
        void wrong(Event one, Event other) {}
    }

    static class Returning {
        @EventLogListener(logs = "x")
        int wrong(Event event) {
            return event.fields().size();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "NoEvents, has 0 parameters",
        "JustTheLog, java.lang.String is not a type of events",
        "TextForEvents, java.lang.String is not a type of events",
        "RawList, type of its events is not known",
        "Wildcard, type of its events is not known",
        "Primitive, int is not a type of events",
        "Array, Event[] is not a type of events",
        "Generic, generic type",
        "TwoEvents, has 2 parameters",
        "Returning, it returns a value"
    })
    void methodsThatCannotReceiveEventsAreRefused(String name, String why) throws ClassNotFoundException {
        Class<?> type = Class.forName(EventLogListenerTests.class.getName() + '$' + name);
        withOwnFactory()
                .withBean(type)
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasMessageContaining(name + ".wrong(")
                        .hasMessageContaining(why)
                        .hasMessageContaining("List<TypedEvent<T>>"));
    }

    static class Attributes {
        @EventLogListener(
                id = "same",
                logs = "${logs:x}",
                from = "${from:all}",
                name = "${name:}",
                autoStartup = "${start:false}",
                errorPolicy = "${policy:}")
        void on(Event event) {}
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "logs=       | logs        | is neither the name of a log",
                "logs=#{{}}  | logs        | names no log",
                "logs=#{3}   | logs        | is neither the name of a log",
                "logs=#{no}  | logs        | cannot be resolved",
                "from=first  | from        | last:50",
                "from=last:-1| from        | last:50",
                "from=last:x | from        | last:50",
                "name=a@b    | name        | must not be blank",
                "start=maybe | autoStartup | neither true nor false"
            })
    void invalidAttributesAreRefused(String property, String attribute, String why) {
        withOwnFactory()
                .withPropertyValues(property)
                .withBean(Attributes.class)
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasMessageContaining("@EventLogListener(" + attribute + " = ")
                        .hasMessageContaining("Attributes.on(")
                        .hasMessageContaining(why));
    }

    @Test
    void missingAndAmbiguousPoliciesAreRefused() {
        withOwnFactory()
                .withPropertyValues("policy=none")
                .withBean(Attributes.class)
                .run(context -> assertThat(context).getFailure().hasMessageContaining("'none'"));
        withOwnFactory()
                .withBean("one", EventLogErrorPolicy.class, () -> options -> {})
                .withBean("other", EventLogErrorPolicy.class, () -> options -> {})
                .withBean(Attributes.class)
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasMessageContaining("one,other")
                        .hasMessageContaining("EventLogErrorPolicy"));
    }

    @Test
    void duplicateListenerIdIsRefused() {
        withOwnFactory()
                .withBean("one", Attributes.class)
                .withBean("other", Attributes.class)
                .run(context ->
                        assertThat(context).getFailure().hasMessageContaining("There is already a listener 'same'"));
    }

    /** No other bean needs a listener, so nothing else would create it. */
    @Test
    void listenersStartWithLazyInitialization() {
        EventLog log = newLog();
        listeningTo(log)
                .withInitializer(context ->
                        context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
                .withBean(OneOfMany.class)
                .run(context -> {
                    await().until(() -> !registry(context).ids().isEmpty());
                    await().until(() -> factory.create(log.name()).exists()
                            || !context.getBean(RedisEventLogFactory.class)
                                    .followedLogs()
                                    .isEmpty());
                    log.add(event(1));
                    await().until(() ->
                            context.getBean(OneOfMany.class).of("on").size() == 1);
                });
    }

    static class OneOfMany extends Calls {
        @EventLogListener(logs = "${log}")
        void on(Event event) {
            add("on", event);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Scoped {

        @Bean
        @Scope(value = BeanDefinition.SCOPE_PROTOTYPE, proxyMode = ScopedProxyMode.TARGET_CLASS)
        OneOfMany scoped() {
            return new OneOfMany();
        }
    }

    @Test
    void beansThatAreNotSingletonsAreRefusedWhenCreated() {
        withOwnFactory()
                .withPropertyValues("log=x")
                .withUserConfiguration(Scoped.class)
                .withBean("prototype", OneOfMany.class, OneOfMany::new, definition -> definition.setScope("prototype"))
                .run(context -> {
                    for (String bean : List.of("scoped", "prototype")) {
                        assertThat(catchThrowable(() -> context.getBean(bean)))
                                .hasStackTraceContaining("OneOfMany.on(")
                                .hasStackTraceContaining("bean '" + bean + "' is not a singleton");
                    }
                    assertThat(registry(context).ids()).isEmpty();
                });
    }

    @Test
    void listenersOfALazyBeanStartWhenItIsCreated() {
        EventLog log = newLog();
        listeningTo(log)
                .withBean("lazy", OneOfMany.class, OneOfMany::new, definition -> definition.setLazyInit(true))
                .run(context -> {
                    assertThat(registry(context).ids()).isEmpty();
                    OneOfMany bean = context.getBean(OneOfMany.class);
                    assertThat(registry(context).isRunning("lazy.on")).isTrue();
                    log.add(event(0));
                    await().until(() -> bean.of("on").size() == 1);
                });
    }

    interface Listening {
        @EventLogListener(id = "a", logs = "${log}")
        void on(Event event);
    }

    static class ListeningBean extends Calls implements Listening {
        @Override
        public void on(Event event) {
            add("on", event);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void proxiesAreCalled(boolean ofClass) {
        EventLog log = newLog();
        ListeningBean target = new ListeningBean();
        AtomicInteger intercepted = new AtomicInteger();
        ProxyFactory proxies = new ProxyFactory(target);
        proxies.setProxyTargetClass(ofClass);
        proxies.addAdvice((MethodInterceptor) invocation -> {
            if (invocation.getMethod().getName().equals("on")) {
                intercepted.incrementAndGet();
            }
            return invocation.proceed();
        });
        listeningTo(log)
                .withBean(Listening.class, () -> (Listening) proxies.getProxy())
                .run(context -> {
                    assertThat(AopUtils.isCglibProxy(context.getBean(Listening.class)))
                            .isEqualTo(ofClass);
                    log.add(event(0));
                    await().until(() -> target.of("on").size() == 1);
                    assertThat(intercepted).hasValue(1);
                });
    }

    static class Slow extends Calls {

        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch go = new CountDownLatch(1);

        @EventLogListener(id = "a", logs = "${log}")
        void on(Number value) throws InterruptedException {
            entered.countDown();
            go.await();
            add("on", value.n());
        }
    }

    @Test
    void shutdownWaitsForTheRunningCallAndStartsNoOther() throws InterruptedException {
        EventLog log = newLog();
        Slow bean = new Slow();
        Thread[] closing = new Thread[1];
        listeningTo(log).withBean(Slow.class, () -> bean).run(context -> {
            log.addAll(events(0, 3));
            assertThat(bean.entered.await(10, TimeUnit.SECONDS)).isTrue();
            EventLogListenerRegistry registry = registry(context);
            closing[0] = new Thread(context::close);
            closing[0].start();
            await().until(() -> !registry.isRunning());
            assertThat(registry.isRunning("a")).isFalse();
            assertThat(closing[0].isAlive()).isTrue();
            assertThat(bean.of("on")).isEmpty();
            bean.go.countDown();
            closing[0].join(TimeUnit.SECONDS.toMillis(10));
            assertThat(closing[0].isAlive()).isFalse();
        });
        assertThat(bean.of("on")).containsExactly(0);
    }

    @Test
    void shutdownClosesFollowersOfAFactoryThatLivesOn() {
        EventLog log = newLog();
        Follower[] follower = new Follower[1];
        withOwnFactory()
                .withPropertyValues("log=" + log.name())
                .withBean(ByHand.class)
                .run(context -> {
                    log.add(event(0));
                    await().until(() -> context.getBean(ByHand.class).of("on").size() == 1);
                    follower[0] = registry(context).followers("a").get(0);
                    assertThat(follower[0].isRunning()).isTrue();
                });
        assertThat(follower[0].completion().toCompletableFuture()).isCompletedWithValue(Follower.EndReason.CLOSED);
    }

    @Test
    void listenersRestartWithTheContext() {
        EventLog log = newLog();
        listeningTo(log).withBean("b", OneOfMany.class).run(context -> {
            OneOfMany bean = context.getBean(OneOfMany.class);
            log.add(event(0));
            await().until(() -> bean.of("on").size() == 1);
            context.stop();
            assertThat(registry(context).isRunning("b.on")).isFalse();
            log.add(event(1));
            context.start();
            assertThat(registry(context).isRunning("b.on")).isTrue();
            log.add(event(2));
            await().until(() -> bean.of("on").size() == 3);
        });
    }

    @Test
    void listenerCanStopItself() {
        EventLog log = newLog();
        listeningTo(log).withBean(StopsItself.class).run(context -> {
            log.addAll(events(0, 3));
            StopsItself bean = context.getBean(StopsItself.class);
            await().until(() -> bean.of("on").size() == 1
                    && !bean.follower().toCompletableFuture().isCompletedExceptionally()
                    && bean.follower().toCompletableFuture().isDone());
            assertThat(registry(context).isRunning("a")).isFalse();
            assertThat(registry(context).failure("a")).isEmpty();
            assertThat(bean.of("on")).containsExactly(0);
        });
    }

    static class StopsItself extends Calls {

        private final ObjectProvider<EventLogListenerRegistry> registry;

        StopsItself(ObjectProvider<EventLogListenerRegistry> registry) {
            this.registry = registry;
        }

        CompletionStage<Follower.EndReason> follower() {
            return registry.getObject().followers("a").get(0).completion();
        }

        @EventLogListener(id = "a", logs = "${log}")
        void on(Number value) {
            add("on", value.n());
            registry.getObject().stop("a");
        }
    }

    @Test
    void listenerStartsAsSoonAsRedisIsUp(CapturedOutput output) {
        EventLog log = newLog();
        log.add(event(0));
        TcpProxy proxy = closeLater(new TcpProxy(TestRedis.get().uri()));
        proxy.refuse();
        anywhere.withPropertyValues("log=" + log.name(), "spring.data.redis.url=" + proxy.uri())
                .withBean("c", Kinds.class)
                .run(context -> {
                    EventLogListenerRegistry registry = registry(context);
                    assertThat(registry.isRunning("c.value")).isTrue();
                    assertThat(registry.followers("c.value")).isEmpty();
                    assertThat(output)
                            .contains("Log '" + log.name() + "' of listener 'c.value' cannot be followed yet");
                    registry.stop("c.event");
                    proxy.accept();
                    Kinds kinds = context.getBean(Kinds.class);
                    await().untilAsserted(() -> assertThat(kinds.of("value")).containsExactly(0));
                    assertThat(registry.isRunning("c.event")).isFalse();
                    assertThat(kinds.of("event")).isEmpty();
                });
    }

    @Test
    void applicationShutsDownWhileRedisIsDown() {
        anywhere.withPropertyValues("log=x", "spring.data.redis.port=1")
                .withBean("b", OneOfMany.class)
                .run(context -> assertThat(registry(context).isRunning("b.on")).isTrue());
        await().untilAsserted(() ->
                assertThat(eventLogThreads(Set.of())).noneMatch(thread -> thread.startsWith("eventlog-start-")));
    }

    @Test
    void applicationDoesNotStartIfRedisRefusesTheListener() {
        String name = newName();
        redis.opsForValue().set(name, "no log");
        ApplicationContextRunner refused = runner.withPropertyValues("log=" + name);
        refused.withBean(OneOfMany.class)
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasStackTraceContaining(EventLogException.class.getName())
                        .hasStackTraceContaining(name));
        refused.withBean("lazy", OneOfMany.class, OneOfMany::new, definition -> definition.setLazyInit(true))
                .run(context -> {
                    assertThat(catchThrowable(() -> context.getBean("lazy"))).hasStackTraceContaining(name);
                    assertThat(registry(context).ids()).isEmpty();
                    redis.delete(name);
                    context.getBean("lazy");
                    assertThat(registry(context).isRunning("lazy.on")).isTrue();
                });
    }

    @Test
    void nativeImageHintsIncludeListenerMethods() throws NoSuchMethodException {
        RuntimeHints hints = new RuntimeHints();
        new ReflectiveRuntimeHintsRegistrar().registerRuntimeHints(hints, Kinds.class, Beginnings.class);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onMethodInvocation(Kinds.class.getDeclaredMethod("value", Number.class)))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onMethodInvocation(Beginnings.class.getDeclaredMethod("fresh", Number.class)))
                .accepts(hints);
    }
}
