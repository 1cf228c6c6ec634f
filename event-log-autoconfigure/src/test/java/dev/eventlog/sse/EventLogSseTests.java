package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.test.IdleClients;
import dev.eventlog.test.SharedApplications;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedisConnection;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Runs the tests with Tomcat. */
class EventLogSseTests extends SseTests {

    private static final String CLIENT = "sse-tests";

    @RegisterExtension
    static final SharedApplications SHARED = new SharedApplications(List.of(EventLogSse.class));

    @Override
    ConfigurableApplicationContext application(String... properties) {
        return SHARED.get(Application.class, WebApplicationType.SERVLET, properties);
    }

    @Override
    ConfigurableApplicationContext start(String... properties) {
        return closeLater(TestApplication.startWeb(Application.class, WebApplicationType.SERVLET, properties));
    }

    @Override
    <T> ConfigurableApplicationContext startWith(Class<T> type, T bean, String... properties) {
        return closeLater(
                TestApplication.startWebWith(Application.class, WebApplicationType.SERVLET, type, bean, properties));
    }

    @Override
    Class<EventLogSse> sse() {
        return EventLogSse.class;
    }

    @Override
    int opened(ConfigurableApplicationContext application) {
        return application.getBean(sse()).openStreams();
    }

    @Test
    void streamHasExistingEventsThenNewOnesWithTheirIds() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));
        SseClient client = open(application(), "/all/" + log.name(), null);

        assertThat(client.header("Content-Type")).startsWith("text/event-stream");
        assertThat(client.header("Cache-Control")).isEqualTo("no-store");
        assertThat(client.header("X-Accel-Buffering")).isEqualTo("no");
        assertThat(client.next().id())
                .as("the id of the start")
                .isEqualTo(ids.get(0).previous().toString());
        for (int n = 0; n < 3; n++) {
            assertThat(client.next().lines()).containsExactly("id:" + ids.get(n), "data:{\"n\":\"" + n + "\"}");
        }
        assertThat(client.next().lines()).containsExactly("event:caught-up", "data:");

        EventId id = log.add(event(3));
        assertThat(client.next().lines()).containsExactly("id:" + id, "data:{\"n\":\"3\"}");
    }

    @Test
    void streamContinuesAfterTheLastEventIdInsteadOfTheTail() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));
        ConfigurableApplicationContext application = application();

        SseClient client = open(application, "/new/" + log.name(), ids.get(0).toString());
        assertThat(client.nextEvent().id()).isEqualTo(ids.get(1).toString());
        assertThat(client.nextEvent().id()).isEqualTo(ids.get(2).toString());
        assertThat(open(application, "/new/" + log.name(), "").next("caught-up").data())
                .as("an empty id is no id")
                .isEmpty();
    }

    @Test
    void gapIsSentBeforeTheNextEvent() throws Exception {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        String seen = new EventId(id.milliseconds() + 1_000, 0).toString();

        SseClient client = open(application(), "/all/" + log.name(), seen);
        client.next("caught-up");
        String next = log.add(event(1)).toString();

        SseClient.Message gap = client.next();
        assertThat(gap.lines().get(0)).isEqualTo("event:gap");
        assertThat(gap.data())
                .startsWith("{\"kind\":\"BEGAN_AGAIN\",\"lastSeen\":\"" + seen + "\",\"firstAvailable\":\"" + next
                        + "\",\"missed\":")
                .matches(".*:(null|[0-9]+)}");
        assertThat(client.next().id()).isEqualTo(next);
    }

    @Tag("long")
    @Test
    void clientsThatDisconnectWhileEventsAreWrittenLeaveNothingInTheApplicationLog(CapturedOutput output)
            throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 2_000));
        ConfigurableApplicationContext application = application();
        URI uri = uri(application, "/all/" + log.name());
        byte[] request = ("GET " + uri.getPath() + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);

        int before = output.getAll().length();
        for (int i = 0; i < 600; i++) {
            try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
                socket.setSoLinger(true, 0); // resets the connection
                socket.getOutputStream().write(request);
                for (int read = 0; read < i % 30; read++) {
                    socket.getInputStream().readNBytes(i);
                }
            }
        }
        await().untilAsserted(() -> {
            log.add(event(2_000)); // so that the server notices
            assertThat(opened(application)).isZero();
        });

        assertThat(output.getAll().substring(before)).doesNotContain(" WARN ", " ERROR ");
    }

    @Test
    void failureIsSentWithoutItsReason(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        SseClient client = open(application(), "/failing/" + log.name(), null);
        client.next("caught-up");

        log.add(event(0));

        assertThat(client.next().lines())
                .containsExactly(
                        "event:failed",
                        "data:{\"code\":\"unreadable-event\",\"message\":\"The next event cannot be sent\"}");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        assertThat(output).contains("secret of the server");
        await().until(() -> feeds() == 0);
    }

    @Test
    void unreturnedStreamLeavesNoFollower() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();

        assertThat(SseClient.refused(uri(application, "/thrown/" + log.name()), null)
                        .statusCode())
                .isEqualTo(HttpURLConnection.HTTP_INTERNAL_ERROR);

        assertNobodyFollowsWhenThisClientHasGone(application, log);
    }

    /** The server would discard everything that is written, and nobody would detect that the client is gone. */
    @Test
    void responseWithoutABodyRefusesTheStream() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();

        for (int status : new int[] {204, 205, 304}) {
            assertThat(SseClient.refused(uri(application, "/status/" + status + '/' + log.name()), null)
                            .statusCode())
                    .isEqualTo(HttpURLConnection.HTTP_INTERNAL_ERROR);
        }

        assertNobodyFollowsWhenThisClientHasGone(application, log);
    }

    @Test
    void followerOfADisconnectedClientIsClosed(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        SseClient client = open(application("eventlog.sse.heartbeat=50ms"), "/all/" + log.name(), null);
        client.next("caught-up");
        for (int beats = 0; beats < 2; beats++) {
            assertThat(client.next().lines()).containsExactly(":");
        }
        assertThat(feeds()).isOne();

        client.close();

        await().until(() -> feeds() == 0);
        assertThat(output).doesNotContain("ERROR", "Exception");
    }

    @Test
    void followerOfADisconnectedClientIsClosedByTheNextEvent(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        SseClient client = open(start("eventlog.sse.heartbeat=0s"), "/all/" + log.name(), null);
        client.next("caught-up");
        client.close();

        await().until(() -> {
            log.add(event(1)); // the system still accepts the first of these writes
            return feeds() == 0;
        });

        assertThat(output).doesNotContain("ERROR", "Exception");
    }

    @Test
    void shutdownEndsStreamsBeforeTheServerWaits() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application =
                start("spring.lifecycle.timeout-per-shutdown-phase=60s", "server.shutdown=graceful");
        List<SseClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(open(application, "/three/" + log.name(), null));
            clients.get(i).next("caught-up");
        }

        long start = System.nanoTime();
        application.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
        for (SseClient client : clients) {
            client.next("end");
            assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        }
    }

    @Tag("long")
    @Test
    void twoThousandIdleClientsShareThreadsAndOneConnection() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = start(
                "server.tomcat.threads.max=8",
                "eventlog.follow.max-threads=8",
                "spring.data.redis.client-name=" + CLIENT);
        URI uri = uri(application, "/new/" + log.name());
        open(application, "/new/" + log.name(), null).next("caught-up"); // so that everything for one client exists
        await().until(() -> blockedConnections(CLIENT) == 1);
        long connections = connectionsNamed(CLIENT);
        int threads = Thread.getAllStackTraces().size();

        IdleClients clients = closeLater(new IdleClients(2_000, uri));
        assertThat(clients.await("event:caught-up\ndata:\n\n", 60)).isEqualTo(2_000);

        assertThat(Thread.getAllStackTraces().size()).isLessThan(threads + 50);
        assertThat(connectionsNamed(CLIENT)).isLessThanOrEqualTo(connections + POOLED);
        await().until(() -> blockedConnections(CLIENT) == 1);

        EventId id = log.add(event(1));
        assertThat(clients.await("id:" + id + "\ndata:{\"n\":\"1\"}\n\n", 60)).isEqualTo(2_000);
        assertThat(Thread.getAllStackTraces().size()).isLessThan(threads + 50);
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestRedisConnection.class, Controller.class})
    static class Application {}

    @RestController
    static class Controller {

        private final EventLogFactory logs;
        private final EventLogSse sse;

        Controller(EventLogFactory logs, EventLogSse sse) {
            this.logs = logs;
            this.sse = sse;
        }

        @GetMapping("/{kind}/{log}")
        SseEmitter follow(@PathVariable String kind, @PathVariable String log) {
            return sse.follow(SseTests.stream(logs, kind, log));
        }

        @GetMapping("/thrown/{log}")
        SseEmitter thrown(@PathVariable String log) {
            SseEmitter unused = sse.follow(logs.create(log), Tail.all(), null);
            throw new IllegalStateException("after the stream was made");
        }

        @GetMapping("/status/{status}/{log}")
        ResponseEntity<SseEmitter> status(@PathVariable int status, @PathVariable String log) {
            return ResponseEntity.status(status).body(sse.follow(logs.create(log), Tail.all(), null));
        }
    }
}
