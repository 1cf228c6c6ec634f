package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.LogPattern;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnreadableEvents;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.IdleClients;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.SseClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.types.RedisClientInfo;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.util.backoff.FixedBackOff;
import tools.jackson.databind.json.JsonMapper;

/** Clients of streams, with each kind of web server. */
@ExtendWith(OutputCaptureExtension.class)
abstract class SseTests extends LogTests {

    record Reading(int n, @Nullable String room) {}

    private static final Consumer<EventLogOptions.Builder> SKIPPING =
            options -> options.unreadableEvents(UnreadableEvents.SKIP);

    sealed interface Step {
        record Started(String by) implements Step {}

        record Ended(int code) implements Step {}
    }

    /** {@return the streams of the controllers of both kinds, by the first part of the path} */
    static EventStream stream(EventLogFactory logs, String kind, String name) {
        EventLog log = logs.create(name);
        return switch (kind) {
            case "all" -> EventStream.of(log, Tail.all());
            case "new" -> EventStream.of(log, Tail.last(0));
            case "typed" -> EventStream.of(logs.create(name, Reading.class), Tail.all());
            case "rooms" ->
                EventStream.of(
                        logs.create(name, Reading.class),
                        Tail.all(),
                        source -> source.body(
                                event -> Objects.requireNonNull(event.value().room())));
            case "steps" -> EventStream.of(logs.create(name, Step.class), Tail.all());
            case "chosen" ->
                EventStream.of(
                        logs.create(name, Step.class),
                        Tail.all(),
                        source -> source.body(event -> ServerSentEvent.builder(event.value())
                                .event(event.value().getClass().getSimpleName())
                                .build()));
            case "skipping" -> EventStream.of(logs.create(name, Reading.class, SKIPPING), Tail.all());
            case "skippingrooms" ->
                EventStream.of(
                        logs.create(name, Reading.class, SKIPPING),
                        Tail.all(),
                        source -> source.body(event -> event.value().n()));
            case "until" ->
                EventStream.of(
                        logs.create(name, Step.class),
                        Tail.all(),
                        source -> source.until(event -> event.value() instanceof Step.Ended));
            case "failing" ->
                EventStream.of(
                        log,
                        Tail.all(),
                        source -> source.body(event -> {
                            throw new IllegalStateException("secret of the server");
                        }));
            case "matching" -> EventStream.of(logs, LogPattern.of(name + ":*"), Tail.all());
            case "newmatching" -> EventStream.of(logs, LogPattern.of(name + ":*"), Tail.newOnly());
            case "both" ->
                EventStream.of(log, Tail.all())
                        .and(
                                logs,
                                LogPattern.of(name + ":*"),
                                Step.class,
                                Tail.all(),
                                source -> source.name(source.log().substring(1))
                                        .body(event -> event.value().getClass().getSimpleName())
                                        .until(event -> event.value() instanceof Step.Ended));
            case "three" ->
                EventStream.of(log, Tail.all())
                        .and(logs.create(name + ":second"), Tail.all(), source -> source.name("second"))
                        .and(
                                logs.create(name + ":third", Step.class),
                                Tail.all(),
                                source -> source.until(event -> event.value() instanceof Step.Ended));
            default -> throw new IllegalArgumentException(kind);
        };
    }

    /** {@return a shared application, for tests that neither stop nor change it} */
    abstract ConfigurableApplicationContext application(String... properties);

    /** {@return a new application, which is closed after the test} */
    abstract ConfigurableApplicationContext start(String... properties);

    /** {@return the type of the bean that opens streams} */
    abstract Class<? extends SmartLifecycle> sse();

    /** {@return the number of open streams of an application} */
    abstract int opened(ConfigurableApplicationContext application);

    /** The tests count the feeds of all applications. */
    @BeforeEach
    void nobodyFollowsYet() {
        await().until(() -> feeds() == 0);
    }

