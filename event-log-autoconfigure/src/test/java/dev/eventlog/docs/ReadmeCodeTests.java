package dev.eventlog.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.AddOptions;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventBatchRecoverer;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventUpcaster;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.LogPattern;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.Recording;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnexpectedLastIdException;
import dev.eventlog.annotation.EventLogErrorPolicy;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.autoconfigure.EventLogProperties;
import dev.eventlog.reactor.EventFlux;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.sse.EventLogWebSocket;
import dev.eventlog.sse.EventStream;
import dev.eventlog.sse.ReactiveEventLogSse;
import dev.eventlog.sse.ReactiveEventLogWebSocket;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.SocketClient;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedisConnection;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.annotation.ReflectiveRuntimeHintsRegistrar;
import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.config.AutowireCapableBeanFactory;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.messaging.SubscribableChannel;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.stereotype.Service;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import reactor.core.publisher.Flux;

/**
 * Runs the Java of the documentation (README.md and docs), and checks that it does what the documentation says. {@link
 * ReadmeBlocksTests} compares each block there with the code here, or in another test, between {@code tag::name[]} and
 * {@code end::name[]}. Parts with the same name in one file form one block. The documentation can break lines
 * differently, and has its own comments.
 */
@RedisTest(properties = "eventlog.key-prefix=test:${random.uuid}:")
class ReadmeCodeTests extends LogTests {

    @Autowired
    private EventLogFactory eventLogs;

    @Autowired
    private EventLogProperties properties;

    @Autowired
    private AutowireCapableBeanFactory beans;

    private final List<Event> shown = new CopyOnWriteArrayList<>();
    private EventLog log;
    private Map<String, Object> event;

    @BeforeEach
    void begin() {
        log = eventLogs.create("log");
        event = event(1);
    }

    /** The logs have the names of the documentation, with a prefix that no other application has. */
    @Override
    @AfterEach
    protected void close() throws Exception {
        super.close();
        redis.delete(redis.keys(properties.keyPrefix() + "*"));
    }

    private void show(Event event) {
        shown.add(event);
    }

    @Test
    void firstExampleAddsReadsAndFollows() {
        // tag::first-sight[]
        EventLog log = eventLogs.create("sensors:42");

        EventId id = log.add(Map.of("temperature", 19.8, "unit", "°C"));
        List<Event> latest = log.read(Tail.last(100));
        Follower follower = log.follow(Tail.after(id), batch -> batch.forEach(this::show));
        // end::first-sight[]
        closeLater(follower);
        assertThat(latest).containsExactly(new Event(id, Map.of("temperature", "19.8", "unit", "°C")));
        EventId next = log.add(event);
        await().untilAsserted(() -> assertThat(ids(shown)).containsExactly(next));
        await().untilAsserted(() -> assertThat(follower.position()).isEqualTo(next));
        // tag::first-sight[]
        follower.position();
        follower.close();
        // end::first-sight[]
        log.add(event);
        assertThat(follower.isRunning()).isFalse();
        assertThat(ids(shown)).containsExactly(next);
    }

    @Test
    void quickStartExampleShowsReadings() {
        Temperatures temperatures = beans.createBean(Temperatures.class);
        Temperatures.Reading before = new Temperatures.Reading("42", 19.8, Instant.now());
        Temperatures.Reading after = new Temperatures.Reading("42", 20.1, Instant.now());
        temperatures.measured(before);
        List<Temperatures.Reading> screen = new CopyOnWriteArrayList<>();
        closeLater(temperatures.watch(screen::add));
        temperatures.measured(after);
        await().untilAsserted(() -> assertThat(screen).containsExactly(before, after));
    }

    /** A screen that shows the events of orders. */
    private static final class OrderScreen {

        private final List<String> shown = new CopyOnWriteArrayList<>();

        void show(String log, Object event) {
            shown.add(log + ' ' + event);
        }
    }

    private void show(String log, List<Event> batch) {
        shown.addAll(batch);
    }

