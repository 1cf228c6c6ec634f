package dev.eventlog.sse;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.sse.WebSocketTests.Kind;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.SocketClient;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/** WebSocket clients during outages and shutdowns, and of applications with other properties. */
@ExtendWith(OutputCaptureExtension.class)
class WebSocketFaultTests extends ServerTests {

    private ConfigurableApplicationContext start(Kind kind, String... properties) {
        ConfigurableApplicationContext application =
                closeLater(TestApplication.startWeb(kind.type, kind.web, withRedis(properties)));
        logs(application).create("warm-up").size(); // the first connection can take longer than a stream waits
        return application;
    }

    private static EventLogFactory logs(ConfigurableApplicationContext application) {
        return TestApplication.factory(application);
    }

    private SocketClient open(ConfigurableApplicationContext application, Kind kind, String path) {
        return closeLater(SocketClient.open(WebSocketTests.address(application, kind, path)));
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void eachMessageNamesItsLogOfAPattern(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(kind, "eventlog.follow.sweep-interval=1s");
        add("log:1", 1, 2);
        SocketClient client = open(application, kind, "/matching/log");
        JsonNode event = client.next("event");
        assertThat(event.get("log").asString()).isEqualTo("log:1");
        assertThat(event.get("data")).hasToString("{\"n\":\"1\"}");
        add("log:2", 2, 3);
        assertThat(client.next("event").get("log").asString()).isEqualTo("log:2");
        redis.ask("DEL", "log:2");
        assertThat(client.next("gone").get("data")).hasToString("{\"log\":\"log:2\"}");
    }

    @ParameterizedTest
    @EnumSource
    void gapsAndInterruptionsAreSent(Kind kind) throws Exception {
        add("log", 0, 1);
        ConfigurableApplicationContext application =
                start(kind, "eventlog.follow.recovery.max-delay=200ms", "eventlog.follow.poll-timeout=300ms");
        SocketClient client = open(application, kind, "/all/log?lastEventId=" + EventId.parse("1-0"));
        client.next("caught-up");
        redis.kill();
        assertThat(client.next("interrupted").get("data").asString()).contains("continues by itself");
        redis.start();
        client.next("resumed");
        String next = add("log", 1, 2).get(0).toString();
        assertThat(client.next("event").get("id").asString()).isEqualTo(next);

        EventId seen = new EventId(EventId.parse(next).milliseconds() + 1_000, 0);
        SocketClient ahead = open(application, kind, "/all/log?lastEventId=" + seen);
        ahead.next("caught-up");
        String first = add("log", 2, 3).get(0).toString();
        JsonNode gap = ahead.next("gap").get("data");
        assertThat(gap.get("kind").asString()).isEqualTo("BEGAN_AGAIN");
        assertThat(gap.get("lastSeen").asString()).isEqualTo(seen.toString());
        assertThat(gap.get("firstAvailable").asString()).isEqualTo(first);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void socketOpensDuringAnOutageAndStartsAfterIt(Kind kind, CapturedOutput output) throws Exception {
        add("log", 0, 1);
        redis.kill();
        ConfigurableApplicationContext application =
                closeLater(TestApplication.startWeb(kind.type, kind.web, withRedis()));
        SocketClient client = open(application, kind, "/all/log");
        client.next("interrupted");
        redis.start();
        client.next("resumed");
        client.next("event");
        assertThat(output).doesNotContain("ERROR");
    }

    @ParameterizedTest
    @EnumSource
    void accessIsCheckedAtTheStartAndAgain(Kind kind) throws Exception {
        AtomicReference<String> allowed = new AtomicReference<>("none");
        EventStreamAccess access = (request, principal, name) -> name.equals(allowed.get())
                && request.getURI().getPath().startsWith(kind.path + "/all/")
                && request.getHeaders().containsHeader("Upgrade");
        ConfigurableApplicationContext application = closeLater(TestApplication.startWebWith(
                kind.type, kind.web, EventStreamAccess.class, access, withRedis("eventlog.sse.access-interval=50ms")));
        add("log", 0, 1);
        SocketClient refused = open(application, kind, "/all/log");
        assertThat(refused.next())
                .hasToString(
                        "{\"type\":\"failed\",\"data\":{\"code\":\"access-denied\",\"message\":\"You are not allowed to follow this\"}}");
        assertThat(refused.closed()).isEqualTo(1008);

        allowed.set("log");
        SocketClient client = open(application, kind, "/all/log");
        client.next("caught-up");
        allowed.set("none");
        assertThat(client.next("failed").get("data").get("code").asString()).isEqualTo("access-denied");
        assertThat(client.closed()).isEqualTo(1008);
        await().until(() -> WebSocketTests.followed(application) == 0 && WebSocketTests.opened(application) == 0);
    }

    @ParameterizedTest
    @EnumSource
    void shutdownAsksClientsToReconnect(Kind kind) throws Exception {
        ConfigurableApplicationContext application =
                start(kind, "spring.lifecycle.timeout-per-shutdown-phase=60s", "server.shutdown=graceful");
        List<SocketClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(open(application, kind, "/all/log"));
            clients.get(i).next("caught-up");
        }
        long start = System.nanoTime();
        application.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
        for (SocketClient client : clients) {
            client.next("end");
            assertThat(client.closed()).isEqualTo(1001);
        }
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void blockedClientDelaysNoOtherAndIsClosed(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(
                kind, "eventlog.sse.heartbeat=50ms", "eventlog.sse.write-timeout=2s", "eventlog.follow.batch-size=10");
        EventLog log = logs(application).create("log");
        log.add(Map.of("text", "first"));
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        List<SocketClient> stuck = new ArrayList<>();
        int threads = 0;
        for (int i = 0; i < 20; i++) {
            stuck.add(closeLater(SocketClient.stuck(WebSocketTests.address(application, kind, "/all/log"))));
        }
        SocketClient client = open(application, kind, "/all/log");
        client.next("caught-up");
        Map<String, String> large = Map.of("text", "x".repeat(50_000));
        for (int i = 0; i < 200; i++) { // more than the system buffers for a client
            String id = log.add(large).toString();
            assertThat(client.next("event").get("id").asString()).isEqualTo(id);
            threads = Math.max(threads, waitingThreads(before));
        }
        if (kind != Kind.DECORATED) {
            assertThat(threads).as("threads that wait for clients").isLessThan(stuck.size() / 2);
        }
        await().until(() -> WebSocketTests.opened(application) == 1);
        client.next("heartbeat");
        assertThat(log.add(large)).hasToString(client.next("event").get("id").asString());
    }

    private static int waitingThreads(Set<Thread> before) {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread) && thread.getName().matches("eventlog-sse-\\d+"))
                .count();
    }
}