    @Test
    void typedAndConvertedEventsAreSent() throws Exception {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        EventId id = log.add(new Reading(1, "a\nb\rc"));
        ConfigurableApplicationContext application = application();

        assertThat(open(application, "/typed/" + log.name(), null).nextEvent().lines())
                .containsExactly("id:" + id, "data:{\"n\":\"1\",\"room\":\"a\\nb\\rc\"}");
        assertThat(open(application, "/rooms/" + log.name(), null).nextEvent().lines())
                .as("text with several lines")
                .containsExactly("id:" + id, "data:a", "data:b", "data:c");
    }

    @Test
    void storedFormIsSentWithItsType() throws Exception {
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        log.addAll(List.of(new Step.Started("Ada"), new Step.Ended(3)));

        SseClient client = open(application(), "/steps/" + log.name(), null);

        assertThat(client.nextEvent().data()).isEqualTo("{\"@type\":\"Started\",\"by\":\"Ada\"}");
        assertThat(client.nextEvent().data()).isEqualTo("{\"@type\":\"Ended\",\"code\":\"3\"}");
    }

    @Test
    void functionChoosesBodyAndName() throws Exception {
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        List<EventId> ids = log.addAll(List.of(new Step.Started("Ada"), new Step.Ended(3)));

        SseClient client = open(application(), "/chosen/" + log.name(), null);

        assertThat(client.next("Started").lines())
                .containsExactly("id:" + ids.get(0), "event:Started", "data:{\"by\":\"Ada\"}");
        assertThat(client.next("Ended").lines())
                .containsExactly("id:" + ids.get(1), "event:Ended", "data:{\"code\":3}");
    }

    @Test
    void streamEndsAfterTheLastEventAndReconnectsAreRefused() throws Exception {
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        List<EventId> ids = log.addAll(List.of(new Step.Started("Ada"), new Step.Ended(3), new Step.Started("Bob")));
        ConfigurableApplicationContext application = application();
        String path = "/until/" + log.name();
        SseClient client = open(application, path, null);

        assertThat(client.nextEvent().id()).isEqualTo(ids.get(0).toString());
        assertThat(client.nextEvent().id()).isEqualTo(ids.get(1).toString());
        client.next("complete");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);