    @Test
    void manyLogsExampleFollowsPatternsAndSets() {
        OrderScreen screen = new OrderScreen();
        LogsFollower follower = manyOrders(screen);
        eventLogs.create("orders:17", OrderEvent.class).add(new OrderEvent.Placed("Ada", new BigDecimal("19.80")));
        await().untilAsserted(
                        () -> assertThat(screen.shown).containsExactly("orders:17 Placed[customer=Ada, total=19.80]"));
        assertThat(follower.logs()).containsExactly("orders:17");
        // tag::many-logs-set[]
        LogSetFollower rooms = eventLogs.follow(List.of("rooms:1", "rooms:2"), Tail.last(50), this::show);
        rooms.add("rooms:3");
        rooms.remove("rooms:1");
        // end::many-logs-set[]
        closeLater(rooms);
        eventLogs.create("rooms:1").add(event);
        EventId id = eventLogs.create("rooms:3").add(event);
        await().untilAsserted(() -> assertThat(ids(shown)).containsExactly(id));
    }

    private LogsFollower manyOrders(OrderScreen screen) {
        // tag::many-logs[]
        LogsFollower follower = eventLogs.follow(
                LogPattern.of("orders:*"),
                OrderEvent.class,
                Tail.newOnly(),
                (log, batch) -> batch.forEach(event -> screen.show(log, event.value())));

        follower.logs();
        follower.positions();
        // end::many-logs[]
        return closeLater(follower);
    }

    @Test
    void addExampleStoresEvents() {
        Map<String, Object> first = event(1);
        Map<String, Object> second = event(2);
        Map<String, Object> third = event(3);
        // tag::adding[]
        EventId id = log.add(Map.of("sensor_id", 1234, "temperature", 19.8));
        List<EventId> ids = log.addAll(List.of(first, second, third));
        // end::adding[]
        List<Event> stored = log.read(Tail.all());
        assertThat(stored.get(0)).isEqualTo(new Event(id, Map.of("sensor_id", "1234", "temperature", "19.8")));
        assertThat(ids(stored.subList(1, 4))).isEqualTo(ids);
        assertThat(numbers(stored.subList(1, 4))).containsExactly(1, 2, 3);
    }

    @Test
    void idempotentAddExampleAddsOnce() {
        EventId first = addOnce();
        assertThat(addOnce()).isEqualTo(first);
        assertThat(ids(log.read(Tail.all()))).containsExactly(first);
    }

    private EventId addOnce() {
        // tag::adding-once[]
        EventId id = log.add(event, AddOptions.idempotent("order-17-paid"));
        // end::adding-once[]
        return id;
    }

    @Test
    void ifLastExampleReadsTheEventsInBetween() {
        EventId lastSeen = log.add(event);
        assertThat(addIfLast(lastSeen)).as("added in the meantime").isEmpty();
        assertThat(log.size()).isEqualTo(2);
        assertThat(addIfLast(lastSeen)).hasSize(1).isEqualTo(log.read(Tail.last(1)));
        assertThat(log.size()).isEqualTo(2);
    }

    private List<Event> addIfLast(EventId lastSeen) {
        List<Event> found = new ArrayList<>();
        // tag::adding-if-last[]
        try {
            log.add(event, AddOptions.ifLast(lastSeen));
        } catch (UnexpectedLastIdException ex) {
            List<Event> meanwhile = log.read(Tail.after(ex.expected()));
            // end::adding-if-last[]
            found.addAll(meanwhile);
            // tag::adding-if-last[]
        }
        // end::adding-if-last[]
        return found;
    }

    @Test
    void combinedAddExampleAddsOnceAndDetectsConflicts() {
        EventId lastSeen = log.add(event);
        addOnceIfLast(lastSeen);
        addOnceIfLast(lastSeen);
        assertThat(log.size()).isEqualTo(2);
        redis.delete(redis.keys(properties.keyPrefix() + "log:once:*"));
        assertThatExceptionOfType(UnexpectedLastIdException.class).isThrownBy(() -> addOnceIfLast(lastSeen));
        assertThat(log.size()).isEqualTo(2);
    }

    private void addOnceIfLast(EventId lastSeen) {
        // tag::adding-once-if-last[]
        log.add(event, AddOptions.idempotent("order-17-paid").and(AddOptions.ifLast(lastSeen)));
        // end::adding-once-if-last[]
    }

