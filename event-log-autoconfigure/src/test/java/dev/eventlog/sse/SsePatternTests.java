package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.LogPattern;
import dev.eventlog.Tail;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.sse.SseStartTests.Kind;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.ConfigurableApplicationContext;

/** Streams of all logs of a pattern to one client. */
class SsePatternTests extends ServerTests {

    @ParameterizedTest
    @EnumSource
    void streamHasAllMatchingLogsAndContinuesInEachOne(Kind kind) throws Exception {
        add("orders:1", 0, 2);
        add("orders:2", 5, 6);
        add("other:1", 9, 10);
        ConfigurableApplicationContext application = start(kind);
        SseClient client = open(application, "/matching/orders", null);

        Read first = readUntilCaughtUp(client);
        assertThat(first.events).containsExactlyInAnyOrder("orders:1 0", "orders:1 1", "orders:2 5");
        assertThat(first.events).containsSubsequence("orders:1 0", "orders:1 1");
        client.close();

        add("orders:1", 2, 3);
        add("orders:2", 6, 8);
        add("orders:3", 0, 2);
        assertThat(read(open(application, "/newmatching/orders", first.id), 5).events)
                .containsExactlyInAnyOrder("orders:1 2", "orders:2 6", "orders:2 7", "orders:3 0", "orders:3 1");
        assertThat(readUntilCaughtUp(open(application, "/newmatching/orders?lastEventId=" + first.id, null)).events)
                .as("a reloaded page")
                .hasSize(5);
        assertThat(readUntilCaughtUp(open(application, "/newmatching/orders", null)).events)
                .as("a client without events")
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void newLogIsSentFromItsFirstEvent(Kind kind) throws Exception {
        add("orders:1", 0, 2);
        ConfigurableApplicationContext application = start(kind);
        SseClient client = open(application, "/newmatching/orders", null);
        assertThat(readUntilCaughtUp(client).events).isEmpty();

        long start = System.nanoTime();
        add("orders:2", 0, 3);
        Read later = read(client, 3);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        assertThat(later.events).containsExactly("orders:2 0", "orders:2 1", "orders:2 2");
        client.close();

        add("orders:2", 3, 4);
        assertThat(read(open(application, "/newmatching/orders", later.id), 1).events)
                .containsExactly("orders:2 3");
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void reconnectBeforeTheFirstLogMissesNothing(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(kind);
        SseClient client = open(application, "/newmatching/orders", null);
        String id = readUntilCaughtUp(client).id;
        assertThat(id).isEqualTo("*");
        client.close();
        add("orders:1", 0, 2);

        assertThat(read(open(application, "/newmatching/orders", id), 2).events)
                .containsExactly("orders:1 0", "orders:1 1");
    }

    @ParameterizedTest
    @EnumSource
    void deletedLogLeavesTheIdAndStartsAsANewOne(Kind kind) throws Exception {
        add("orders:1", 0, 2);
        add("orders:2", 0, 1);
        ConfigurableApplicationContext application = start(kind, "eventlog.follow.sweep-interval=1s");
        SseClient client = open(application, "/matching/orders", null);
        Read first = readUntilCaughtUp(client);
        assertThat(first.id).contains(StreamCursor.mark("orders:1"));

        redis.ask("DEL", "orders:1");
        SseClient.Message gone = client.next();
        assertThat(gone.name()).isEqualTo("gone");
        assertThat(gone.data()).isEqualTo("{\"log\":\"orders:1\"}");
        assertThat(gone.id()).startsWith(StreamCursor.mark("orders:2")).doesNotContain(",");
        addWithId("orders:1", "1-1", 7);
        add("orders:2", 1, 2);
        assertThat(read(client, 2).events).containsExactlyInAnyOrder("orders:1 7", "orders:2 1");
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void completeLogIsReportedAndLeavesTheIdWhenDeleted(Kind kind) throws Exception {
        add("orders:1", 0, 2);
        add("orders:2", 0, 1);
        ConfigurableApplicationContext application = start(kind, "eventlog.follow.sweep-interval=1s");
        SseClient client = open(application, "/matching/orders", null);
        readUntilCaughtUp(client);

        TestApplication.factory(application).create("orders:1").cancel("enough");
        assertThat(client.next("complete").data()).contains("\"kind\":\"CANCELLED\"", "\"log\":\"orders:1\"");
        redis.ask("DEL", "orders:1");

        assertThat(client.next("gone").data()).isEqualTo("{\"log\":\"orders:1\"}");
        add("orders:1", 7, 8);
        assertThat(read(client, 1).events).containsExactly("orders:1 7");
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void logThatBeganAgainIsReported(Kind kind) throws Exception {
        add("orders:1", 0, 2);
        ConfigurableApplicationContext application = start(kind);
        SseClient client = open(application, "/matching/orders", null);
        readUntilCaughtUp(client);

        redis.ask("EVAL", "redis.call('DEL', KEYS[1]) redis.call('XADD', KEYS[1], '1-1', 'n', '7')", "1", "orders:1");

        assertThat(client.next("gap").data()).contains("\"kind\":\"BEGAN_AGAIN\"", "\"log\":\"orders:1\"");
        assertThat(read(client, 1).events).containsExactly("orders:1 7");
    }

    @ParameterizedTest
    @EnumSource
    void outageIsSentOnceAndNewLogsAreFoundAfterIt(Kind kind) throws Exception {
        for (int i = 0; i < 12; i++) { // more logs than dedicated connections
            add("orders:" + i, 0, 1);
        }
        ConfigurableApplicationContext application =
                start(kind, "eventlog.follow.recovery.max-delay=200ms", "eventlog.follow.poll-timeout=300ms");
        SseClient client = open(application, "/matching/orders", null);
        assertThat(readUntilCaughtUp(client).events).hasSize(12);

        redis.kill();
        SseClient late = open(application, "/matching/orders", null);
        assertThat(client.next().name()).isEqualTo("interrupted");
        redis.start();
        add("orders:0", 1, 2);
        add("orders:new", 0, 1);

        List<String> got = new ArrayList<>();
        while (got.size() < 3) {
            SseClient.Message message = client.next();
            if (message.name() != null) {
                got.add(message.name());
            } else if (!message.data().isEmpty()) {
                got.add(event(message));
            }
        }
        assertThat(got).containsExactlyInAnyOrder("resumed", "orders:0 1", "orders:new 0");
        Read lateRead = readUntilCaughtUp(late);
        assertThat(lateRead.told).startsWith("interrupted", "resumed");
        assertThat(lateRead.events).contains("orders:0 0", "orders:0 1", "orders:11 0");
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void tooManyLogsForAnIdRefuseOrEndTheStream(Kind kind) throws Exception {
        ConfigurableApplicationContext application =
                start(kind, "spring.mvc.problemdetails.enabled=true", "spring.webflux.problemdetails.enabled=true");
        for (int i = 0; i < 100; i++) {
            add("orders:550e8400-e29b-41d4-a716-44665544" + i, 0, 1);
        }
        SseClient client = open(application, "/matching/orders", null);
        assertThat(readUntilCaughtUp(client).id).hasSizeLessThan(4096);

        for (int i = 100; i < EventStream.MOST_LOGS; i++) {
            add("orders:" + i, 0, 1);
        }
        read(client, EventStream.MOST_LOGS - 100);
        add("orders:one-more", 0, 1);

        assertThat(client.next("failed").data())
                .startsWith("{\"code\":\"too-many-logs\"")
                .contains("narrower pattern");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        HttpResponse<String> answer = SseClient.refused(uri(application, "/matching/orders"), null);
        assertThat(answer.statusCode()).isEqualTo(HttpURLConnection.HTTP_BAD_REQUEST);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(answer.body()).contains("more than 150 logs", "'orders:*'", "narrower pattern");
        LogTests.await().until(() -> followed(application) == 0);
        redis.ask("DEL", "orders:one-more");
        assertThat(readUntilCaughtUp(open(application, "/matching/orders", null)).events)
                .hasSize(EventStream.MOST_LOGS);
    }

    @ParameterizedTest
    @EnumSource
    void accessIsCheckedForThePatternAndEachLog(Kind kind) throws Exception {
        add("orders:1", 0, 1);
        add("orders:2", 0, 1);
        add("orders:secret", 0, 1);
        Set<String> may = ConcurrentHashMap.newKeySet();
        EventStreamAccess access = (request, principal, log) -> may.contains(log);
        ConfigurableApplicationContext application = startWith(
                kind,
                access,
                "eventlog.sse.access-interval=50ms",
                "spring.mvc.problemdetails.enabled=true",
                "spring.webflux.problemdetails.enabled=true");
        may.addAll(List.of("orders:1", "orders:2"));
        HttpResponse<String> refused = SseClient.refused(uri(application, "/matching/orders"), null);
        assertThat(refused.statusCode()).isEqualTo(HttpURLConnection.HTTP_FORBIDDEN);
        assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(refused.body()).startsWith("{").contains("\"status\":403");

        may.add("orders:*");
        SseClient client = open(application, "/matching/orders", null);
        assertThat(readUntilCaughtUp(client).events).containsExactlyInAnyOrder("orders:1 0", "orders:2 0");

        may.add("orders:4");
        add("orders:3", 0, 1); // the client may not follow this log
        add("orders:4", 0, 1);
        assertThat(read(client, 1).events).containsExactly("orders:4 0");

        may.remove("orders:1");
        assertThat(client.next("gone").data()).isEqualTo("{\"log\":\"orders:1\"}");
        add("orders:1", 1, 2);
        add("orders:2", 1, 2);
        assertThat(read(client, 1).events).containsExactly("orders:2 1");

        may.remove("orders:*");
        assertThat(client.next("failed").data()).startsWith("{\"code\":\"access-denied\"");
        LogTests.await().until(() -> followed(application) == 0);
    }

    @ParameterizedTest
    @EnumSource
    void unknownAccessFailsTheRequestOrEndsTheStream(Kind kind) throws Exception {
        add("orders:1", 0, 1);
        add("broken:broken", 0, 1);
        EventStreamAccess access = (request, principal, log) -> {
            if (log.endsWith(":broken")) {
                throw new IllegalStateException("secret of the server");
            }
            return true;
        };
        ConfigurableApplicationContext application = startWith(kind, access);

        HttpResponse<String> refused = SseClient.refused(uri(application, "/matching/broken"), null);
        assertThat(refused.statusCode()).isEqualTo(HttpURLConnection.HTTP_INTERNAL_ERROR);

        SseClient client = open(application, "/matching/orders", null);
        assertThat(readUntilCaughtUp(client).events).containsExactly("orders:1 0");
        add("orders:broken", 0, 1);
        assertThat(client.next("failed").data())
                .startsWith("{\"code\":\"access-denied\"")
                .doesNotContain("secret");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        LogTests.await().until(() -> followed(application) == 0);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void hangingAccessCheckDelaysNoOtherClient(Kind kind) throws Exception {
        add("single", 0, 1);
        add("jobs:1", 0, 1);
        Semaphore answers = new Semaphore(0);
        AtomicInteger hanging = new AtomicInteger();
        EventStreamAccess access = (request, principal, log) -> {
            if (log.startsWith("orders:") && !log.equals("orders:*")) {
                hanging.incrementAndGet();
                answers.acquireUninterruptibly();
            }
            return true;
        };
        ConfigurableApplicationContext application =
                startWith(kind, access, "eventlog.sse.heartbeat=50ms", "eventlog.follow.sweep-interval=1s");
        SseClient single = open(application, "/all/single", null);
        single.next("caught-up");
        SseClient jobs = open(application, "/matching/jobs", null);
        readUntilCaughtUp(jobs);
        List<SseClient> clients = new ArrayList<>();
        for (int i = 0; i < 40; i++) { // more than the number of checks at the same time
            clients.add(open(application, "/matching/orders", null));
            readUntilCaughtUp(clients.get(i));
        }
        try {
            add("orders:1", 0, 1);
            LogTests.await().until(() -> hanging.get() >= 32);
            redis.ask("DEL", "jobs:1"); // noticed by the timer, which also sends the heartbeats
            long end = System.nanoTime() + Duration.ofSeconds(4).toNanos();
            while (System.nanoTime() < end) {
                assertThat(single.next().lines()).containsExactly(":");
            }
            assertThat(hanging).hasValue(32);
        } finally {
            answers.release(Integer.MAX_VALUE / 2);
        }
        for (SseClient client : clients) {
            assertThat(read(client, 1).events).containsExactly("orders:1 0");
        }
        jobs.next("gone");
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void clientsShareOneSearchForLogs(Kind kind) throws Exception {
        add("orders:1", 0, 1);
        ConfigurableApplicationContext application = start(kind);
        List<SseClient> clients = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            clients.add(open(application, "/matching/orders", null));
            assertThat(readUntilCaughtUp(clients.get(i)).events).containsExactly("orders:1 0");
        }
        assertThat(listening()).isLessThanOrEqualTo(1);
        add("orders:2", 0, 1);
        for (SseClient client : clients) {
            assertThat(read(client, 1).events).containsExactly("orders:2 0");
            client.close();
        }

        LogTests.await().until(() -> {
            add("orders:2", 1, 2); // the system still accepts the first of these writes
            return followed(application) == 0;
        });
        LogTests.await().until(() -> listening() == 0);
    }

    /** The number of connections that receive all changes of keys with a prefix. */
    private long listening() {
        return Stream.of(String.valueOf(redis.ask("CLIENT", "LIST")).split("\n"))
                .filter(line -> line.matches(".* flags=\\S*B.*"))
                .count();
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void customNamesAndEndsApplyToLogsOfAPattern(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(kind);
        EventLogFactory logs = TestApplication.factory(application);
        logs.create("jobs", SseTests.Step.class).add(new SseTests.Step.Started("Ada"));
        logs.create("jobs:1", SseTests.Step.class)
                .addAll(List.of(
                        new SseTests.Step.Started("Bob"), new SseTests.Step.Ended(1), new SseTests.Step.Ended(2)));
        logs.create("jobs:a\nb\rc", SseTests.Step.class).add(new SseTests.Step.Ended(3));
        SseClient client = open(application, "/both/jobs", null);

        List<String> got = new ArrayList<>();
        while (got.size() < 7) {
            SseClient.Message message = client.next();
            if (message.name() != null || !message.data().isEmpty()) {
                got.add(message.name() + ' ' + message.data());
            }
        }
        assertThat(got)
                .containsExactlyInAnyOrder(
                        "jobs {\"@type\":\"Started\",\"by\":\"Ada\"}",
                        "null Started",
                        "null Ended",
                        "complete {\"log\":\"obs:1\"}",
                        "null Ended",
                        "complete {\"log\":\"obs:a\\nb\\rc\"}",
                        "caught-up ");
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void malformedIdIsABadRequest(Kind kind) throws Exception {
        ConfigurableApplicationContext application =
                start(kind, "spring.mvc.problemdetails.enabled=true", "spring.webflux.problemdetails.enabled=true");
        for (String id : List.of("1-1", "order:1-1", "abcdef:", "a\u00e4cdef:1-1")) {
            HttpResponse<String> answer = SseClient.refused(uri(application, "/matching/orders"), id);
            assertThat(answer.statusCode()).as(id).isEqualTo(HttpURLConnection.HTTP_BAD_REQUEST);
            assertThat(answer.body()).contains("\"detail\":\"Last-Event-ID: ");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventStream.of(
                        TestApplication.factory(application), LogPattern.of("orders:*"), Tail.after(EventId.MIN)))
                .withMessageContaining("'orders:*'");
    }

    /** The messages that a client read. */
    private static final class Read {

        private final List<String> events = new ArrayList<>();
        private final List<String> told = new ArrayList<>();
        private String id = "";

        void take(SseClient.Message message) {
            id = message.id() == null ? id : String.valueOf(message.id());
            if (message.name() != null) {
                told.add(message.name());
            } else if (!message.data().isEmpty()) {
                events.add(event(message));
            }
        }
    }

    /** {@return the log and the number of an event} */
    private static String event(SseClient.Message message) {
        return message.data()
                .replaceAll("\\{\"log\":\"([^\"]+)\",\"id\":\"\\d+-\\d+\",\"event\":\\{\"n\":\"(\\d+)\"}}", "$1 $2");
    }

    private static Read read(SseClient client, int events) throws InterruptedException {
        Read read = new Read();
        while (read.events.size() < events) {
            read.take(client.next());
        }
        assertThat(read.told).doesNotContain("gap", "gone", "failed", "end");
        return read;
    }

    private static Read readUntilCaughtUp(SseClient client) throws InterruptedException {
        Read read = new Read();
        SseClient.Message message = client.next();
        while (!"caught-up".equals(message.name())) {
            read.take(message);
            message = client.next();
        }
        return read;
    }

    private static long followed(ConfigurableApplicationContext application) {
        return application.getBean(RedisEventLogFactory.class).followedLogs().size();
    }

    private ConfigurableApplicationContext start(Kind kind, String... properties) {
        return closeLater(TestApplication.startWeb(kind.type, kind.web, withRedis(properties)));
    }

    private ConfigurableApplicationContext startWith(Kind kind, EventStreamAccess access, String... properties) {
        return closeLater(TestApplication.startWebWith(
                kind.type, kind.web, EventStreamAccess.class, access, withRedis(properties)));
    }

    private SseClient open(ConfigurableApplicationContext application, String path, @Nullable String lastEventId)
            throws IOException, InterruptedException {
        return closeLater(new SseClient(uri(application, path), lastEventId));
    }
}
