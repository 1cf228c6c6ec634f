package dev.eventlog.sse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.IdleClients;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestRedisConnection;
import java.io.IOException;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.core.types.RedisClientInfo;
import org.springframework.util.ClassUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.json.JsonMapper;

/** What clients of a Tomcat get. */
@Tag("long")
@ExtendWith(OutputCaptureExtension.class)
class EventLogSseTests extends LogTests {

    private static final String CLIENT = "sse-tests";

    /** Jedis takes a connection out of its pool for each command, and keeps as many as there once were commands at a time. */
    private static final int POOLED = ClassUtils.isPresent("io.lettuce.core.RedisClient", null) ? 0 : 8;

    record Reading(int n, @Nullable String room) {}

    @Test
    void sendsWhatIsThereThenWhatComesEachWithItsId() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));
        SseClient client = open(start(), "/all/" + log.name(), null);

        assertThat(client.header("Content-Type")).startsWith("text/event-stream");
        assertThat(client.header("Cache-Control")).isEqualTo("no-store");
        assertThat(client.header("X-Accel-Buffering")).isEqualTo("no");
        assertThat(client.next().lines())
                .as("where it begins")
                .containsExactly("id:" + ids.get(0).previous());
        for (int n = 0; n < 3; n++) {
            assertThat(client.next().lines()).containsExactly("id:" + ids.get(n), "data:{\"n\":\"" + n + "\"}");
        }
        assertThat(client.next().lines()).containsExactly("event:caught-up", "data:");

        EventId id = log.add(event(3));
        assertThat(client.next().lines()).containsExactly("id:" + id, "data:{\"n\":\"3\"}");
    }

    @Test
    void sendsTypedEventsAndWhatIsMadeOfThem() throws Exception {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        EventId id = log.add(new Reading(1, "a\nb\rc"));
        ConfigurableApplicationContext application = start();

        assertThat(open(application, "/typed/" + log.name(), null).nextEvent().lines())
                .containsExactly("id:" + id, "data:{\"n\":1,\"room\":\"a\\nb\\rc\"}");
        assertThat(open(application, "/rooms/" + log.name(), null).nextEvent().lines())
                .as("text of several lines")
                .containsExactly("id:" + id, "data:a", "data:b", "data:c");
    }

    @Test
    void goesOnAfterTheLastIdWhateverTheTail() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));
        ConfigurableApplicationContext application = start();

        SseClient client = open(application, "/new/" + log.name(), ids.get(0).toString());
        assertThat(client.nextEvent().id()).isEqualTo(ids.get(1).toString());
        assertThat(client.nextEvent().id()).isEqualTo(ids.get(2).toString());
        assertThat(open(application, "/new/" + log.name(), "").next("caught-up").data())
                .as("an empty one is none")
                .isEmpty();
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
    void refusesAMalformedLastId() throws Exception {
        ConfigurableApplicationContext application = start("spring.mvc.problemdetails.enabled=true");

        HttpResponse<String> answer = SseClient.refused(uri(application, "/all/" + newName()), "yesterday");

        assertThat(answer.statusCode()).isEqualTo(HttpURLConnection.HTTP_BAD_REQUEST);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(JsonMapper.shared().readTree(answer.body()).get("detail").asString())
                .startsWith("Last-Event-ID: 'yesterday' is no event id");
    }

    @Test
    void tellsOfAGapBeforeWhatFollowsIt() throws Exception {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        String seen = new EventId(id.milliseconds() + 1_000, 0).toString();

        SseClient client = open(start(), "/all/" + log.name(), seen);
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

    @Test
    void tellsThatItHasFailedAndNotWhy(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        SseClient client = open(start(), "/failing/" + log.name(), null);
        client.next("caught-up");

        log.add(event(0));

        assertThat(client.next().lines())
                .containsExactly("event:failed", "data:The log cannot be followed any further");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        assertThat(output).contains("secret of the server");
        awaitNoFeed();
    }

    @Test
    void sendsASecondLogByName() throws Exception {
        EventLog log = newLog();
        EventLog second = factory.create(log.name() + ":second");
        deleteLater(second.name());
        EventId id = second.add(event(7));
        SseClient client = open(
                start("eventlog.follow.poll-timeout=200ms", "eventlog.sse.heartbeat=200ms"),
                "/two/" + log.name(),
                null);

        assertThat(client.next("second").lines()).containsExactly("event:second", "data:{\"n\":\"7\"}");
        log.add(event(1));
        assertThat(client.nextEvent().data()).isEqualTo("{\"n\":\"1\"}");

        second.delete();
        addWithId(second, new EventId(id.milliseconds() - 1_000, 0).toString());
        assertThat(client.next("second-gap").data()).contains("\"lastSeen\":\"" + id + "\"");
        assertThat(client.next("second").data()).isEqualTo("{\"n\":\"1\"}");

        client.close();
        awaitNoFeed();
    }

    @Test
    void closesTheFollowerOfAClientThatHasGone(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        SseClient client = open(start("eventlog.sse.heartbeat=50ms"), "/all/" + log.name(), null);
        client.next("caught-up");
        for (int beats = 0; beats < 2; beats++) {
            assertThat(client.next().lines()).containsExactly(":");
        }
        assertThat(feeds()).isOne();

        client.close();

        awaitNoFeed();
        assertThat(output).doesNotContain("ERROR", "Exception");
    }

    @Test
    void closesTheFollowerOfAClientThatHasGoneWhenThereIsAnEventForIt(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        SseClient client = open(start("eventlog.sse.heartbeat=0s"), "/all/" + log.name(), null);
        client.next("caught-up");
        client.close();

        await().until(() -> {
            log.add(event(1)); // the first of these is still taken by the system
            return feeds() == 0;
        });

        assertThat(output).doesNotContain("ERROR", "Exception");
    }

    @Test
    void endsStreamsBeforeTheServerWaitsForItsRequests() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application =
                start("spring.lifecycle.timeout-per-shutdown-phase=60s", "server.shutdown=graceful");
        List<SseClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(open(application, "/two/" + log.name(), null));
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

    @Test
    void refusesStreamsWhileItShutsDownAndOpensThemWhenStartedAgain() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = start();
        EventLogSse sse = application.getBean(EventLogSse.class);
        SseClient client = open(application, "/all/" + log.name(), null);
        client.next("caught-up");

        sse.stop();
        client.next("end");
        assertThat(SseClient.refused(uri(application, "/all/" + log.name()), null)
                        .statusCode())
                .isEqualTo(HttpURLConnection.HTTP_UNAVAILABLE);
        sse.start();
        open(application, "/all/" + log.name(), null).next("caught-up");
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

    @Test
    void twoThousandIdleClientsCostNoThreadEachAndOneConnection() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = start(
                "server.tomcat.threads.max=8",
                "eventlog.follow.max-threads=8",
                "spring.data.redis.client-name=" + CLIENT);
        URI uri = uri(application, "/new/" + log.name());
        open(application, "/new/" + log.name(), null).next("caught-up"); // so that all is there that one client needs
        await().until(() -> blockedConnections() == 1);
        long connections = connectionsNamed(CLIENT);
        int threads = Thread.getAllStackTraces().size();

        IdleClients clients = closeLater(new IdleClients(2_000, uri));
        assertThat(clients.await("event:caught-up\ndata:\n\n", 60)).isEqualTo(2_000);

        assertThat(Thread.getAllStackTraces().size()).isLessThan(threads + 50);
        assertThat(connectionsNamed(CLIENT)).isLessThanOrEqualTo(connections + POOLED);
        await().until(() -> blockedConnections() == 1);

        EventId id = log.add(event(1));
        assertThat(clients.await("id:" + id + "\ndata:{\"n\":\"1\"}\n\n", 60)).isEqualTo(2_000);
        assertThat(Thread.getAllStackTraces().size()).isLessThan(threads + 50);
    }

    private long blockedConnections() {
        List<RedisClientInfo> clients = Objects.requireNonNull(redis.getClientList());
        return clients.stream()
                .filter(client -> CLIENT.equals(client.getName())
                        && String.valueOf(client.getFlags()).contains("b"))
                .count();
    }

    private void awaitNoFeed() {
        await().until(() -> feeds() == 0);
    }

    private static long feeds() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("eventlog-feed-"))
                .count();
    }

    private ConfigurableApplicationContext start(String... properties) {
        return closeLater(new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.SERVLET)
                .logStartupInfo(false)
                .registerShutdownHook(false)
                .properties("spring.main.banner-mode=off", "server.port=0", "server.address=127.0.0.1")
                .properties(properties)
                .run());
    }

    private static URI uri(ConfigurableApplicationContext application, String path) {
        return URI.create("http://127.0.0.1:" + application.getEnvironment().getProperty("local.server.port") + path);
    }

    private SseClient open(ConfigurableApplicationContext application, String path, @Nullable String lastEventId)
            throws IOException, InterruptedException {
        return closeLater(new SseClient(uri(application, path), lastEventId));
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

        @GetMapping("/all/{log}")
        SseEmitter all(
                @PathVariable String log, @RequestHeader(name = "Last-Event-ID", required = false) String lastEventId) {
            return sse.follow(logs.create(log), Tail.all(), lastEventId);
        }

        @GetMapping("/new/{log}")
        SseEmitter onlyNew(
                @PathVariable String log, @RequestHeader(name = "Last-Event-ID", required = false) String lastEventId) {
            return sse.follow(logs.create(log), Tail.last(0), lastEventId);
        }

        @GetMapping("/typed/{log}")
        SseEmitter typed(@PathVariable String log) {
            return sse.follow(logs.create(log, Reading.class), Tail.all(), null);
        }

        @GetMapping("/rooms/{log}")
        SseEmitter rooms(@PathVariable String log) {
            return sse.follow(
                    logs.create(log, Reading.class),
                    Tail.all(),
                    null,
                    event -> Objects.requireNonNull(event.value().room()));
        }

        @GetMapping("/failing/{log}")
        SseEmitter failing(@PathVariable String log) {
            return sse.follow(logs.create(log), Tail.all(), null, event -> {
                throw new IllegalStateException("secret of the server");
            });
        }

        @GetMapping("/two/{log}")
        SseEmitter two(@PathVariable String log) {
            return sse.follow(logs.create(log), Tail.all(), null)
                    .and("second", logs.create(log + ":second"), Tail.all(), event -> event.fields());
        }
    }
}
