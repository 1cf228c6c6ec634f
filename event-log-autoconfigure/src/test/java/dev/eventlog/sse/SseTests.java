package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.TypedEventLog;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.SseClient;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.core.types.RedisClientInfo;

/** What clients get, whichever way it is served. */
@ExtendWith(OutputCaptureExtension.class)
abstract class SseTests extends LogTests {

    record Reading(int n, @Nullable String room) {}

    /** {@return an application for a test that neither ends it nor needs it to be otherwise} */
    abstract ConfigurableApplicationContext application();

    /** {@return an application of the test's own, closed after it} */
    abstract ConfigurableApplicationContext start(String... properties);

    /** {@return the type of the bean that opens streams} */
    abstract Class<? extends SmartLifecycle> sse();

    @Test
    void sendsTypedEventsAndWhatIsMadeOfThem() throws Exception {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        EventId id = log.add(new Reading(1, "a\nb\rc"));
        ConfigurableApplicationContext application = application();

        assertThat(open(application, "/typed/" + log.name(), null).nextEvent().lines())
                .containsExactly("id:" + id, "data:{\"n\":1,\"room\":\"a\\nb\\rc\"}");
        assertThat(open(application, "/rooms/" + log.name(), null).nextEvent().lines())
                .as("text of several lines")
                .containsExactly("id:" + id, "data:a", "data:b", "data:c");
    }

    @Test
    void losesNothingForAClientThatComesBackBeforeItGotAnEvent() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = start("eventlog.sse.reconnect-delay=1500ms");
        SseClient first = open(application, "/new/" + log.name(), null);
        SseClient.Message begin = first.next();
        assertThat(begin.field("retry")).isEqualTo("1500");
        first.close();
        log.addAll(events(1, 3));

        SseClient second = open(application, "/new/" + log.name(), begin.id());

        assertThat(second.nextEvent().data()).isEqualTo("{\"n\":\"1\"}");
        assertThat(second.nextEvent().data()).isEqualTo("{\"n\":\"2\"}");
    }

    @Test
    void endsStreamsAtOnceWhileItShutsDownAndOpensThemWhenStartedAgain() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = start();
        SmartLifecycle sse = application.getBean(sse());
        SseClient client = open(application, "/all/" + log.name(), null);
        client.next("caught-up");

        sse.stop();
        client.next("end");
        SseClient early = open(application, "/all/" + log.name(), null);
        early.next("end"); // at another status than 200 EventSource would not come back
        assertThat(early.next()).isEqualTo(SseClient.CLOSED);
        sse.start();
        open(application, "/all/" + log.name(), null).next("caught-up");
    }

    @Test
    void headLeavesNoFollower() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = start();
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> answer = SseClient.head(uri(application, "/all/" + log.name()));
            assertThat(answer.statusCode()).isEqualTo(HttpURLConnection.HTTP_OK);
        }

        assertNobodyFollowsWhenThisClientHasGone(application, log);
    }

    @Test
    void aClientThatLeavesBeforeTheFirstByteLeavesNoFollower() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = start("eventlog.sse.heartbeat=50ms");
        URI uri = uri(application, "/all/" + log.name());
        for (int i = 0; i < 20; i++) {
            try (Socket client = new Socket(uri.getHost(), uri.getPort())) {
                client.setSoLinger(true, 0);
                client.getOutputStream().write(("GET " + uri.getPath() + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes());
            }
        }

        assertNobodyFollowsWhenThisClientHasGone(application, log);
    }

    /** A client of this time is served after those before it, whose followers, if any are left, are there by then. */
    final void assertNobodyFollowsWhenThisClientHasGone(ConfigurableApplicationContext application, EventLog log)
            throws Exception {
        SseClient client = open(application, "/all/" + log.name(), null);
        client.next("caught-up");
        client.close();
        RedisEventLogFactory logs = application.getBean(RedisEventLogFactory.class);
        await().until(() -> {
            log.add(event(1)); // the first of these is still taken by the system
            return feeds() == 0 && logs.followedLogs().isEmpty();
        });
    }

    @Test
    void aClientThatReadsNothingHoldsUpNoOther() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = start("eventlog.sse.heartbeat=50ms");
        URI uri = uri(application, "/all/" + log.name());
        Socket stuck = closeLater(new Socket());
        stuck.setReceiveBufferSize(4096);
        stuck.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
        stuck.getOutputStream().write(("GET " + uri.getPath() + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes());
        SseClient client = open(application, "/all/" + log.name(), null);

        Map<String, String> large = Map.of("text", "x".repeat(100_000));
        for (int i = 0; i < 100; i++) { // more than the system keeps for a client
            String id = log.add(large).toString();
            assertThat(client.nextEvent().id()).isEqualTo(id);
        }

        for (int beats = 0; beats < 3; beats++) {
            assertThat(client.next().lines()).containsExactly(":");
        }
        stuck.close();
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
