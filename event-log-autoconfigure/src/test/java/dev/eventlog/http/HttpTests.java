package dev.eventlog.http;

import static dev.eventlog.test.TestApplication.uri;
import static java.net.http.HttpRequest.BodyPublishers.noBody;
import static java.net.http.HttpRequest.BodyPublishers.ofString;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.sse.EventStreamAccess;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestRedisConnection;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.http.CacheControl;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Clients of the Durable Streams protocol, with each kind of web server. */
@ExtendWith(OutputCaptureExtension.class)
abstract class HttpTests extends LogTests {

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(); // requests no upgrade

    private static final String EMPTY = "0".repeat(20) + '_' + "0".repeat(20);

    private final JsonMapper json = new JsonMapper();

    /** {@return a new application, which is closed after the test} */
    abstract ConfigurableApplicationContext start(Class<?> configuration, String... properties);

    /** {@return a shared application, for tests that neither stop nor change it} */
    abstract ConfigurableApplicationContext application();

    private ConfigurableApplicationContext start(String... properties) {
        return start(Application.class, settings(properties));
    }

    static String[] settings(String... properties) {
        List<String> all = new ArrayList<>(List.of("eventlog.http.path=/logs", "eventlog.http.writable=true"));
        all.addAll(List.of(properties));
        return all.toArray(String[]::new);
    }