    @Test
    void readExampleReturnsTheTails() {
        List<EventId> ids = log.addAll(events(0, 200));
        EventId id = ids.get(150);
        Instant midnight = Instant.EPOCH;
        // tag::reading[]
        List<Event> all = log.read(Tail.all());
        List<Event> latest = log.read(Tail.last(100));
        List<Event> since = log.read(Tail.from(id));
        List<Event> later = log.read(Tail.after(id));
        List<Event> today = log.read(Tail.since(midnight));
        // end::reading[]
        assertThat(today).isEqualTo(all);
        assertThat(ids(all)).isEqualTo(ids);
        assertThat(latest).isEqualTo(all.subList(100, 200));
        assertThat(since).isEqualTo(all.subList(150, 200));
        assertThat(later).isEqualTo(all.subList(151, 200));
    }

    @Test
    void lambdaExampleReceivesEvents() {
        EventId existing = log.add(event);
        // tag::following-lambda[]
        Follower follower = log.follow(Tail.last(50), batch -> batch.forEach(this::show));
        // end::following-lambda[]
        closeLater(follower);
        EventId next = log.add(event);
        await().untilAsserted(() -> assertThat(ids(shown)).containsExactly(existing, next));
    }

    @Test
    void listenerExampleReceivesEventsAndGaps() {
        EventId lastSeen = log.add(event);
        EventId last = log.add(event);
        // tag::following[]
        Follower follower = log.follow(Tail.after(lastSeen), new EventBatchListener<>() {

            @Override
            public void onBatch(List<Event> batch) {
                // the events since the last call, in order, at most eventlog.follow.batch-size
            }

            @Override
            public void onCaughtUp() {
                // all events that existed when the follow began have been delivered
            }

            @Override
            public void onGap(Gap gap) {
                // gap.missed() events after gap.lastSeen() are gone; gap.firstAvailable() comes next
            }

            @Override
            public void onInterrupted() {
                // Redis is down; onResumed() reports that it is back
            }

            @Override
            public void onComplete(Completion completion) {
                // the log is complete: no more events
            }

            @Override
            public void onFailure(String log, Throwable failure) {
                // the follower has ended
            }
        });
        // end::following[]
        closeLater(follower);
        await().untilAsserted(() -> assertThat(follower.position()).isEqualTo(last));
        assertThat(follower.isRunning()).isTrue();
        // tag::following[]

        follower.position();
        follower.completion();
        follower.close();
        // end::following[]
        assertThat(follower.isRunning()).isFalse();
        assertThat(follower.completion()).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(Follower.EndReason.CLOSED);
    }

    /** The part of Spring AI's ChatClient that the example needs. */
    private record Chat(Flux<String> content) {

        Chat prompt(String question) {
            assertThat(question).isNotEmpty();
            return this;
        }

        Chat stream() {
            return this;
        }
    }

    @Test
    void recordingExampleStoresAnAnswer() {
        EventLog answer = newLog();
        Chat chat = new Chat(Flux.just("Once ", "upon ", "a ", "time").delayElements(Duration.ofMillis(10)));
        String question = "Tell me a story";
        // tag::recording[]
        Flux<String> words = chat.prompt(question).stream().content();
        Recording recording = EventFlux.record(answer, words.map(word -> Map.of("word", word)));
        // end::recording[]
        assertThat(recording.completion().orTimeout(10, TimeUnit.SECONDS).join())
                .isEqualTo(Completion.done());
        assertThat(answer.read(Tail.all()).stream().map(event -> event.fields().get("word")))
                .containsExactly("Once ", "upon ", "a ", "time");
    }

    /** Each example has its own log, because only the first completion counts. */
    @Test
    void completionExamplesEndTheLog() {
        EventLog job = newLog();
        Follower follower = closeLater(job.follow(Tail.all(), batch -> {}));
        // tag::ending[]
        job.complete();
        // end::ending[]
        assertThat(follower.completion()).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(Follower.EndReason.COMPLETED);
        job = newLog();
        // tag::ending[]
        job.completeExceptionally("out of memory");
        // end::ending[]
        assertThat(job.completion()).contains(Completion.failed("out of memory"));
        job = newLog();
        // tag::ending[]
        job.cancel("by the user");
        // end::ending[]
        assertThat(job.completion()).contains(Completion.cancelled("by the user"));
        EventLog cancelled = job;
        assertThatExceptionOfType(EventLogCompletedException.class).isThrownBy(() -> cancelled.add(Map.of("n", 1)));
    }