        HttpResponse<String> away =
                SseClient.refused(uri(application, path), ids.get(1).toString());
        assertThat(away.statusCode()).isEqualTo(HttpURLConnection.HTTP_NO_CONTENT);
        assertThat(away.body()).isEmpty();
        assertThat(open(application, path, ids.get(0).toString()).nextEvent().id())
                .isEqualTo(ids.get(1).toString());
        assertThat(open(application, path, ids.get(2).toString())
                        .next("caught-up")
                        .name())
                .as("this client continued after the end")
                .isNotNull();
    }

    @Test
    void streamEndsWithItsLogAndReconnectsAreRefused() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();
        String path = "/all/" + log.name();
        SseClient client = open(application, path, null);
        client.next("caught-up");
        EventId last = log.add(event(1));
        log.completeExceptionally("out of paper");

        assertThat(client.nextEvent().id()).isEqualTo(last.toString());
        assertThat(client.next().lines())
                .containsExactly(
                        "id:" + EventId.MAX,
                        "event:complete",
                        "data:{\"kind\":\"FAILED\",\"reason\":\"out of paper\"}");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        assertThat(SseClient.refused(uri(application, path), EventId.MAX.toString())
                        .statusCode())
                .isEqualTo(HttpURLConnection.HTTP_NO_CONTENT);
        open(application, path, last.toString()).next("complete"); // the client may have missed it
    }

    @Test
    void streamContinuesAfterTheIdInTheAddress() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));
        ConfigurableApplicationContext application = application();
        String path = "/all/" + log.name() + "?lastEventId=" + ids.get(0);

        assertThat(open(application, path, null).nextEvent().id())
                .isEqualTo(ids.get(1).toString());
        assertThat(open(application, path, ids.get(1).toString()).nextEvent().id())
                .as("the header overrides the address")
                .isEqualTo(ids.get(2).toString());
    }

    @Test
    void failureNamesTheSourceOfAMalformedId() throws Exception {
        ConfigurableApplicationContext application =
                start("spring.mvc.problemdetails.enabled=true", "spring.webflux.problemdetails.enabled=true");
        for (String where : List.of("Last-Event-ID", "lastEventId")) {
            boolean header = where.equals("Last-Event-ID");

            HttpResponse<String> answer = SseClient.refused(
                    uri(application, "/all/" + newName() + (header ? "" : "?lastEventId=yesterday")),
                    header ? "yesterday" : null);

            assertThat(answer.statusCode()).as(where).isEqualTo(HttpURLConnection.HTTP_BAD_REQUEST);
            assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(answer.body()).contains("\"detail\":\"" + where + ": 'yesterday' is not an event id");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {",", "1-0,", ",1-0"})
    void idsWithAnEmptyPartAreMalformed(String id) throws Exception {
        assertThat(SseClient.refused(uri(application(), "/all/" + newName()), id)
                        .statusCode())
                .isEqualTo(HttpURLConnection.HTTP_BAD_REQUEST);
    }

    @Test
    void streamHasSeveralLogsAndContinuesInEachOne() throws Exception {
        EventLog log = newLog();
        EventLog second = factory.create(log.name() + ":second");
        TypedEventLog<Step> third = factory.create(log.name() + ":third", Step.class);
        deleteLater(second.name());
        deleteLater(third.name());
        log.addAll(events(0, 2));
        second.add(event(7));
        ConfigurableApplicationContext application = application();
        String path = "/three/" + log.name();
        SseClient client = open(application, path, null);

        List<SseClient.Message> got = new ArrayList<>();
        for (SseClient.Message message = client.next(); !"caught-up".equals(message.name()); message = client.next()) {
            got.add(message);
        }
        assertThat(got.stream()
                        .filter(message -> log.name().equals(message.name()))
                        .map(SseClient.Message::data))
                .containsExactly("{\"n\":\"0\"}", "{\"n\":\"1\"}");
        assertThat(got.stream()
                        .filter(message -> "second".equals(message.name()))
                        .map(SseClient.Message::data))
                .containsExactly("{\"n\":\"7\"}");
        String cursor = got.get(got.size() - 1).id();
        client.close();

        log.add(event(2));
        second.add(event(8));
        third.add(new Step.Ended(1));
        SseClient again = open(application, path, cursor);
        List<String> events = new ArrayList<>();
        String last = cursor;
        while (events.size() < 4) {
            SseClient.Message message = again.next();
            last = message.id() == null ? last : message.id();
            if (message.name() != null && !"caught-up".equals(message.name())) {
                events.add(message.name() + message.data());
            }
        }
        assertThat(events)
                .containsExactlyInAnyOrder(
                        log.name() + "{\"n\":\"2\"}",
                        "second{\"n\":\"8\"}",
                        third.name() + "{\"@type\":\"Ended\",\"code\":\"1\"}",
                        "complete{\"log\":\"" + third.name() + "\"}");
        again.close();

        SseClient.Message gap = seenLater(application, path, String.valueOf(last), second);
        assertThat(gap.data()).contains("\"log\":\"second\"");
    }

    private SseClient.Message seenLater(
            ConfigurableApplicationContext application, String path, String cursor, EventLog lost) throws Exception {
        lost.delete();
        addWithId(lost, "1-0");
        SseClient client = open(application, path, cursor);
        client.next("caught-up");
        addWithId(lost, "2-0");
        return client.next("gap");
    }

    @Test
    void metersCountOpenAndResumedStreamsAndGaps() throws Exception {
        EventLog log = newLog();
        EventId seen = log.addAll(events(0, 3)).get(0);
        log.delete();
        addWithId(log, (seen.milliseconds() + 1) + "-0"); // in the same millisecond, it could get the same id
        ConfigurableApplicationContext application = start();
        MeterRegistry meters = application.getBean(MeterRegistry.class);
        SseClient client = open(application, "/all/" + log.name(), null);
        client.next("caught-up");
        assertThat(meters.get("eventlog.web.streams").gauge().value()).isOne();
        assertThat(counted(meters, "resumes")).isZero();

        open(application, "/all/" + log.name(), seen.toString()).next("gap");

        assertThat(meters.get("eventlog.web.streams").gauge().value()).isEqualTo(2);
        assertThat(counted(meters, "resumes")).isOne();
        assertThat(counted(meters, "gaps")).isOne();
        assertThat(meters.get("eventlog.gaps").counter().count())
                .as("followers of both kinds")
                .isOne();
        client.close();
        await().until(() -> {
            log.add(event(4)); // the system still accepts the first of these writes
            return meters.get("eventlog.web.streams").gauge().value() == 1;
        });
    }

    static double counted(MeterRegistry meters, String what) {
        return meters.get("eventlog.web." + what).functionCounter().count();
    }

    @Test
    void idOfAHundredLogsHasLessThanFourKilobytes() {
        EventStream stream = EventStream.of(factory.create("orders:0"), Tail.all());
        for (int i = 1; i < 100; i++) {
            stream.and(factory.create("orders:550e8400-e29b-41d4-a716-44665544" + i), Tail.all());
        }
        StreamCursor cursor = StreamCursor.of(stream, null, "");
        stream.sources()
                .forEach(source -> cursor.moveTo(
                        StreamCursor.mark(source.name()), new EventId(System.currentTimeMillis(), 99_999)));
        String text = String.valueOf(cursor.text());

        assertThat(text).hasSizeLessThan(4096);
        assertThat(StreamCursor.of(stream, text, "").text()).isEqualTo(text);
        for (int i = 100; i < EventStream.MOST_LOGS; i++) {
            stream.and(factory.create("orders:" + i), Tail.all());
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> stream.and(factory.create("one-more"), Tail.all()))
                .withMessageContaining("150 logs")
                .withMessageContaining("second stream for log 'one-more'");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> EventStream.of(factory.create("a"), Tail.all()).and(factory.create("a"), Tail.all()))
                .withMessageContaining("already has a log named 'a'");
    }

    /** Many reconnects, as after an outage or a deployment. {@code -Deventlog.test.clients=5000} runs more. */
    @Test
    void manyConcurrentReconnectsMissNothing(CapturedOutput output) throws Exception {
        int count = Integer.getInteger("eventlog.test.clients", 200);
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 101));
        ConfigurableApplicationContext application = application();
        String path = "/all/" + log.name() + "?lastEventId=" + ids.get(0);
        open(application, path, null).next("caught-up"); // so that everything for one client exists
        long calls = commands();
        long cpu = cpuMillis();

        long start = System.nanoTime();
        IdleClients clients = closeLater(new IdleClients(count, uri(application, path)));
        assertThat(clients.await("id:" + ids.get(100) + "\ndata:{\"n\":\"100\"}\n\n", 120))
                .isEqualTo(count);

        System.out.println(count + " clients of " + sse().getSimpleName() + " had 100 events each after "
                + Duration.ofNanos(System.nanoTime() - start).toMillis() + " ms and " + (cpuMillis() - cpu)
                + " ms of the server's processors, by " + (commands() - calls) + " commands of Redis");
        assertThat(output).doesNotContain("ERROR", "Exception");
    }

    /** {@return the CPU time of this process so far, without the thread of the clients} */
    private static long cpuMillis() {
        long all = ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
        return Duration.ofNanos(all - ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime())
                .toMillis();
    }

    private long commands() {
        return Long.parseLong(Objects.requireNonNull(redis.execute((RedisCallback<String>)
                connection -> Objects.requireNonNull(connection.serverCommands().info("stats"))
                        .getProperty("total_commands_processed"))));
    }

    @Test
    void streamOfABlockedClientIsClosed() throws Exception {
        EventLog log = newLog();
        Map<String, String> large = Map.of("text", "x".repeat(100_000));
        for (int i = 0; i < 200; i++) { // more than the system buffers for a client
            log.add(large);
        }
        ConfigurableApplicationContext application = start(
                "eventlog.sse.heartbeat=50ms", "eventlog.sse.write-timeout=300ms", "eventlog.follow.batch-size=10");
        URI uri = uri(application, "/all/" + log.name());
        try (Socket stuck = new Socket()) {
            stuck.setReceiveBufferSize(4096);
            stuck.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
            stuck.getOutputStream().write(("GET " + uri.getPath() + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes());
            await().until(() -> followed(application) == 1);

            await().until(() -> followed(application) == 0);
        }
    }

    static long followed(ConfigurableApplicationContext application) {
        return application.getBean(RedisEventLogFactory.class).followedLogs().size();
    }

    @Test
    void accessIsCheckedBeforeTheFirstByteAndAgain() throws Exception {
        EventLog log = newLog();
        AtomicBoolean may = new AtomicBoolean();
        ConfigurableApplicationContext application = startWith(
                EventStreamAccess.class,
                (request, principal, name) -> may.get()
                        && name.equals(log.name())
                        && request.getURI().getPath().startsWith("/all/"),
                "eventlog.sse.access-interval=50ms");
        String path = "/all/" + log.name();

        assertThat(SseClient.refused(uri(application, path), null).statusCode())
                .isEqualTo(HttpURLConnection.HTTP_FORBIDDEN);
        may.set(true);
        SseClient client = open(application, path, null);
        client.next("caught-up");
        may.set(false);

        assertThat(client.next("failed").data()).startsWith("{\"code\":\"access-denied\"");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        await().until(() -> followed(application) == 0);
    }

    @Test
    void hangingAccessCheckIsNotRepeatedAndTakesFewThreads() throws Exception {
        EventLog log = newLog();
        Semaphore answers = new Semaphore(0);
        AtomicBoolean hangs = new AtomicBoolean();
        AtomicInteger hanging = new AtomicInteger();
        ConfigurableApplicationContext application = startWith(
                EventStreamAccess.class,
                (request, principal, name) -> {
                    if (hangs.get()) {
                        hanging.incrementAndGet();
                        answers.acquireUninterruptibly();
                    }
                    return true;
                },
                "eventlog.sse.access-interval=10ms");
        String path = "/all/" + log.name();
        SseClient client = open(application, path, null);
        client.next("caught-up");
        try {
            hangs.set(true);
            await().until(() -> hanging.get() > 0);
            assertStays(hanging, 1);

            hangs.set(false);
            for (int i = 0; i < 40; i++) {
                open(application, path, null).next("caught-up");
            }
            hangs.set(true);
            await().until(() -> hanging.get() >= 32);
            assertStays(hanging, 32);
        } finally {
            hangs.set(false);
            answers.release(Integer.MAX_VALUE / 2);
        }

        hanging.set(0);
        hangs.set(true);
        await().untilAsserted(() -> assertThat(hanging).as("checks continue").hasPositiveValue());
        log.add(event(0));
        assertThat(client.nextEvent().data()).isEqualTo("{\"n\":\"0\"}");
    }

    /** Checks that a number does not change for many intervals of a check. */
    static void assertStays(AtomicInteger count, int value) {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .during(Duration.ofMillis(300))
                .untilAsserted(() -> assertThat(count).hasValue(value));
    }

    abstract <T> ConfigurableApplicationContext startWith(Class<T> type, T bean, String... properties);

    @Test
    void reconnectBeforeTheFirstEventMissesNothing() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = start("eventlog.sse.reconnect-delay=1500ms");
        SseClient first = open(application, "/new/" + log.name(), null);
        SseClient.Message begin = first.next();
        assertThat(Integer.parseInt(String.valueOf(begin.field("retry")))).isBetween(750, 2250);
        first.close();
        log.addAll(events(1, 3));

        SseClient second = open(application, "/new/" + log.name(), begin.id());

        assertThat(second.nextEvent().data()).isEqualTo("{\"n\":\"1\"}");
        assertThat(second.nextEvent().data()).isEqualTo("{\"n\":\"2\"}");
    }

    @Test
    void shutdownEndsStreamsAndARestartAllowsNewOnes() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();
        SmartLifecycle sse = application.getBean(sse());
        SseClient client = open(application, "/all/" + log.name(), null);
        client.next("caught-up");

        sse.stop();
        client.next("end");
        SseClient early = open(application, "/all/" + log.name(), null);
        early.next("end"); // EventSource would not reconnect after another status than 200
        assertThat(early.next()).isEqualTo(SseClient.CLOSED);
        sse.start();
        open(application, "/all/" + log.name(), null).next("caught-up");
    }

    @Test
    void headLeavesNoFollower() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> answer = SseClient.head(uri(application, "/all/" + log.name()));
            assertThat(answer.statusCode()).isEqualTo(HttpURLConnection.HTTP_OK);
        }

        assertNobodyFollowsWhenThisClientHasGone(application, log);
    }

    /**
     * Clients that disconnect at every moment between the first byte of their request and the first byte of the
     * response. {@code -Deventlog.test.leavers=5000} runs more.
     */
    @Test
    void disconnectsBeforeTheFirstByteLeaveNoFollower() throws Exception {
        int count = Integer.getInteger("eventlog.test.leavers", 100);
        EventLog log = newLog();
        log.addAll(events(0, 50));
        // If a connection is lost just before the first byte, Spring WebFlux cancels nothing, and nobody subscribes

        ConfigurableApplicationContext application = start(
                "eventlog.sse.heartbeat=50ms",
                "eventlog.sse.write-timeout=3s",
                "eventlog.follow.max-threads=8",
                "server.tomcat.threads.max=32",
                "spring.data.redis.client-name=" + sse().getSimpleName());
        URI uri = uri(application, "/all/" + log.name());
        SseClient first = open(application, "/all/" + log.name(), null);
        first.next("caught-up"); // so that everything for one client exists
        int threads = Thread.getAllStackTraces().size();
        long connections = connectionsNamed(sse().getSimpleName());
        byte[] request = ("GET " + uri.getPath() + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes();
        Random random = new Random(count);
        for (int i = 0; i < count; i++) {
            try (Socket client = new Socket(uri.getHost(), uri.getPort())) {
                if (random.nextBoolean()) {
                    client.setSoLinger(true, 0); // a reset instead of an orderly end
                }
                client.getOutputStream().write(request);
                LockSupport.parkNanos(random.nextInt(4) * random.nextInt(2_000_000));
            }
        }
        first.close();

        assertNobodyFollowsWhenThisClientHasGone(application, log);
        assertThat(Thread.getAllStackTraces().size()).isLessThan(threads + 50);
        assertThat(connectionsNamed(sse().getSimpleName())).isLessThanOrEqualTo(connections + POOLED);
        await().untilAsserted(() -> assertThat(opened(application)).isZero());
    }

    @Test
    void unsubscribedStreamLeavesNoFollower() {
        EventLog log = newLog();
        SseSettings settings = new SseSettings(
                Duration.ofMillis(10),
                null,
                Duration.ofMillis(50),
                Duration.ofSeconds(30),
                new FixedBackOff(20, Long.MAX_VALUE),
                false);
        Streams streams = new Streams(new JsonMapper(), settings, null);
        closeLater(streams::destroy);
        EventStream stream = EventStream.of(log, Tail.all());
        CompletableFuture<ClientStream.Opening> opening = new ClientStream<>(
                        streams, stream, StreamCursor.of(stream, null, ""), StreamClient.UNKNOWN, streams.sseFormat())
                .open();

        assertThat(opening.join()).isEqualTo(ClientStream.Opening.OPEN);
        await().until(() -> streams.opened() == 0);
    }

    /** A new client is served after all earlier ones, so any follower that they left exists by then. */
    final void assertNobodyFollowsWhenThisClientHasGone(ConfigurableApplicationContext application, EventLog log)
            throws Exception {
        SseClient client = open(application, "/all/" + log.name(), null);
        client.next("caught-up");
        client.close();
        RedisEventLogFactory logs = application.getBean(RedisEventLogFactory.class);
        await().until(() -> {
            log.add(event(1)); // the system still accepts the first of these writes
            return feeds() == 0 && logs.followedLogs().isEmpty();
        });
    }

    @Test
    void blockedClientDelaysNoOther() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application("eventlog.sse.heartbeat=50ms");
        URI uri = uri(application, "/all/" + log.name());
        Socket stuck = closeLater(new Socket());
        stuck.setReceiveBufferSize(4096);
        stuck.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
        stuck.getOutputStream().write(("GET " + uri.getPath() + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes());
        SseClient client = open(application, "/all/" + log.name(), null);

        Map<String, String> large = Map.of("text", "x".repeat(100_000));
        for (int i = 0; i < 100; i++) { // more than the system buffers for a client
            String id = log.add(large).toString();
            assertThat(client.nextEvent().id()).isEqualTo(id);
        }

        for (int beats = 0; beats < 3; beats++) {
            assertThat(client.next().lines()).containsExactly(":");
        }
        stuck.close();
    }

    @Test
    void unreadableEventIsSkippedAndTheIdMovesPastIt() throws Exception {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        ConfigurableApplicationContext application = application();
        EventLog stored = log.untyped();
        stored.add(Map.of("foo", "bar"));
        EventId fits = log.add(new Reading(1, null));
        String bad = stored.add(Map.of("foo", "bar")).toString();
        for (String kind : List.of("/skipping/", "/skippingrooms/")) {
            SseClient client = open(application, kind + log.name(), null);
            assertThat(client.nextEvent().id()).isEqualTo(fits.toString());
            assertThat(client.next().lines()).as("only the position").containsExactly("id:" + bad);
            client.next("caught-up");

            String next = stored.add(Map.of("foo", "bar")).toString();
            assertThat(client.next().lines()).containsExactly("id:" + next);
            String last = log.add(new Reading(2, null)).toString();
            assertThat(client.nextEvent().id()).isEqualTo(last);
            client.close();
            SseClient again = open(application, kind + log.name(), bad);
            assertThat(again.nextEvent().id()).isEqualTo(last);
            log.delete();
            stored.add(Map.of("foo", "bar"));
            fits = log.add(new Reading(1, null));
            bad = stored.add(Map.of("foo", "bar")).toString();
        }
    }

    @Test
    void unreadableEventEndsAStreamThatFailsOnIt() throws Exception {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        EventId fits = log.add(new Reading(1, "kitchen"));
        log.untyped().add(Map.of("n", "bar"));
        SseClient client = open(application(), "/rooms/" + log.name(), null);
        assertThat(client.nextEvent().id()).isEqualTo(fits.toString());
        assertThat(client.next("failed").data()).contains("unreadable-event");
    }

    final long blockedConnections(String name) {
        List<RedisClientInfo> clients = Objects.requireNonNull(redis.getClientList());
        return clients.stream()
                .filter(client -> name.equals(client.getName())
                        && String.valueOf(client.getFlags()).contains("b"))
                .count();
    }

    static long feeds() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("eventlog-feed-"))
                .count();
    }

    final SseClient open(ConfigurableApplicationContext application, String path, @Nullable String lastEventId)
            throws IOException, InterruptedException {
        return closeLater(new SseClient(uri(application, path), lastEventId));
    }
}