    private static HttpRequest.Builder request(ConfigurableApplicationContext application, String path) {
        return HttpRequest.newBuilder(uri(application, "/logs/" + path)).timeout(Duration.ofSeconds(20));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> get(ConfigurableApplicationContext application, String path)
            throws IOException, InterruptedException {
        return send(request(application, path));
    }

    private static HttpResponse<String> head(ConfigurableApplicationContext application, String path)
            throws IOException, InterruptedException {
        return send(request(application, path).method("HEAD", noBody()));
    }

    private static HttpResponse<String> post(
            ConfigurableApplicationContext application, String path, String body, String... headers)
            throws IOException, InterruptedException {
        return send(with(request(application, path).header("Content-Type", "application/json"), headers)
                .POST(ofString(body)));
    }

    private static HttpResponse<String> put(
            ConfigurableApplicationContext application, String path, String body, String... headers)
            throws IOException, InterruptedException {
        return send(with(request(application, path).header("Content-Type", "application/json"), headers)
                .PUT(ofString(body)));
    }

    private static HttpRequest.Builder with(HttpRequest.Builder request, String... headers) {
        return headers.length == 0 ? request : request.headers(headers);
    }

    private static @Nullable String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    private static String offset(EventId id) {
        return "%020d_%020d".formatted(id.milliseconds(), id.sequence());
    }

    private JsonNode body(HttpResponse<String> response) {
        return json.readTree(response.body());
    }

    @Test
    void readReturnsExistingEventsAndContinuesAfterThem() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));
        ConfigurableApplicationContext application = application();

        HttpResponse<String> all = get(application, log.name());

        assertThat(all.statusCode()).isEqualTo(200);
        assertThat(all.body()).isEqualTo("[{\"n\":\"0\"},{\"n\":\"1\"},{\"n\":\"2\"}]");
        assertThat(header(all, "Content-Type")).isEqualTo("application/json");
        assertThat(header(all, "Stream-Next-Offset")).isEqualTo(offset(ids.get(2)));
        assertThat(header(all, "Stream-Up-To-Date")).isEqualTo("true");
        assertThat(header(all, "Stream-Closed")).isNull();
        assertThat(header(all, "Cache-Control")).contains("private", "no-cache");
        assertThat(header(all, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(get(application, log.name() + "?offset=-1").body()).isEqualTo(all.body());

        HttpResponse<String> rest = get(application, log.name() + "?offset=" + offset(ids.get(0)));
        assertThat(rest.body()).isEqualTo("[{\"n\":\"1\"},{\"n\":\"2\"}]");

        HttpResponse<String> end = get(application, log.name() + "?offset=" + offset(ids.get(2)));
        assertThat(end.body()).isEqualTo("[]");
        assertThat(header(end, "Stream-Next-Offset")).isEqualTo(offset(ids.get(2)));
        assertThat(header(end, "Stream-Up-To-Date")).isEqualTo("true");
        assertThat(end.headers().firstValue("ETag")).isPresent();

        HttpResponse<String> now = get(application, log.name() + "?offset=now");
        assertThat(now.body()).isEqualTo("[]");
        assertThat(header(now, "Stream-Next-Offset")).isEqualTo(offset(ids.get(2)));
        assertThat(header(now, "Cache-Control")).isEqualTo("no-store");
        assertThat(now.headers().firstValue("ETag")).isEmpty();
    }

    @Test
    void longLogIsReadInPagesAndTheLastOneIsMarked() throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 25));
        ConfigurableApplicationContext application = start("eventlog.read.page-size=10");
        List<Integer> numbers = new ArrayList<>();
        String next = "-1";
        List<String> upToDate = new ArrayList<>();

        for (int page = 0; page < 3; page++) {
            HttpResponse<String> read = get(application, log.name() + "?offset=" + next);
            body(read)
                    .forEach(event -> numbers.add(Integer.valueOf(event.get("n").asString())));
            next = String.valueOf(header(read, "Stream-Next-Offset"));
            upToDate.add(String.valueOf(header(read, "Stream-Up-To-Date")));
        }

        assertThat(numbers).isEqualTo(range(0, 25));
        assertThat(upToDate).containsExactly("null", "null", "true");
    }

    @Test
    void readsEndAtTheMaxLength() throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 2_500));
        ConfigurableApplicationContext application = start("eventlog.max-length=2000");

        HttpResponse<String> first = get(application, log.name());

        assertThat(body(first)).hasSize(1_000);
        assertThat(body(first).get(0).get("n").asString()).isEqualTo("500");
        assertThat(header(first, "Stream-Up-To-Date")).isNull();
        HttpResponse<String> second = get(application, log.name() + "?offset=" + header(first, "Stream-Next-Offset"));
        assertThat(body(second)).hasSize(1_000);
        assertThat(header(second, "Stream-Up-To-Date")).isEqualTo("true");
    }

    @Test
    void unchangedLogIsNotModified() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = application();
        String tag = String.valueOf(header(get(application, log.name()), "ETag"));

        HttpResponse<String> same = send(request(application, log.name()).header("If-None-Match", tag));
        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(same.body()).isEmpty();

        log.add(event(1));
        HttpResponse<String> more = send(request(application, log.name()).header("If-None-Match", tag));
        assertThat(more.statusCode()).isEqualTo(200);
        log.complete();
        HttpResponse<String> closed =
                send(request(application, log.name()).header("If-None-Match", String.valueOf(header(more, "ETag"))));
        assertThat(closed.statusCode()).isEqualTo(200);
        assertThat(header(closed, "Stream-Closed")).isEqualTo("true");
        delete(log);
        log.addAll(events(0, 2));
        log.complete();
        assertThat(send(request(application, log.name())
                                .header("If-None-Match", String.valueOf(header(closed, "ETag"))))
                        .statusCode())
                .as("another log with that name")
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "offset=yesterday",
                "offset=",
                "offset",
                "live",
                "offset=-1&live",
                "offset=-1&offset=-1",
                "offset=1-0",
                "live=sse",
                "live=long-poll",
                "offset=-1&live=telepathy",
                "offset=99999999999999999999_00000000000000000000"
            })
    void malformedRequestsAreRefused(String query) throws Exception {
        EventLog log = newLog();
        log.add(event(0));

        HttpResponse<String> refused = get(application(), log.name() + '?' + query);

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
        assertThat(body(refused).get("detail").asString()).isNotBlank();
    }

    @ParameterizedTest
    @CsvSource({
        "400,log?offset=yesterday&live=sse",
        "404,no-such-log?offset=-1&live=sse",
        "403,forbidden?offset=-1&live=sse",
        "405,log?offset=-1&live=sse",
    })
    void refusedStreamsAreProblems(int status, String path) throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        HttpRequest.Builder request =
                request(application(), path.replaceFirst("^log", log.name())).header("Accept", "text/event-stream");

        HttpResponse<String> refused = send(status == 405 ? request.method("PATCH", noBody()) : request);

        assertThat(refused.statusCode()).isEqualTo(status);
        assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
        assertThat(body(refused).get("status").asInt()).isEqualTo(status);
    }

    @Test
    void clientsThatDisconnectInTheMiddleAreNoErrors(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 20));
        ConfigurableApplicationContext application = start();
        URI uri = uri(application, "/logs/" + log.name() + "?offset=-1&live=sse");
        String large = "x".repeat(10_000);
        for (int i = 0; i < 100; i++) {
            try (Socket client = new Socket(uri.getHost(), uri.getPort())) {
                client.setSoLinger(true, 0); // resets the connection
                client.getOutputStream()
                        .write(("GET " + uri.getRawPath() + '?' + uri.getRawQuery()
                                        + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                client.getInputStream().readNBytes(i * 10);
                log.add(Map.of("text", large));
            }
        }

        await().until(() -> {
            log.add(event(0)); // the system still accepts the first of these writes
            return application
                    .getBean(RedisEventLogFactory.class)
                    .followedLogs()
                    .isEmpty();
        });
        assertThat(output).doesNotContain("ERROR"); // Netty itself warns about each reset connection
    }

    @Test
    void gapIsReportedWithTheOffsetToContinue() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 5));
        redis.opsForStream().trim(log.name(), 2, false);
        ConfigurableApplicationContext application = application();

        for (String live : List.of("", "&live=long-poll", "&live=sse")) {
            HttpResponse<String> gone = get(application, log.name() + "?offset=" + offset(ids.get(0)) + live);
            assertThat(gone.statusCode()).isEqualTo(410);
            JsonNode problem = body(gone);
            assertThat(problem.get("kind").asString()).isEqualTo("REMOVED");
            assertThat(problem.get("lastSeen").asString()).isEqualTo(ids.get(0).toString());
            assertThat(problem.get("firstAvailable").asString())
                    .isEqualTo(ids.get(3).toString());
            assertThat(problem.get("missed").isNull() || problem.get("missed").asInt() == 2)
                    .isTrue();
            HttpResponse<String> rest = get(
                    application, log.name() + "?offset=" + problem.get("offset").asString());
            assertThat(rest.body()).isEqualTo("[{\"n\":\"3\"},{\"n\":\"4\"}]");
        }
        assertThat(get(application, log.name()).body()).as("from the start").contains("\"3\"", "\"4\"");
    }

    @Test
    void logThatBeganAgainIsReported() throws Exception {
        EventLog log = newLog();
        addWithId(log, "5000-0");
        ConfigurableApplicationContext application = application();
        String seen = String.valueOf(header(get(application, log.name()), "Stream-Next-Offset"));
        log.delete();
        assertThat(get(application, log.name() + "?offset=" + seen).statusCode())
                .isEqualTo(404);
        addWithId(log, "4000-0");

        HttpResponse<String> gone = get(application, log.name() + "?offset=" + seen);

        assertThat(gone.statusCode()).isEqualTo(410);
        assertThat(body(gone).get("kind").asString()).isEqualTo("BEGAN_AGAIN");
        String next = body(gone).get("offset").asString();
        addWithId(log, "4000-1");
        assertThat(body(get(application, log.name() + "?offset=" + next))).hasSize(1);
    }

    @Test
    void headReturnsTheEnd() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();
        assertThat(head(application, log.name()).statusCode()).isEqualTo(404);
        EventId id = log.addAll(events(0, 3)).get(2);

        HttpResponse<String> open = head(application, log.name());
        assertThat(open.statusCode()).isEqualTo(200);
        assertThat(header(open, "Stream-Next-Offset")).isEqualTo(offset(id));
        assertThat(header(open, "Stream-Closed")).isNull();
        assertThat(header(open, "Cache-Control")).isEqualTo("no-store");
        log.completeExceptionally("out of paper");
        HttpResponse<String> closed = head(application, log.name());
        assertThat(header(closed, "Stream-Next-Offset")).isEqualTo(offset(id));
        assertThat(header(closed, "Stream-Closed")).isEqualTo("true");
        assertThat(header(closed, "Event-Log-Completion")).isEqualTo("FAILED");
        assertThat(followers(application, log)).isZero();
    }

    @Test
    void longPollWaitsForTheNextEvent() throws Exception {
        EventLog log = newLog();
        EventId first = log.add(event(0));
        ConfigurableApplicationContext application = application();
        CompletableFuture<HttpResponse<String>> waiting =
                async(application, log.name() + "?live=long-poll&offset=" + offset(first));
        await().until(() -> followers(application, log) == 1);
        assertThat(waiting).isNotDone();

        EventId id = log.add(event(1));

        HttpResponse<String> woken = waiting.get();
        assertThat(woken.statusCode()).isEqualTo(200);
        assertThat(woken.body()).isEqualTo("[{\"n\":\"1\"}]");
        assertThat(header(woken, "Stream-Next-Offset")).isEqualTo(offset(id));
        assertThat(header(woken, "Stream-Up-To-Date")).isEqualTo("true");
        assertThat(header(woken, "Stream-Cursor")).matches("\\d+");
        String cursor = String.valueOf(header(woken, "Stream-Cursor"));
        HttpResponse<String> again = get(application, log.name() + "?live=long-poll&offset=-1&cursor=" + cursor);
        assertThat(body(again)).as("at once, because an event exists").hasSize(2);
        assertThat(Long.parseLong(String.valueOf(header(again, "Stream-Cursor"))))
                .isGreaterThan(Long.parseLong(cursor));
        await().until(() -> followers(application, log) == 0);
    }

    @Test
    void nextLongPollOfAClientNeedsNoNewConnection() throws Exception {
        EventLog log = newLog();
        EventId last = log.add(event(0));
        ConfigurableApplicationContext application = application();
        get(application, log.name());
        long before = connectionsEver();
        int polls = 6;
        for (int i = 1; i <= polls; i++) {
            CompletableFuture<HttpResponse<String>> waiting =
                    async(application, log.name() + "?live=long-poll&offset=" + offset(last));
            await().until(() -> followers(application, log) > 0);
            last = log.add(event(i));
            assertThat(waiting.get().body()).isEqualTo("[{\"n\":\"" + i + "\"}]");
        }
        assertThat(connectionsEver() - before).isLessThan(polls);
        await().until(() -> followers(application, log) == 0);
    }

    private long connectionsEver() {
        Properties stats = redis.execute((RedisCallback<Properties>)
                connection -> connection.serverCommands().info("stats"));
        return Long.parseLong(stats.getProperty("total_connections_received"));
    }

    @Test
    void longPollEndsWithoutAnEventAndLeavesNoFollower() throws Exception {
        EventLog log = newLog();
        EventId first = log.add(event(0));
        ConfigurableApplicationContext application = start("eventlog.http.long-poll-timeout=300ms");

        HttpResponse<String> nothing = get(application, log.name() + "?live=long-poll&offset=now");

        assertThat(nothing.statusCode()).isEqualTo(204);
        assertThat(header(nothing, "Stream-Next-Offset")).isEqualTo(offset(first));
        assertThat(header(nothing, "Stream-Up-To-Date")).isEqualTo("true");
        assertThat(header(nothing, "Stream-Cursor")).matches("\\d+");
        assertThat(header(nothing, "Stream-Closed")).isNull();
        URI uri = uri(application, "/logs/" + log.name() + "?live=long-poll&offset=now");
        for (int i = 0; i < 20; i++) { // clients that do not wait for the response
            try (Socket client = new Socket(uri.getHost(), uri.getPort())) {
                client.setSoLinger(true, 0);
                client.getOutputStream()
                        .write(("GET " + uri.getPath() + '?' + uri.getQuery() + " HTTP/1.1\r\nHost: a\r\n\r\n")
                                .getBytes());
            }
        }
        await().until(() -> followers(application, log) == 0);
    }

    @Test
    void completeLogIsClosedForEveryKindOfRead() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 2));
        ConfigurableApplicationContext application = application();
        CompletableFuture<HttpResponse<String>> waiting = async(application, log.name() + "?live=long-poll&offset=now");
        await().until(() -> followers(application, log) == 1);

        log.complete();

        HttpResponse<String> told = waiting.get();
        assertThat(told.statusCode()).isEqualTo(204);
        assertThat(header(told, "Stream-Closed")).isEqualTo("true");
        for (String offset : List.of("-1", offset(ids.get(1)), "now")) {
            HttpResponse<String> read = get(application, log.name() + "?offset=" + offset);
            assertThat(read.statusCode()).isEqualTo(200);
            assertThat(header(read, "Stream-Closed")).isEqualTo("true");
            assertThat(header(read, "Stream-Next-Offset")).isEqualTo(offset(ids.get(1)));
            HttpResponse<String> poll = get(application, log.name() + "?live=long-poll&offset=" + offset);
            assertThat(poll.statusCode()).isEqualTo(offset.equals("-1") ? 200 : 204);
            assertThat(header(poll, "Stream-Closed")).isEqualTo("true");
            SseClient stream = open(application, log.name() + "?live=sse&offset=" + offset);
            if (offset.equals("-1")) {
                assertThat(stream.next().data()).isEqualTo("[{\"n\":\"0\"},{\"n\":\"1\"}]");
            }
            assertThat(stream.next().data())
                    .isEqualTo("{\"streamNextOffset\":\"" + offset(ids.get(1))
                            + "\",\"streamClosed\":true,\"upToDate\":true,\"completion\":\"DONE\"}");
            assertThat(stream.next()).isEqualTo(SseClient.CLOSED);
        }
    }

    @Test
    void streamHasExistingEventsThenNewOnesThenTheEnd() throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 2));
        ConfigurableApplicationContext application = application();
        SseClient stream = open(application, log.name() + "?live=sse&offset=-1");
        assertThat(stream.header("Content-Type")).isEqualTo("text/event-stream");
        assertThat(stream.header("Cache-Control")).isEqualTo("no-cache");

        assertThat(stream.next().lines()).containsExactly("event: data", "data:[{\"n\":\"0\"},{\"n\":\"1\"}]");
        JsonNode control = json.readTree(stream.next().data());
        assertThat(control.get("upToDate").asBoolean()).isTrue();
        assertThat(control.get("streamCursor").asString()).matches("\\d+");
        EventId third = log.add(event(2));
        assertThat(stream.next().data()).isEqualTo("[{\"n\":\"2\"}]");
        assertThat(json.readTree(stream.next().data()).get("streamNextOffset").asString())
                .isEqualTo(offset(third));
        EventId last = log.complete(event(3));
        assertThat(stream.next().data()).isEqualTo("[{\"n\":\"3\"}]");
        SseClient.Message next = stream.next();
        while (!next.data().contains("streamClosed")) {
            next = stream.next();
        }
        assertThat(json.readTree(next.data()).get("streamNextOffset").asString())
                .isEqualTo(offset(last));
        assertThat(stream.next()).isEqualTo(SseClient.CLOSED);
        await().until(() -> followers(application, log) == 0);
    }

    @Tag("long")
    @Test
    void longLogIsStreamedInBatches() throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 2_345));
        ConfigurableApplicationContext application =
                start("eventlog.read.page-size=100", "eventlog.follow.batch-size=70");
        SseClient stream = open(application, log.name() + "?live=sse&offset=-1");
        List<Integer> numbers = new ArrayList<>();
        boolean upToDate = false;

        while (!upToDate) {
            SseClient.Message message = stream.next();
            JsonNode data = json.readTree(message.data());
            if (data.isArray()) {
                data.forEach(event -> numbers.add(Integer.valueOf(event.get("n").asString())));
            } else {
                upToDate = data.has("upToDate");
            }
        }

        assertThat(numbers).isEqualTo(range(0, 2_345));
    }

    @Test
    void streamEndsAfterItsTimeAndTheNextOneContinues() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = start("eventlog.http.sse-lifetime=300ms");
        SseClient stream = open(application, log.name() + "?live=sse&offset=-1");
        stream.next();
        String next =
                json.readTree(stream.next().data()).get("streamNextOffset").asString();
        assertThat(stream.next()).isEqualTo(SseClient.CLOSED);
        await().until(() -> followers(application, log) == 0);

        log.add(event(1));
        assertThat(open(application, log.name() + "?live=sse&offset=" + next)
                        .next()
                        .data())
                .isEqualTo("[{\"n\":\"1\"}]");
    }

    @Test
    void streamEndsAtAGapAndTheNextRequestReportsIt() throws Exception {
        EventLog log = newLog();
        addWithId(log, "5000-0");
        ConfigurableApplicationContext application = start("eventlog.follow.poll-timeout=100ms");
        SseClient stream = open(application, log.name() + "?live=sse&offset=now");
        String next =
                json.readTree(stream.next().data()).get("streamNextOffset").asString();
        await().until(() -> followers(application, log) == 1); // the first page comes before
        log.delete();
        addWithId(log, "4000-0");

        SseClient.Message last = stream.next();
        while (!last.equals(SseClient.CLOSED)) {
            assertThat(last.data()).doesNotContain("\"n\"");
            last = stream.next();
        }
        assertThat(get(application, log.name() + "?live=sse&offset=" + next).statusCode())
                .isEqualTo(410);
    }

    @Test
    void disconnectedClientLeavesNoFollower() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = application();
        SseClient stream = open(application, log.name() + "?live=sse&offset=now");
        stream.next();
        await().until(() -> followers(application, log) == 1);
        stream.close();

        await().until(() -> {
            log.add(event(1)); // the system still accepts the first of these writes
            return followers(application, log) == 0;
        });
    }

    @Test
    void shutdownEndsWaitingRequestsFirst() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application =
                start("spring.lifecycle.timeout-per-shutdown-phase=60s", "server.shutdown=graceful");
        SseClient stream = open(application, log.name() + "?live=sse&offset=now");
        stream.next();
        CompletableFuture<HttpResponse<String>> waiting = async(application, log.name() + "?live=long-poll&offset=now");
        await().until(() -> followers(application, log) == 2);

        long start = System.nanoTime();
        application.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
        assertThat(stream.next()).isEqualTo(SseClient.CLOSED);
        assertThat(waiting.get().statusCode()).isEqualTo(204);
    }

    // Writes

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"n\":1}",
                "{\"text\":\"a\\nb \\u2028 \\\"c\\\"\",\"number\":1.50,\"large\":123456789012345678901234567890}",
                "{\"flag\":true,\"nothing\":null,\"list\":[1,[2]],\"object\":{\"a\":{}}}",
                "{}",
                "{\"@json\":\"mine\"}",
                "{\"@value\":1}",
                "{\"@type\":\"Started\",\"by\":\"Ada\"}",
                "\"text\"",
                "42",
                "true",
                "null",
                "[1,[2,3]]"
            })
    void postedEventIsReadBackUnchanged(String event) throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();
        put(application, log.name(), "");

        assertThat(post(application, log.name(), '[' + event + ']').statusCode())
                .isEqualTo(204);

        HttpResponse<String> read = get(application, log.name());
        assertThat(body(read)).isEqualTo(json.readTree('[' + event + ']'));
        assertThat(read.body().contains("1.50")).as("numbers are unchanged").isEqualTo(event.contains("1.50"));
    }

    @Test
    void postedFieldsAreFieldsInJava() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();
        put(application, log.name(), "");
        post(application, log.name(), "{\"room\":\"blue\",\"n\":7,\"tags\":[\"a\"]}");

        Event event = log.read(Tail.all()).get(0);

        assertThat(event.fields())
                .containsEntry("room", "blue")
                .containsEntry("n", "7")
                .containsEntry("tags", "[\"a\"]");
        assertThat(factory.create(log.name(), Reading.class)
                        .read(Tail.all())
                        .get(0)
                        .value())
                .isEqualTo(new Reading("blue", 7, List.of("a")));
    }

    record Reading(String room, int n, List<String> tags) {}

    @Test
    void malformedJsonOfOtherProgramsIsReadAsText() throws Exception {
        EventLog log = newLog();
        log.add(Map.of("a", "{", "@json", "[\"a\"]"));
        log.add(Map.of("a", "1", "@json", "nonsense"));
        log.add(Map.of("@value", "[1"));
        log.add(Map.of("@value", "[1,\n2]"));
        ConfigurableApplicationContext application = application();

        assertThat(body(get(application, log.name())))
                .isEqualTo(json.readTree(
                        "[{\"a\":\"{\"},{\"a\":\"1\",\"@json\":\"nonsense\"},{\"@value\":\"[1\"},[1,2]]"));
        assertThat(open(application, log.name() + "?live=sse&offset=-1").next().lines())
                .as("one line, as a stream requires")
                .hasSize(2);
    }

    @Test
    void createdLogExistsBeforeItsFirstEvent() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();
        assertThat(get(application, log.name()).statusCode()).isEqualTo(404);
        assertThat(post(application, log.name(), "{}").statusCode()).isEqualTo(404);

        HttpResponse<String> created = put(application, log.name(), "");

        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(header(created, "Location")).isEqualTo(String.valueOf(created.uri()));
        assertThat(header(created, "Stream-Next-Offset")).isEqualTo(EMPTY);
        assertThat(put(application, log.name(), "").statusCode()).isEqualTo(200);
        assertThat(put(application, log.name(), "", "Stream-Closed", "true").statusCode())
                .isEqualTo(409);
        HttpResponse<String> empty = get(application, log.name());
        assertThat(empty.body()).isEqualTo("[]");
        assertThat(header(empty, "Stream-Next-Offset")).isEqualTo(EMPTY);
        assertThat(header(head(application, log.name()), "Stream-Next-Offset")).isEqualTo(EMPTY);
        CompletableFuture<HttpResponse<String>> waiting =
                async(application, log.name() + "?live=long-poll&offset=" + EMPTY);
        await().until(() -> followers(application, log) == 1);
        post(application, log.name(), "{\"n\":\"1\"}");
        assertThat(waiting.get().body()).isEqualTo("[{\"n\":\"1\"}]");
    }

    @Test
    void putCreatesALogWithEventsOrItsEnd() throws Exception {
        ConfigurableApplicationContext application = application();
        EventLog log = newLog();

        HttpResponse<String> created = put(application, log.name(), "[1,2]");

        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(header(created, "Stream-Next-Offset"))
                .isEqualTo(offset(log.lastId().orElseThrow()));
        assertThat(get(application, log.name()).body()).isEqualTo("[1,2]");
        EventLog whole = newLog();
        assertThat(header(put(application, whole.name(), "[1,2]", "Stream-Closed", "true"), "Stream-Closed"))
                .isEqualTo("true");
        assertThat(get(application, whole.name()).body()).isEqualTo("[1,2]");
        assertThat(whole.completion()).contains(Completion.done());
        assertThat(put(application, whole.name(), "").statusCode()).isEqualTo(409);
        assertThat(put(application, whole.name(), "", "Stream-Closed", "true").statusCode())
                .isEqualTo(200);
        EventLog nothing = newLog();
        put(application, nothing.name(), "[]", "Stream-Closed", "TRUE");
        HttpResponse<String> end = get(application, nothing.name());
        assertThat(end.body()).isEqualTo("[]");
        assertThat(header(end, "Stream-Closed")).isEqualTo("true");
        assertThat(header(end, "Stream-Next-Offset")).isEqualTo(EMPTY);
    }

    @Test
    void postClosesALogWithOrWithoutLastEvents() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = application();
        put(application, log.name(), "[1]");

        HttpResponse<String> closed = post(application, log.name(), "[2,3]", "Stream-Closed", "true");

        assertThat(closed.statusCode()).isEqualTo(204);
        assertThat(header(closed, "Stream-Closed")).isEqualTo("true");
        assertThat(get(application, log.name()).body()).isEqualTo("[1,2,3]");
        for (String[] headers : new String[][] {{}, {"Stream-Closed", "true"}}) {
            HttpResponse<String> late = post(application, log.name(), "[2,3]", headers);
            assertThat(late.statusCode()).isEqualTo(409);
            assertThat(header(late, "Stream-Closed")).isEqualTo("true");
            assertThat(header(late, "Stream-Next-Offset")).isEqualTo(header(closed, "Stream-Next-Offset"));
        }
        assertThat(post(application, log.name(), "", "Stream-Closed", "true").statusCode())
                .as("repeated")
                .isEqualTo(204);
        EventLog other = newLog();
        EventId id = other.add(event(0));
        HttpResponse<String> ended = send(request(application, other.name())
                .header("Stream-Closed", "true")
                .POST(noBody()));
        assertThat(ended.statusCode()).isEqualTo(204);
        assertThat(header(ended, "Stream-Next-Offset")).isEqualTo(offset(id));
        assertThat(other.isComplete()).isTrue();
    }

    @Test
    void invalidEventsAreRefused() throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application = start("eventlog.http.max-body-size=100B");
        put(application, log.name(), "");

        assertThat(post(application, log.name(), "").statusCode()).isEqualTo(400);
        assertThat(post(application, log.name(), "[]").statusCode()).isEqualTo(400);
        assertThat(post(application, log.name(), "{").statusCode()).isEqualTo(400);
        assertThat(post(application, log.name(), "1 2").statusCode()).isEqualTo(400);
        assertThat(post(application, log.name(), "[1,").statusCode()).isEqualTo(400);
        assertThat(post(application, log.name(), "\"\\ud800\"").statusCode()).isEqualTo(400);
        assertThat(post(application, log.name(), '"' + "x".repeat(98) + '"').statusCode())
                .isEqualTo(204);
        assertThat(post(application, log.name(), '"' + "x".repeat(99) + '"').statusCode())
                .isEqualTo(413);
        assertThat(send(request(application, log.name())
                                .header("Content-Type", "text/plain")
                                .POST(ofString("a")))
                        .statusCode())
                .isEqualTo(409);
        assertThat(send(request(application, log.name()).POST(ofString("1"))).statusCode())
                .as("without a content type")
                .isEqualTo(400);
        assertThat(send(request(application, newName())
                                .header("Content-Type", "text/plain")
                                .PUT(ofString("a")))
                        .statusCode())
                .isEqualTo(415);
        for (String header : List.of("Stream-Seq", "Producer-Id", "Producer-Epoch", "Producer-Seq")) {
            HttpResponse<String> refused = post(application, log.name(), "1", header, "1");
            assertThat(refused.statusCode()).isEqualTo(501);
            assertThat(refused.body()).contains(header);
        }
        assertThat(put(application, newName(), "", "Stream-TTL", "10").statusCode())
                .isEqualTo(501);
        assertThat(put(application, newName(), "", "Stream-TTL", "010").statusCode())
                .isEqualTo(400);
        assertThat(put(application, newName(), "", "Stream-Forked-From", "/logs/a")
                        .statusCode())
                .isEqualTo(501);
        assertThat(put(application, newName(), "", "Stream-Fork-Offset", "now").statusCode())
                .isEqualTo(400);
        assertThat(log.size()).isOne();
    }

    @Test
    void deleteRemovesALog() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = application();

        assertThat(send(request(application, log.name()).DELETE()).statusCode()).isEqualTo(204);
        assertThat(log.exists()).isFalse();
        assertThat(send(request(application, log.name()).DELETE()).statusCode()).isEqualTo(404);
    }

    @Test
    void writesAreRefusedByDefault() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = start("eventlog.http.writable=false");

        for (String method : List.of("PUT", "POST", "DELETE")) {
            HttpResponse<String> refused = send(request(application, log.name()).method(method, ofString("1")));
            assertThat(refused.statusCode()).isEqualTo(405);
            assertThat(header(refused, "Allow")).isEqualTo("GET, HEAD");
        }
        assertThat(log.size()).isOne();
        assertThat(get(application, log.name()).statusCode()).isEqualTo(200);
    }

    // Access

    @Test
    void accessDecisionControlsReadsWritesAndCaching() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = start(Guarded.class, settings());
        String ofAda = log.name();

        assertThat(get(application, ofAda).statusCode()).isEqualTo(403);
        assertThat(head(application, ofAda).statusCode()).isEqualTo(403);
        assertThat(get(application, ofAda + "-absent").statusCode())
                .as("a refused client learns nothing")
                .isEqualTo(403);
        HttpResponse<String> read = send(request(application, ofAda).header("User", "reader"));
        assertThat(read.statusCode()).isEqualTo(200);
        assertThat(header(read, "Cache-Control")).contains("public", "max-age=60");
        assertThat(post(application, ofAda, "1", "User", "reader").statusCode()).isEqualTo(403);
        assertThat(send(request(application, ofAda).header("User", "reader").DELETE())
                        .statusCode())
                .isEqualTo(403);
        assertThat(post(application, ofAda, "1", "User", "writer").statusCode()).isEqualTo(204);
        assertThat(log.size()).isEqualTo(2);
    }

    @Test
    void bodyIsNotReadBeforeAccessIsGranted() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        ConfigurableApplicationContext application = start(Guarded.class, settings());

        assertThat(statusBeforeBody(application, "POST", log.name())).isEqualTo(403);
        assertThat(statusBeforeBody(application, "PUT", log.name())).isEqualTo(403);
        assertThat(statusBeforeBody(application, "PATCH", log.name())).isEqualTo(405);
        assertThat(statusBeforeBody(application, "GET", log.name(), "User: reader"))
                .isEqualTo(200);
        assertThat(statusBeforeBody(application, "DELETE", log.name(), "User: writer"))
                .isEqualTo(204);
    }

    /** {@return the status that a client gets that announces a body and does not send it} */
    private static int statusBeforeBody(
            ConfigurableApplicationContext application, String method, String path, String... headers)
            throws IOException {
        URI uri = uri(application, "/logs/" + path);
        String head = Stream.concat(
                        Stream.of(method + ' ' + uri.getRawPath() + " HTTP/1.1", "Host: a", "Content-Length: 9"),
                        Stream.of(headers))
                .collect(Collectors.joining("\r\n", "", "\r\n\r\n"));
        try (Socket client = new Socket(uri.getHost(), uri.getPort())) {
            client.setSoTimeout(10_000);
            client.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            String status =
                    new String(client.getInputStream().readNBytes("HTTP/1.1 200".length()), StandardCharsets.US_ASCII);
            return Integer.parseInt(status.substring(status.indexOf(' ') + 1));
        }
    }

    // Outages

    @Test
    void outageIsReportedWithRetryAfter() throws Exception {
        EmbeddedRedis own = closeLater(EmbeddedRedis.onDisk());
        ConfigurableApplicationContext application = start(
                Elsewhere.class,
                settings(
                        "spring.data.redis.url=" + own.uri(),
                        "spring.data.redis.timeout=1s",
                        "spring.data.redis.connect-timeout=1s",
                        "eventlog.follow.poll-timeout=200ms"));
        EventLog log = application.getBean(EventLogFactory.class).create("log");
        put(application, "log", "[1]");
        SseClient stream = open(application, "log?live=sse&offset=now");
        stream.next();
        CompletableFuture<HttpResponse<String>> waiting = async(application, "log?live=long-poll&offset=now");
        await().until(() -> followers(application, log) == 2);

        own.kill();

        assertAway(waiting.get());
        SseClient.Message last = stream.next();
        while (!last.equals(SseClient.CLOSED)) {
            last = stream.next();
        }
        for (String query : List.of("", "?offset=-1&live=long-poll", "?offset=-1&live=sse")) {
            assertAway(get(application, "log" + query));
        }
        assertThat(head(application, "log").statusCode()).isEqualTo(503);
        assertAway(post(application, "log", "2"));
        assertAway(put(application, "log", ""));
        own.start();
        await().untilAsserted(() -> assertThat(get(application, "log").body()).isEqualTo("[1]"));
    }

    private void assertAway(HttpResponse<String> away) {
        assertThat(away.statusCode()).isEqualTo(503);
        assertThat(header(away, "Retry-After")).matches("[1-3]");
        assertThat(header(away, "Cache-Control")).isEqualTo("no-store");
        assertThat(body(away).get("detail").asString()).contains("Redis");
    }

    // Helpers

    private static int followers(ConfigurableApplicationContext application, EventLog log) {
        return application.getBean(RedisEventLogFactory.class).followedLogs().stream()
                .filter(followed -> followed.name().equals(log.name()))
                .mapToInt(followed -> followed.followers().size())
                .sum();
    }

    private SseClient open(ConfigurableApplicationContext application, String path) throws Exception {
        return closeLater(new SseClient(uri(application, "/logs/" + path), null));
    }

    private static CompletableFuture<HttpResponse<String>> async(
            ConfigurableApplicationContext application, String path) {
        return HTTP.sendAsync(request(application, path).build(), HttpResponse.BodyHandlers.ofString());
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestRedisConnection.class, Everybody.class})
    static class Application {}

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Everybody.class)
    static class Elsewhere {}

    @Configuration(proxyBeanMethods = false)
    static class Everybody {

        @Bean
        EventStreamAccess access() {
            return new EventStreamAccess() {
                @Override
                public boolean mayFollow(
                        org.springframework.http.HttpRequest request, @Nullable Principal principal, String log) {
                    return !log.equals("forbidden");
                }

                @Override
                public boolean mayWrite(
                        org.springframework.http.HttpRequest request, @Nullable Principal principal, String log) {
                    return true;
                }
            };
        }
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(TestRedisConnection.class)
    static class Guarded {

        @Bean
        EventStreamAccess access() {
            return new EventStreamAccess() {
                @Override
                public boolean mayFollow(
                        org.springframework.http.HttpRequest request, @Nullable Principal principal, String log) {
                    return request.getHeaders().containsHeader("User");
                }

                @Override
                public boolean mayWrite(
                        org.springframework.http.HttpRequest request, @Nullable Principal principal, String log) {
                    return "writer".equals(request.getHeaders().getFirst("User"));
                }

                @Override
                public CacheControl caching(
                        org.springframework.http.HttpRequest request, @Nullable Principal principal, String log) {
                    return CacheControl.maxAge(Duration.ofMinutes(1)).cachePublic();
                }
            };
        }
    }
}