    record Reading(int n) {}

    /** Runs in its own application, whose shutdown ends the follower. */
    @Test
    void failureExampleRetriesAndRecovers() {
        EventLogFactory eventLogs = newFactory("eventlog.key-prefix=" + properties.keyPrefix());
        TypedEventLog<Reading> log = eventLogs.create("readings", Reading.class);
        EventLog deadLetters = eventLogs.create("dead-letters");
        EventId lastSeen = log.add(new Reading(0));
        log.add(new Reading(1));
        List<Integer> calls = new CopyOnWriteArrayList<>();
        EventBatchListener<TypedEvent<Reading>> listener = batch -> {
            batch.forEach(event -> calls.add(event.value().n()));
            if (calls.size() == 1) {
                throw new IllegalStateException("for the first time");
            }
        };
        // tag::failing[]
        log.follow(
                Tail.after(lastSeen),
                listener,
                options -> options.retry(RetryPolicy.builder()
                                .maxRetries(5)
                                .delay(Duration.ofMillis(200))
                                .multiplier(2)
                                .excludes(EventConversionException.class)
                                .build())
                        .recoverer((name, batch, failure) -> deadLetters.addAll(
                                batch.stream().map(Event::fields).toList())));
        // end::failing[]
        await().untilAsserted(() -> assertThat(calls).containsExactly(1, 1));
        log.untyped().add(Map.of("n", "no number"));
        await().untilAsserted(() -> assertThat(deadLetters.read(Tail.all()))
                .extracting(Event::fields)
                .containsExactly(Map.of("n", "no number")));
        log.add(new Reading(2));
        await().untilAsserted(() -> assertThat(calls).containsExactly(1, 1, 2));
    }

    // tag::types[]
    sealed interface OrderEvent {
        record Placed(String customer, BigDecimal total) implements OrderEvent {}

        record Paid(Instant at) implements OrderEvent {}
    }
    // end::types[]

    @Test
    void typesExampleStoresAndReadsValues() {
        // tag::types[]

        TypedEventLog<OrderEvent> order = eventLogs.create("orders:17", OrderEvent.class);
        order.add(new OrderEvent.Placed("Ada", new BigDecimal("19.80")));
        OrderEvent first = order.read(Tail.all()).get(0).value();
        // end::types[]
        assertThat(first)
                .isEqualTo(new OrderEvent.Placed("Ada", new BigDecimal("19.80")))
                .hasToString("Placed[customer=Ada, total=19.80]");
        assertThat(order.untyped().read(Tail.all()).get(0).fields()).containsEntry("@type", "Placed");
        OrderEvent paid = new OrderEvent.Paid(Instant.now());
        order.add(paid);
        assertThat(order.read(Tail.last(1)).get(0).value()).isEqualTo(paid);
    }

    @Test
    void unreadableEventsExampleHandsThemOver() {
        List<Map<String, String>> unreadable = new ArrayList<>();
        // tag::unreadable[]
        TypedEventLog<OrderEvent> order = eventLogs.create(
                "orders:17",
                OrderEvent.class,
                options -> options.unreadableEvents((stored, failure) -> unreadable.add(stored.fields())));
        // end::unreadable[]
        OrderEvent placed = new OrderEvent.Placed("Ada", BigDecimal.ONE);
        order.untyped().add(Map.of("foo", "bar"));
        order.add(placed);
        assertThat(order.read(Tail.all())).extracting(TypedEvent::value).containsExactly(placed);
        assertThat(unreadable).containsExactly(Map.of("foo", "bar"));
    }

    static class Upcasters {

        // tag::upcaster[]
        @Bean
        EventUpcaster customerWasCalledName() {
            return (log, type, fields) -> {
                if (type != OrderEvent.class || !fields.containsKey("name")) {
                    return fields;
                }
                Map<String, String> now = new HashMap<>(fields);
                now.put("customer", now.remove("name"));
                return now;
            };
        }
        // end::upcaster[]
    }

