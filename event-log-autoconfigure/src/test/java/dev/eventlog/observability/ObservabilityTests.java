package dev.eventlog.observability;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowedLog;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnreadableEvents;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.convert.EventFields;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.observability.EventLogsEndpoint.EndedDescriptor;
import dev.eventlog.observability.EventLogsEndpoint.LogDescriptor;
import dev.eventlog.sse.EventStreamStatistics;
import dev.eventlog.test.Collected;
import dev.eventlog.test.Pages;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedis;
import dev.eventlog.test.TestRedisConnection;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationHandler.FirstMatchingCompositeObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingReceiverTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingSenderTracingObservationHandler;
import io.micrometer.tracing.propagation.Propagator;
import io.micrometer.tracing.test.simple.SimpleTraceContext;
import io.micrometer.tracing.test.simple.SimpleTracer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.connection.stream.RecordId;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;
import tools.jackson.databind.JsonNode;

class ObservabilityTests {

    /** Uses the auto-configurations of an application with Spring Boot Actuator. */
    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    ServiceConnectionAutoConfiguration.class,
                    MetricsAutoConfiguration.class,
                    CompositeMeterRegistryAutoConfiguration.class,
                    SimpleMetricsExportAutoConfiguration.class,
                    ObservationAutoConfiguration.class,
                    HealthContributorAutoConfiguration.class,
                    EndpointAutoConfiguration.class,
                    EventLogAutoConfiguration.class,
                    EventLogMetricsAutoConfiguration.class,
                    EventLogObservationAutoConfiguration.class,
                    EventLogHealthAutoConfiguration.class,
                    EventLogsEndpointAutoConfiguration.class))
            .withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=eventlogs");

    private final ApplicationContextRunner withRedis = runner.withUserConfiguration(TestRedisConnection.class);

    /** Nothing listens at this port. */
    private final ApplicationContextRunner withoutRedis = runner.withPropertyValues("spring.data.redis.port=1");

    private final String name = "test:observability:" + UUID.randomUUID();

    @Test
    void metersCountAddedAndDeliveredEvents() {
        withRedis
                .withPropertyValues("eventlog.observability.log-patterns=test:observability:*,never")
                .run(context -> {
                    EventLog log = log(context);
                    MeterRegistry meters = context.getBean(MeterRegistry.class);
                    log.addAll(events(0, 5));
                    Collected<Event> listener = Collected.events();
                    try (Follower follower = log.follow(Tail.all(), listener)) {
                        await().until(() -> listener.count() == 5);
                        log.add(event(5));
                        await().until(() -> listener.count() == 6);
                        assertThat(value(meters, "eventlog.events.added")).isEqualTo(6);
                        await().until(() -> value(meters, "eventlog.events.delivered") == 6);
                        assertThat(meters.get("eventlog.batch.size")
                                        .tag("log", "test:observability:*")
                                        .summary()
                                        .count())
                                .isEqualTo(listener.batches().size());
                        assertThat(meters.get("eventlog.callback")
                                        .tag("log", "test:observability:*")
                                        .timer()
                                        .count())
                                .isEqualTo(listener.batches().size());
                        await().until(() -> value(meters, "eventlog.followers.active") == 1);
                        assertThat(value(meters, "eventlog.feeds.active")).isEqualTo(1);
                        assertThat(value(meters, "eventlog.feeds.interrupted")).isZero();
                        await().until(() -> value(meters, "eventlog.follower.lag") == 0);
                        assertThat(value(meters, "eventlog.follower.lag.time")).isZero();
                        assertThat(meters.get("eventlog.events.added")
                                        .tag("log", "*")
                                        .counter()
                                        .count())
                                .isZero();
                        assertThat(follower.isRunning()).isTrue();
                    }
                    await().until(() -> value(meters, "eventlog.followers.active") == 0);
                    assertThat(value(meters, "eventlog.feeds.active")).isZero();
                });
    }

    @Test
    void metersHaveTheLagInEventsAndInTime() {
        withRedis.withPropertyValues("eventlog.follow.window-size=10").run(context -> {
            EventLog log = log(context);
            MeterRegistry meters = context.getBean(MeterRegistry.class);
            CountDownLatch hold = new CountDownLatch(1);
            Collected<Event> listener = Collected.and(batch -> hold.await());
            try (Follower follower = log.follow(Tail.all(), listener)) {
                log.add(event(0));
                await().until(() -> listener.count() == 1);
                log.addAll(events(1, 6));
                await().until(() -> value(meters, "eventlog.follower.lag") == 6);
                await().until(() -> value(meters, "eventlog.follower.lag.time") > 0.02);
                // Further than the window. Before Redis 7, the lag is known here because the feed has seen the first
                // event
                // arrive.
                log.addAll(events(6, 36));
                await().until(() -> value(meters, "eventlog.follower.lag") == 36);
                assertThat(value(meters, "eventlog.follower.lag.time")).isPositive();
                hold.countDown();
                await().until(() -> value(meters, "eventlog.follower.lag") == 0);
                assertThat(value(meters, "eventlog.follower.lag.time")).isZero();
                assertThat(follower.isRunning()).isTrue();
            } finally {
                hold.countDown();
            }
        });
    }

    @Test
    void metersCountGapsAndFailures() {
        withRedis.run(context -> {
            EventLog log = log(context);
            MeterRegistry meters = context.getBean(MeterRegistry.class);
            List<EventId> ids = log.addAll(events(0, 3));
            assertThat(log.delete()).isTrue();
            Collected<Event> listener = Collected.events();
            try (Follower follower = log.follow(Tail.after(ids.get(0)), listener)) {
                log.add(event(9));
                await().until(() -> listener.count() == 1);
                assertThat(value(meters, "eventlog.gaps")).isEqualTo(1);
                assertThat(follower.isRunning()).isTrue();
            }
            Follower failing = log.follow(Tail.all(), batch -> {
                throw new IOException("no");
            });
            await().until(() -> !failing.isRunning());
            await().until(() -> failures(meters, "follower") == 1);
            assertThat(failures(meters, "batch")).isEqualTo(1);
            String text = name + ":text";
            context.getBean(StringRedisTemplate.class).opsForValue().set(text, "x");
            try {
                EventLog wrong = context.getBean(EventLogFactory.class).create(text);
                assertThatThrownBy(() -> wrong.add(event(1))).isInstanceOf(EventLogException.class);
                assertThat(failures(meters, "add")).isEqualTo(1);
            } finally {
                context.getBean(StringRedisTemplate.class).delete(text);
            }
        });
    }

    @Test
    void outageAndRecoveryAreObserved() {
        try (TcpProxy proxy = new TcpProxy(TestRedis.get().uri())) {
            runner.withPropertyValues(
                            "spring.data.redis.url=" + proxy.uri(),
                            "spring.data.redis.timeout=1s",
                            "eventlog.follow.poll-timeout=500ms",
                            "eventlog.follow.recovery.delay=50ms")
                    .run(context -> {
                        EventLog log = log(context);
                        MeterRegistry meters = context.getBean(MeterRegistry.class);
                        log.add(event(1));
                        Collected<Event> listener = Collected.events();
                        try (Follower follower = log.follow(Tail.all(), listener)) {
                            await().until(() -> listener.caughtUp() == 1);
                            proxy.refuse();
                            proxy.cut();
                            await().until(() -> value(meters, "eventlog.feeds.interrupted") == 1);
                            LogDescriptor shown = context.getBean(EventLogsEndpoint.class)
                                    .followed()
                                    .logs()
                                    .get(name);
                            assertThat(shown).isNotNull();
                            assertThat(shown.interrupted()).isTrue();
                            assertThat(shown.error()).contains(name).startsWith("Could not read");
                            assertThat(context.getBean(EventLogHealthIndicator.class)
                                            .health()
                                            .getDetails())
                                    .containsEntry("interrupted", 1L);
                            proxy.accept();
                            await().until(() -> value(meters, "eventlog.reconnects") == 1);
                            await().until(() -> value(meters, "eventlog.feeds.interrupted") == 0);
                            assertThat(follower.isRunning()).isTrue();
                        }
                    });
        }
    }

    private static final class NoStreams implements EventStreamStatistics {

        @Override
        public int openStreams() {
            return 0;
        }

        @Override
        public long resumedStreams() {
            return 0;
        }

        @Override
        public long reportedGaps() {
            return 0;
        }
    }

    @Test
    void tableOfMetersMatchesTheCode() {
        Map<String, List<String>> documented = rows("| meter | type | tags | description |");
        withoutRedis
                .withPropertyValues("management.metrics.enable.eventlog=true")
                .withBean(EventStreamStatistics.class, NoStreams::new)
                .run(context -> {
                    Map<String, List<String>> meters = new TreeMap<>();
                    for (Meter meter : context.getBean(MeterRegistry.class).getMeters()) {
                        Meter.Id id = meter.getId();
                        if (id.getName().startsWith("eventlog.")) {
                            String tags = id.getTags().stream()
                                    .map(tag -> "`" + tag.getKey() + "`")
                                    .sorted()
                                    .collect(Collectors.joining(", "));
                            meters.put(
                                    id.getName(),
                                    List.of(
                                            id.getType()
                                                    .name()
                                                    .toLowerCase(Locale.ROOT)
                                                    .replace('_', ' '),
                                            tags,
                                            String.valueOf(id.getDescription())));
                        }
                    }
                    assertThat(documented).isEqualTo(meters);
                });
    }

    @Test
    void tableOfKeysMatchesTheCode() {
        Map<String, List<String>> documented = rows("| key | cardinality | value |");
        Map<String, String> cardinalities = new TreeMap<>();
        documented.forEach((key, row) -> cardinalities.put(key, row.get(0)));
        for (EventLogObservation observation : EventLogObservation.values()) {
            Map<String, String> keys = new TreeMap<>();
            Stream.of(observation.getLowCardinalityKeyNames()).forEach(key -> keys.put(key.asString(), "low"));
            Stream.of(observation.getHighCardinalityKeyNames()).forEach(key -> keys.put(key.asString(), "high"));
            assertThat(cardinalities).isEqualTo(keys);
        }
    }

    /** The rows of the table with this header: the code in the first cell, and the other cells. */
    private static Map<String, List<String>> rows(String header) {
        Map<String, List<String>> rows = new TreeMap<>();
        for (String row : Pages.table(header)) {
            List<String> cells = List.of(row.substring(2, row.length() - 2).split(" \\| ", -1));
            assertThat(cells.get(0)).matches("`[a-z.]+`");
            assertThat(rows.put(cells.get(0).replace("`", ""), cells.subList(1, cells.size())))
                    .as("a second row of %s", cells.get(0))
                    .isNull();
        }
        return rows;
    }

    @Test
    void addsAndBatchesAreObserved() {
        TestObservationRegistry observations = TestObservationRegistry.create();
        withRedis.withBean(ObservationRegistry.class, () -> observations).run(context -> {
            EventLog log = log(context);
            List<EventId> ids = log.addAll(events(0, 2));
            Collected<Event> listener = Collected.events();
            try (Follower follower = log.follow(Tail.all(), listener)) {
                await().until(() -> listener.caughtUp() == 1);
                for (String what : List.of("eventlog.add", "eventlog.batch")) {
                    TestObservationRegistryAssert.assertThat(observations)
                            .hasObservationWithNameEqualTo(what)
                            .that()
                            .hasBeenStarted()
                            .hasBeenStopped()
                            .hasLowCardinalityKeyValue("log", "*")
                            .hasHighCardinalityKeyValue("eventlog.name", name)
                            .hasHighCardinalityKeyValue("eventlog.events", "2")
                            .hasHighCardinalityKeyValue(
                                    "eventlog.first.id", ids.get(0).toString())
                            .hasHighCardinalityKeyValue(
                                    "eventlog.last.id", ids.get(1).toString());
                }
                assertThat(follower.isRunning()).isTrue();
            }
            assertThat(log.read(Tail.all()).get(0).fields()).containsOnlyKeys("n");
        });
    }

    @Test
    void conventionOfTheApplicationIsUsed() {
        TestObservationRegistry observations = TestObservationRegistry.create();
        withRedis
                .withBean(ObservationRegistry.class, () -> observations)
                .withBean(AddConvention.class, () -> new AddConvention() {
                    @Override
                    public String getName() {
                        return "own.add";
                    }
                })
                .run(context -> {
                    log(context).add(event(1));
                    TestObservationRegistryAssert.assertThat(observations).hasObservationWithNameEqualTo("own.add");
                });
    }

    record Numbered(int n) {}

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void traceReachesFollowersOnlyIfEnabled(boolean asked) {
        SimpleTracer tracer = new SimpleTracer();
        Propagator propagator = new W3c(tracer);
        ObservationRegistry observations = ObservationRegistry.create();
        observations
                .observationConfig()
                .observationHandler(new FirstMatchingCompositeObservationHandler(
                        new PropagatingSenderTracingObservationHandler<>(tracer, propagator),
                        new PropagatingReceiverTracingObservationHandler<>(tracer, propagator),
                        new DefaultTracingObservationHandler(tracer)));
        withRedis
                .withBean(ObservationRegistry.class, () -> observations)
                .withPropertyValues("eventlog.observability.propagate-trace=" + asked)
                .run(context -> {
                    EventLog log = log(context);
                    TypedEventLog<Numbered> typed =
                            context.getBean(EventLogFactory.class).create(name, Numbered.class);
                    typed.add(new Numbered(7));
                    Map<String, String> stored = log.read(Tail.all()).get(0).fields();
                    assertThat(spans(tracer, "eventlog add")).hasSize(1);
                    assertThat(stored)
                            .isEqualTo(
                                    asked ? Map.of("n", "7", EventFields.TRACE_PARENT, W3c.TRACE) : Map.of("n", "7"));
                    assertThat(typed.read(Tail.all()).get(0).value()).isEqualTo(new Numbered(7));
                    Collected<Event> listener = Collected.events();
                    try (Follower follower = log.follow(Tail.all(), listener)) {
                        await().until(() -> listener.caughtUp() == 1);
                        String delivered = spans(tracer, "eventlog batch").get(0);
                        assertThat(W3c.TRACE.split("-")[1].equals(delivered)).isEqualTo(asked);
                        assertThat(follower.isRunning()).isTrue();
                    }
                });
    }

    /** {@return the trace ids of the spans with a name} */
    private static List<String> spans(SimpleTracer tracer, String called) {
        return tracer.getSpans().stream()
                .filter(span -> called.equals(span.getName()))
                .map(span -> span.context().traceId())
                .toList();
    }

    /** A minimal form of the W3C headers, and two more headers that must not be stored. */
    private record W3c(SimpleTracer tracer) implements Propagator {

        private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        @Override
        public List<String> fields() {
            return List.of("traceparent", "tracestate", "baggage");
        }

        @Override
        public <C> void inject(TraceContext context, @Nullable C carrier, Setter<C> setter) {
            setter.set(carrier, "traceparent", TRACE);
            setter.set(carrier, "tracestate", "a=b");
            setter.set(carrier, "baggage", "c=d");
        }

        @Override
        public <C> Span.Builder extract(@Nullable C carrier, Getter<C> getter) {
            String parent = getter.get(Objects.requireNonNull(carrier), "traceparent");
            Span.Builder builder = tracer.spanBuilder();
            if (parent != null) {
                SimpleTraceContext context = new SimpleTraceContext();
                context.setTraceId(parent.split("-")[1]);
                context.setSpanId(parent.split("-")[2]);
                builder.setParent(context);
            }
            return builder;
        }
    }

    @Test
    void customIdsHaveNoTimeLag() {
        withRedis.run(context -> {
            EventLog log = log(context);
            context.getBean(StringRedisTemplate.class)
                    .opsForStream()
                    .add(StreamRecords.string(Map.of("n", "1"))
                            .withStreamKey(log.name())
                            .withId(RecordId.of("1-1")));
            CountDownLatch go = new CountDownLatch(1);
            try (Follower behind = log.follow(Tail.all(), batch -> go.await())) {
                FollowedLog followed = context.getBean(RedisEventLogFactory.class)
                        .followedLogs()
                        .get(0);
                assertThat(followed.followers().get(0).lagTime()).isNull();
                assertThat(behind.isRunning()).isTrue();
                go.countDown();
            }
        });
    }

    @Test
    void healthIsDownUntilALogWithAFailedFollowerIsFollowedAgain() {
        withRedis.run(context -> {
            EventLog log = log(context);
            EventLogHealthIndicator indicator = context.getBean(EventLogHealthIndicator.class);
            assertThat(health(indicator).getStatus()).isEqualTo(Status.UP);
            log.add(event(1));
            Follower failing = log.follow(Tail.all(), batch -> {
                throw new IOException("no");
            });
            await().until(() -> !failing.isRunning());
            await().until(() -> health(indicator).getStatus().equals(Status.DOWN));
            assertThat(health(indicator).getDetails().get("ended"))
                    .asString()
                    .contains(name, "java.io.IOException")
                    .as("the message of a listener can contain event data")
                    .doesNotContain("IOException: no");
            try (Follower anew = log.follow(Tail.all(), batch -> {})) {
                assertThat(health(indicator).getStatus()).isEqualTo(Status.UP);
                assertThat(health(indicator).getDetails())
                        .containsEntry("followers", 1)
                        .containsEntry("followedLogs", 1)
                        .containsEntry("interrupted", 0L);
                assertThat(anew.isRunning()).isTrue();
            }
            assertThat(health(indicator).getStatus()).as("a closed follower").isEqualTo(Status.UP);
        });
    }

    /** A named follower starts on its own thread, so no caller can receive its exception. */
    @Test
    void healthIsDownIfANamedFollowerIsRefused() {
        withRedis.run(context -> {
            EventLog log = log(context);
            EventLogHealthIndicator indicator = context.getBean(EventLogHealthIndicator.class);
            Follower named = log.follow(Tail.all(), batch -> {}, options -> options.named("app"));
            await().until(() ->
                    Integer.valueOf(1).equals(health(indicator).getDetails().get("followers")));
            named.close();
            StringRedisTemplate redis = context.getBean(StringRedisTemplate.class);
            redis.delete(name);
            redis.opsForValue().set(name, "no log");
            Follower refused = log.follow(Tail.all(), batch -> {}, options -> options.named("app"));
            await().until(() -> !refused.isRunning());
            await().until(() -> health(indicator).getStatus().equals(Status.DOWN));
            assertThat(health(indicator).getDetails().get("ended")).asString().contains(name);
            assertThat(context.getBean(EventLogsEndpoint.class)
                            .followed()
                            .ended()
                            .get(0))
                    .extracting(EndedDescriptor::log, EndedDescriptor::name, EndedDescriptor::reason)
                    .containsExactly(name, "app", null);
        });
    }

    private static Health health(EventLogHealthIndicator indicator) {
        return indicator.health();
    }

    /** A browser must not be able to turn the health, and so the load balancer, against the application. */
    @Test
    void subscribersDoNotChangeTheHealth() {
        withRedis.run(context -> {
            EventLog log = log(context);
            EventLogHealthIndicator indicator = context.getBean(EventLogHealthIndicator.class);
            log.add(Map.of("n", "no number"));
            TypedEventLog<Numbered> typed =
                    context.getBean(EventLogFactory.class).create(name, Numbered.class);
            try (Stream<TypedEvent<Numbered>> stream = typed.stream(Tail.all())) {
                assertThatExceptionOfType(EventConversionException.class)
                        .isThrownBy(() -> stream.iterator().hasNext());
            }
            await().until(() -> failures(context.getBean(MeterRegistry.class), "follower") == 1);
            assertThat(health(indicator).getStatus()).isEqualTo(Status.UP);

            Follower failing = typed.follow(Tail.all(), batch -> {}, options -> options.named("app"));
            await().until(() -> !failing.isRunning());
            await().until(() -> health(indicator).getStatus().equals(Status.DOWN));
            try (Stream<Event> stream = log.stream(Tail.all());
                    Follower other = log.follow(Tail.all(), batch -> {})) {
                assertThat(stream.iterator().hasNext()).isTrue();
                assertThat(other.isRunning()).isTrue();
                assertThat(health(indicator).getStatus())
                        .as("the follower with the name does not follow")
                        .isEqualTo(Status.DOWN);
            }
            try (Follower again = log.follow(Tail.all(), batch -> {}, options -> options.named("app"))) {
                assertThat(health(indicator).getStatus()).isEqualTo(Status.UP);
                assertThat(again.isRunning()).isTrue();
            }
        });
    }

    @Test
    void healthRemembersAHundredFailedFollowers() {
        withRedis.run(context -> {
            EventLogFactory factory = context.getBean(EventLogFactory.class);
            for (int i = 0; i < 150; i++) {
                EventLog log = factory.create(name + i, options -> options.ttlAfterLastAdd(Duration.ofMinutes(1)));
                log.add(event(i));
                Follower failing = log.follow(Tail.all(), batch -> {
                    throw new IOException("no");
                });
                await().until(() -> !failing.isRunning());
            }
            EventLogHealthIndicator indicator = context.getBean(EventLogHealthIndicator.class);
            await().untilAsserted(
                            () -> assertThat(health(indicator).getDetails().get("ended"))
                                    .asInstanceOf(InstanceOfAssertFactories.MAP)
                                    .hasSize(100)
                                    .doesNotContainKey(name + 49)
                                    .containsKeys(name + 50, name + 149));
        });
    }

    @Test
    void endpointShowsLogsInUse() {
        withRedis.run(context -> {
            EventLogsEndpoint endpoint = context.getBean(EventLogsEndpoint.class);
            assertThat(endpoint.followed().logs()).isEmpty();
            assertThat(endpoint.log(name)).isNull();
            EventLog log = context.getBean(EventLogFactory.class).create(name, options -> options.maxLength(7));
            EventId id = log.add(event(1));
            LogDescriptor unfollowed = endpoint.log(name);
            assertThat(unfollowed).isNotNull().extracting(LogDescriptor::size).isEqualTo(1L);
            Collected<Event> listener = Collected.events();
            try (Follower follower = log.follow(Tail.all(), listener)) {
                await().until(() -> follower.position().equals(id));
                assertThat(endpoint.followed().logs()).containsOnlyKeys(name);
                LogDescriptor shown = endpoint.followed().logs().get(name);
                assertThat(shown).isNotNull().isEqualTo(endpoint.log(name));
                assertThat(shown.options().maxLength()).isEqualTo(7);
                assertThat(shown.options().unreadableEvents()).isEqualTo(UnreadableEvents.FAIL);
                assertThat(shown.size()).isEqualTo(1);
                assertThat(shown.lastId()).isEqualTo(id.toString());
                assertThat(shown.interrupted()).isFalse();
                assertThat(shown.followers()).singleElement().satisfies(one -> {
                    assertThat(one.position()).isEqualTo(id.toString());
                    assertThat(one.lag()).isZero();
                });
            } finally {
                log.delete();
            }
        });
    }

    @Test
    void completionIsCountedAndShown() {
        withRedis.run(context -> {
            EventLog log = context.getBean(EventLogFactory.class).create(name);
            try {
                log.completeExceptionally("no memory");
                EventLogsEndpoint endpoint = context.getBean(EventLogsEndpoint.class);
                assertThat(endpoint.log(name)).isNotNull().satisfies(shown -> {
                    assertThat(shown.completion()).isEqualTo(Completion.failed("no memory"));
                    assertThat(shown.size()).isZero();
                    assertThat(shown.lastId()).isNull();
                });
                Follower follower = log.follow(Tail.all(), Collected.events());
                assertThat(follower.completion().toCompletableFuture())
                        .succeedsWithin(Duration.ofSeconds(10))
                        .isEqualTo(Follower.EndReason.COMPLETED);
                assertThat(value(context.getBean(MeterRegistry.class), "eventlog.completed"))
                        .isEqualTo(1);
            } finally {
                log.delete();
            }
        });
    }

    @Test
    void endpointWorksOverHttp() throws Exception {
        try (ConfigurableApplicationContext application = TestApplication.startWeb(
                TestApplication.class,
                WebApplicationType.SERVLET,
                "management.endpoints.web.exposure.include=eventlogs")) {
            EventLog log = TestApplication.factory(application).create(name, options -> options.maxLength(7));
            EventId id = log.add(event(1));
            try {
                Follower follower = log.follow(Tail.all(), batch -> {});
                await().until(() -> follower.position().equals(id));

                JsonNode shown = get(application, "").get("logs").get(name);
                assertThat(shown.get("options").get("maxLength").asInt()).isEqualTo(7);
                assertThat(shown.get("lastId").asString()).isEqualTo(id.toString());
                assertThat(shown.get("followers").get(0).get("position").asString())
                        .isEqualTo(id.toString());
                follower.close();
                assertThat(get(application, "/" + name).get("size").asInt()).isOne();
            } finally {
                log.delete();
            }
            assertThatExceptionOfType(HttpClientErrorException.NotFound.class)
                    .isThrownBy(() -> get(application, "/" + name));
        }
    }

    private static JsonNode get(ConfigurableApplicationContext application, String path) {
        return RestClient.create()
                .get()
                .uri(uri(application, "/actuator/eventlogs" + path))
                .retrieve()
                .requiredBody(JsonNode.class);
    }

    @Test
    void endpointReportsErrorsOfRedis() {
        withoutRedis.run(context -> {
            EventLogsEndpoint endpoint = context.getBean(EventLogsEndpoint.class);
            LogDescriptor shown = endpoint.log(name);
            assertThat(shown).isNotNull();
            assertThat(shown.error()).contains(name);
            assertThat(shown.options().idempotencyRetention()).isNotNull();
        });
    }

    @Test
    void endpointShowsOtherLogsIfOneIsRefused() {
        withRedis.run(context -> {
            EventLog log = log(context);
            EventLog other = context.getBean(EventLogFactory.class).create(name + ":other");
            StringRedisTemplate redis = context.getBean(StringRedisTemplate.class);
            other.add(event(1));
            CountDownLatch go = new CountDownLatch(1);
            Collected<Event> busy = Collected.and(batch -> go.await()); // until then, its refused follower does not end
            try (Follower follower = log.follow(Tail.all(), batch -> {});
                    Follower another = other.follow(Tail.all(), busy)) {
                await().until(() -> busy.count() == 1);
                redis.opsForValue().set(other.name(), "x");
                Map<String, LogDescriptor> shown =
                        context.getBean(EventLogsEndpoint.class).followed().logs();
                assertThat(shown.get(other.name())).isNotNull();
                assertThat(shown.get(other.name()).error()).contains(other.name());
                assertThat(shown.get(name)).isNotNull();
                assertThat(shown.get(name).error()).isNull();
                assertThat(follower.log()).isNotEqualTo(another.log());
                go.countDown();
            } finally {
                redis.delete(other.name());
            }
        });
    }

    @Test
    void everythingIsEnabledByDefault() {
        withoutRedis.run(context -> assertThat(context)
                .hasSingleBean(EventLogMeters.class)
                .hasSingleBean(FollowerGauges.class)
                .doesNotHaveBean(StreamMeters.class)
                .hasSingleBean(Observing.class)
                .hasSingleBean(EventLogHealthIndicator.class)
                .hasSingleBean(EventLogsEndpoint.class));
    }

    @ParameterizedTest
    @ValueSource(classes = {MeterRegistry.class, Health.class, Endpoint.class})
    void backsOffIfAClassIsMissing(Class<?> missing) {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        DataRedisAutoConfiguration.class,
                        EventLogAutoConfiguration.class,
                        EventLogMetricsAutoConfiguration.class,
                        EventLogObservationAutoConfiguration.class,
                        EventLogHealthAutoConfiguration.class,
                        EventLogsEndpointAutoConfiguration.class))
                .withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=eventlogs")
                .withClassLoader(new FilteredClassLoader(missing))
                .run(context -> {
                    assertThat(context).hasNotFailed().hasSingleBean(RedisEventLogFactory.class);
                    assertThat(context.containsBean("eventLogMeters")).isFalse();
                    assertThat(context.containsBean("eventLogHealthIndicator")).isEqualTo(missing != Health.class);
                    assertThat(context.containsBean("eventLogsEndpoint")).isEqualTo(missing != Endpoint.class);
                });
    }

    /**
     * Reads the annotations like Spring Boot, without loading the classes. Spring includes Micrometer's observations.
     */
    @Configuration(proxyBeanMethods = false)
    @Import(TestRedisConnection.class)
    @ImportAutoConfiguration({
        DataRedisAutoConfiguration.class,
        ServiceConnectionAutoConfiguration.class,
        EventLogAutoConfiguration.class,
        EventLogMetricsAutoConfiguration.class,
        EventLogObservationAutoConfiguration.class,
        EventLogHealthAutoConfiguration.class,
        EventLogsEndpointAutoConfiguration.class
    })
    static class Alone {}

    @Test
    void worksWithoutObservabilityOnTheClassPath() {
        new ApplicationContextRunner()
                .withUserConfiguration(Alone.class)
                .withClassLoader(new FilteredClassLoader(
                        "io.micrometer.core",
                        "io.micrometer.tracing",
                        "org.springframework.boot.actuate",
                        "org.springframework.boot.health"))
                .run(context -> {
                    EventLog log = log(context);
                    log.add(event(1));
                    Collected<Event> listener = Collected.events();
                    try (Follower follower = log.follow(Tail.all(), listener)) {
                        await().until(() -> listener.count() == 1);
                        assertThat(follower.isRunning()).isTrue();
                    }
                });
    }

    @Test
    void propertiesTurnItOff() {
        withoutRedis
                .withPropertyValues(
                        "eventlog.observability.metrics.enabled=false",
                        "eventlog.observability.observations.enabled=false",
                        "management.health.eventlog.enabled=false",
                        "management.endpoint.eventlogs.access=NONE")
                .run(context -> assertThat(context)
                        .hasSingleBean(RedisEventLogFactory.class)
                        .doesNotHaveBean(EventLogMeters.class)
                        .doesNotHaveBean(FollowerGauges.class)
                        .doesNotHaveBean(Observing.class)
                        .doesNotHaveBean(EventLogHealthIndicator.class)
                        .doesNotHaveBean(EventLogsEndpoint.class));
    }

    @Test
    void blankPatternIsRefused() {
        withoutRedis
                .withPropertyValues("eventlog.observability.log-patterns[0]= ")
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasStackTraceContaining("eventlog.observability.log-patterns[0]"));
    }

    private EventLog log(ApplicationContext context) {
        return context.getBean(EventLogFactory.class)
                .create(name, options -> options.ttlAfterLastAdd(Duration.ofMinutes(1)));
    }

    /** The sum over all tags of a counter or gauge. */
    private static double value(MeterRegistry meters, String called) {
        return meters.get(called).meters().stream()
                .mapToDouble(meter -> meter.measure().iterator().next().getValue())
                .sum();
    }

    private static double failures(MeterRegistry meters, String kind) {
        return meters.get("eventlog.failures").tag("kind", kind).counter().count();
    }
}