    @Test
    void upcasterExampleReadsOldEvents() {
        ConfigurableApplicationContext application = closeLater(TestApplication.startWith(
                Upcasters.class, new Upcasters(), "eventlog.key-prefix=" + properties.keyPrefix()));
        TypedEventLog<OrderEvent> order = TestApplication.factory(application).create("orders:17", OrderEvent.class);
        order.untyped().add(Map.of("@type", "Placed", "name", "Ada", "total", "17"));
        order.untyped().add(Map.of("@type", "Placed", "customer", "Grace", "total", "4"));
        assertThat(order.read(Tail.all()))
                .extracting(TypedEvent::value)
                .containsExactly(
                        new OrderEvent.Placed("Ada", new BigDecimal(17)),
                        new OrderEvent.Placed("Grace", new BigDecimal(4)));
    }

    @Test
    void optionsExampleLimitsOneLog() {
        // tag::options[]
        EventLog job =
                eventLogs.create("jobs:9", options -> options.maxLength(10_000).ttlAfterLastAdd(Duration.ofHours(1)));
        // end::options[]
        assertThat(job.options().maxLength()).isEqualTo(10_000);
        job.add(event);
        assertThat(redis.getExpire(properties.keyPrefix() + "jobs:9")).isBetween(1L, 3600L);
    }

    @Test
    void publisherFluxAndStreamExamplesReadOnDemand() {
        EventId lastSeen = log.add(event);
        log.addAll(events(0, 150));
        List<Event> stored = log.read(Tail.all());
        // tag::on-demand[]
        Flow.Publisher<List<Event>> batches = log.publisher(Tail.after(lastSeen));

        Flux<Event> events = EventFlux.events(log.publisher(Tail.after(lastSeen)));

        try (Stream<Event> stream = log.stream(Tail.all())) {
            stream.limit(100).forEach(this::show);
        }
        // end::on-demand[]
        assertThat(shown).isEqualTo(stored.subList(0, 100));
        shown.clear();
        // tag::on-demand[]
        try (Stream<Event> stream = log.stream(Tail.all(), Duration.ofSeconds(1))) {
            stream.forEach(this::show);
        }
        // end::on-demand[]
        assertThat(shown).isEqualTo(stored);
        assertThat(EventFlux.batches(batches).blockFirst(Duration.ofSeconds(10)))
                .isEqualTo(stored.subList(1, 151));
        assertThat(events.take(150).collectList().block(Duration.ofSeconds(10))).isEqualTo(stored.subList(1, 151));
    }

    private interface Invoices {
        void write(OrderEvent event);
    }

    @Test
    void durableFollowerExampleContinues() {
        List<OrderEvent> written = new CopyOnWriteArrayList<>();
        OrderEvent first = new OrderEvent.Placed("Ada", BigDecimal.ONE);
        OrderEvent second = new OrderEvent.Placed("Grace", BigDecimal.TEN);
        TypedEventLog<OrderEvent> orders = eventLogs.create("orders", OrderEvent.class);
        orders.add(first);
        ConfigurableApplicationContext before = newApplication("eventlog.key-prefix=" + properties.keyPrefix());
        writeInvoices(before.getBean(EventLogFactory.class), written::add);
        await().untilAsserted(() -> assertThat(written).containsExactly(first));
        before.close();
        orders.add(second);
        writeInvoices(newFactory("eventlog.key-prefix=" + properties.keyPrefix()), written::add);
        await().untilAsserted(() -> assertThat(written).containsExactly(first, second));
    }

    private static void writeInvoices(EventLogFactory eventLogs, Invoices invoices) {
        // tag::durable[]
        eventLogs
                .create("orders", OrderEvent.class)
                .follow(
                        Tail.all(),
                        batch -> batch.forEach(event -> invoices.write(event.value())),
                        options -> options.named("invoices"));
        // end::durable[]
    }

    @Test
    void namedPatternExampleContinues() {
        List<OrderEvent> written = new CopyOnWriteArrayList<>();
        OrderEvent first = new OrderEvent.Placed("Ada", BigDecimal.ONE);
        OrderEvent second = new OrderEvent.Placed("Grace", BigDecimal.TEN);
        eventLogs.create("orders:1", OrderEvent.class).add(first);
        ConfigurableApplicationContext before = newApplication("eventlog.key-prefix=" + properties.keyPrefix());
        writeAllInvoices(before.getBean(EventLogFactory.class), written::add);
        await().untilAsserted(() -> assertThat(written).containsExactly(first));
        before.close();
        eventLogs.create("orders:2", OrderEvent.class).add(second);
        writeAllInvoices(newFactory("eventlog.key-prefix=" + properties.keyPrefix()), written::add);
        await().untilAsserted(() -> assertThat(written).containsExactly(first, second));
    }

    private static void writeAllInvoices(EventLogFactory eventLogs, Invoices invoices) {
        // tag::many-logs-named[]
        eventLogs.follow(
                LogPattern.of("orders:*"),
                OrderEvent.class,
                Tail.all(),
                (log, batch) -> batch.forEach(event -> invoices.write(event.value())),
                options -> options.named("invoices"));
        // end::many-logs-named[]
    }

    private interface Screen {
        void show(Reading reading);
    }

    private interface DeadLetters {
        void put(String log, List<Event> batch, Throwable failure);
    }

    static class Display {

        private final Screen screen;

        Display(Screen screen) {
            this.screen = screen;
        }

        // tag::listener[]
        @EventLogListener(logs = "readings:42", from = "last:50")
        void measured(List<Reading> readings) {
            readings.forEach(screen::show);
        }
        // end::listener[]
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(TestRedisConnection.class)
    static class Listening {

        private final List<Reading> screen = new CopyOnWriteArrayList<>();
        private final List<Event> put = new CopyOnWriteArrayList<>();
        private final DeadLetters deadLetters = (log, batch, failure) -> put.addAll(batch);
        private final List<Integer> thrownAt = new CopyOnWriteArrayList<>();

        @Bean
        Display display() {
            return new Display(reading -> {
                if (reading.n() == 60 && thrownAt.isEmpty()) {
                    thrownAt.add(reading.n());
                    throw new IllegalStateException("for the first time");
                }
                screen.add(reading);
            });
        }

        // tag::error-policy[]
        @Bean
        EventLogErrorPolicy errorPolicy() {
            return options -> options.retry(RetryPolicy.withMaxRetries(5)).recoverer(deadLetters::put);
        }
        // end::error-policy[]
    }

    @Test
    void annotationExamplesReceiveEventsAndRetry() throws Exception {
        TypedEventLog<Reading> log = eventLogs.create("readings:42", Reading.class);
        List<Reading> readings = IntStream.range(0, 60).mapToObj(Reading::new).toList();
        log.addAll(readings);
        Listening application = run(Listening.class, WebApplicationType.NONE).getBean(Listening.class);
        await().untilAsserted(() -> assertThat(application.screen).isEqualTo(readings.subList(10, 60)));
        log.add(new Reading(60));
        await().untilAsserted(() -> assertThat(application.screen).endsWith(new Reading(60)));
        assertThat(application.thrownAt).containsExactly(60);
        FollowOptions.Builder options = FollowOptions.builder();
        application.errorPolicy().apply(options);
        EventBatchRecoverer recoverer = options.build().recoverer();
        assertThat(recoverer).isNotNull();
        recoverer.recover("any", List.of(new Event(EventId.MIN, Map.of())), new IllegalStateException());
        assertThat(application.put).hasSize(1);
    }

    private ConfigurableApplicationContext run(Class<?> type, WebApplicationType web) {
        return closeLater(TestApplication.startWeb(type, web, "eventlog.key-prefix=" + properties.keyPrefix()));
    }

    // tag::event-types[]
    @RegisterReflectionForBinding({OrderEvent.class, OrderEvent.Placed.class, OrderEvent.Paid.class})
    // end::event-types[]
    static class EventTypes {}

    @Test
    void eventTypesExampleRegistersHints() {
        RuntimeHints hints = new RuntimeHints();
        new ReflectiveRuntimeHintsRegistrar().registerRuntimeHints(hints, EventTypes.class);
        assertThat(List.of(OrderEvent.class, OrderEvent.Placed.class, OrderEvent.Paid.class))
                .allMatch(
                        type -> RuntimeHintsPredicates.reflection().onType(type).test(hints));
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestRedisConnection.class, Readings.class})
    static class Web {}

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestRedisConnection.class, ReactiveReadings.class})
    static class ReactiveWeb {}

    @RestController
    static class ReactiveReadings {

        private final ReactiveEventLogSse sse;
        private final EventLog log;

        ReactiveReadings(ReactiveEventLogSse sse, EventLogFactory eventLogs) {
            this.sse = sse;
            this.log = eventLogs.create("log");
        }

        // tag::sse-webflux[]
        @GetMapping("/readings")
        Flux<ServerSentEvent<String>> readings() {
            return sse.follow(log, Tail.last(50));
        }
        // end::sse-webflux[]
    }

    @RestController
    static class Readings {

        private final EventLogSse sse;
        private final EventLogFactory eventLogs;
        private final EventLog log;

        Readings(EventLogSse sse, EventLogFactory eventLogs) {
            this.sse = sse;
            this.eventLogs = eventLogs;
            this.log = eventLogs.create("log");
        }

        // tag::sse[]
        @GetMapping("/readings")
        SseEmitter readings() {
            return sse.follow(log, Tail.last(50));
        }
        // end::sse[]

        private TypedEventLog<OrderEvent> orders(String order) {
            return eventLogs.create("orders:" + order, OrderEvent.class);
        }

        private static String nameOf(OrderEvent event) {
            return event.getClass().getSimpleName().toLowerCase(Locale.ROOT);
        }

        // tag::sse-several[]
        @GetMapping("/orders/{order}")
        SseEmitter order(@PathVariable String order) {
            return sse.follow(EventStream.of(
                            orders(order),
                            Tail.all(),
                            source -> source.name("order")
                                    .body(event -> ServerSentEvent.builder(event.value())
                                            .event(nameOf(event.value()))
                                            .build())
                                    .until(event -> event.value() instanceof OrderEvent.Paid))
                    .and(log, Tail.last(20)));
        }
        // end::sse-several[]

        // tag::sse-pattern[]
        @GetMapping("/orders")
        SseEmitter orders() {
            return sse.follow(EventStream.of(eventLogs, LogPattern.of("orders:*"), Tail.last(20)));
        }
        // end::sse-pattern[]
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableWebSocket
    @EnableWebSocketMessageBroker
    @Import({TestRedisConnection.class, Sockets.class, Broker.class})
    static class SocketWeb {}

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestRedisConnection.class, ReactiveSockets.class})
    static class ReactiveSocketWeb {}

    static class Sockets implements WebSocketConfigurer {

        private final EventLogWebSocket webSocket;
        private final EventLog log;

        Sockets(EventLogWebSocket webSocket, EventLogFactory eventLogs) {
            this.webSocket = webSocket;
            this.log = eventLogs.create("log");
        }

        // tag::websocket[]
        @Override
        public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
            registry.addHandler(webSocket.follow(log, Tail.last(50)), "/live/readings");
        }
        // end::websocket[]
    }

    static class ReactiveSockets {

        private final EventLog log;

        ReactiveSockets(EventLogFactory eventLogs) {
            this.log = eventLogs.create("log");
        }

        // tag::websocket-webflux[]
        @Bean
        HandlerMapping sockets(ReactiveEventLogWebSocket webSocket) {
            return new SimpleUrlHandlerMapping(Map.of("/live/readings", webSocket.follow(log, Tail.last(50))), -1);
        }
        // end::websocket-webflux[]
    }

    static class Broker implements WebSocketMessageBrokerConfigurer {

        @Override
        public void registerStompEndpoints(StompEndpointRegistry registry) {
            registry.addEndpoint("/stomp");
        }

        @Override
        public void configureMessageBroker(MessageBrokerRegistry registry) {
            registry.enableSimpleBroker("/topic");
        }

        @Bean
        StompOrders stompOrders(SimpMessagingTemplate messaging) {
            return new StompOrders(messaging);
        }
    }

    static class StompOrders {

        private final SimpMessagingTemplate messaging;

        StompOrders(SimpMessagingTemplate messaging) {
            this.messaging = messaging;
        }

        // tag::stomp[]
        @EventLogListener(logs = "orders:*")
        void send(OrderEvent event, String log) {
            messaging.convertAndSend("/topic/" + log, event);
        }
        // end::stomp[]
    }

    @Test
    void webSocketExamplesSendEvents() throws Exception {
        List<EventId> ids = log.addAll(events(0, 60));
        ConfigurableApplicationContext mvc = run(SocketWeb.class, WebApplicationType.SERVLET);
        for (ConfigurableApplicationContext application :
                List.of(mvc, run(ReactiveSocketWeb.class, WebApplicationType.REACTIVE))) {
            URI uri = TestApplication.uri(application, "/live/readings");
            SocketClient fresh = closeLater(SocketClient.open(uri));
            assertThat(fresh.next("event").get("id").asString())
                    .isEqualTo(ids.get(10).toString());
            SocketClient back = closeLater(SocketClient.open(URI.create(uri + "?lastEventId=" + ids.get(58))));
            assertThat(back.next("event"))
                    .hasToString("{\"type\":\"event\",\"id\":\"" + ids.get(59) + "\",\"data\":{\"n\":\"59\"}}");
        }
        List<String> sent = new CopyOnWriteArrayList<>();
        mvc.getBean("brokerChannel", SubscribableChannel.class)
                .subscribe(message -> sent.add(SimpMessageHeaderAccessor.getDestination(message.getHeaders())
                        + ' '
                        + new String((byte[]) message.getPayload(), StandardCharsets.UTF_8)));
        eventLogs.create("orders:19", OrderEvent.class).add(new OrderEvent.Placed("Ada", BigDecimal.ONE));
        await().untilAsserted(() -> assertThat(sent)
                .singleElement()
                .asString()
                .startsWith("/topic/orders:19 {")
                .contains("Ada"));
    }

    @Test
    void serverSentEventsExamplesSendEvents() throws Exception {
        List<EventId> ids = log.addAll(events(0, 60));
        for (ConfigurableApplicationContext application : List.of(
                run(Web.class, WebApplicationType.SERVLET), run(ReactiveWeb.class, WebApplicationType.REACTIVE))) {
            URI uri = TestApplication.uri(application, "/readings");
            SseClient fresh = closeLater(new SseClient(uri, null));
            assertThat(fresh.nextEvent().id()).isEqualTo(ids.get(10).toString());
            SseClient back = closeLater(new SseClient(uri, ids.get(58).toString()));
            assertThat(back.nextEvent().lines()).containsExactly("id:" + ids.get(59), "data:{\"n\":\"59\"}");
        }
        TypedEventLog<OrderEvent> order = eventLogs.create("orders:18", OrderEvent.class);
        order.add(new OrderEvent.Placed("Ada", new BigDecimal("19.80")));
        order.add(new OrderEvent.Paid(Instant.EPOCH));
        ConfigurableApplicationContext web = run(Web.class, WebApplicationType.SERVLET);
        SseClient all = closeLater(new SseClient(TestApplication.uri(web, "/orders"), null));
        assertThat(all.nextEvent().data()).startsWith("{\"log\":\"orders:18\",").contains("\"customer\":\"Ada\"");
        SseClient client = closeLater(new SseClient(TestApplication.uri(web, "/orders/18"), null));
        assertThat(client.next("placed").data()).contains("\"customer\":\"Ada\"");
        assertThat(client.next("paid").data()).contains("1970");
        assertThat(client.next("complete").data()).isEqualTo("{\"log\":\"order\"}");
    }
}

// tag::quick-start[]
@Service
class Temperatures {

    record Reading(String sensor, double celsius, Instant taken) {}

    private final TypedEventLog<Reading> log;

    Temperatures(EventLogFactory eventLogs) {
        this.log = eventLogs.create("readings:42", Reading.class);
    }

    void measured(Reading reading) {
        log.add(reading);
    }

    Follower watch(Consumer<Reading> screen) {
        return log.follow(Tail.last(50), batch -> batch.forEach(event -> screen.accept(event.value())));
    }
}
// end::quick-start[]
