package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;

import com.jayway.jsonpath.JsonPath;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Tests the endpoints on the embedded Redis that the sample starts by itself. The same tests also run on the packaged
 * sample: see {@link StartedSample}.
 */
class SampleApplicationTests {

    private static StartedSample started;
    private static HttpSample sample;
    private static LettuceConnectionFactory connections;
    private static StringRedisTemplate redis;

    private static final String PAGE = "/api/page/stream";

    private String sensor;
    private String readings;
    private String key;

    @BeforeAll
    static void start() throws Exception {
        started = StartedSample.start(
                "--server.port=0",
                "--sample.feeder.enabled=false",
                "--sample.job.pace=5ms",
                "--eventlog.sse.heartbeat=200ms",
                "--eventlog.follow.sweep-interval=1s");
        sample = new HttpSample(started.port());
        connections = new LettuceConnectionFactory("127.0.0.1", started.redisPort());
        connections.afterPropertiesSet();
        connections.start();
        redis = new StringRedisTemplate(connections);
    }

    @AfterAll
    static void stop() throws Exception {
        connections.destroy();
        started.stop();
    }

    @BeforeEach
    void takeNewSensor() {
        sensor = "test-" + UUID.randomUUID().toString().substring(0, 8);
        readings = "/api/sensors/" + sensor + "/readings";
        key = "sample:sensors:" + sensor;
    }

    @Test
    void addedReadingIsReadBack() throws Exception {
        HttpResponse<String> answer = sample.post(readings, "{\"temperature\": 19.8}");
        assertThat(answer.statusCode()).isEqualTo(201);
        String id = JsonPath.read(answer.body(), "$.id");
        assertThat(answer.headers().firstValue("Location")).hasValue(readings + "?from=" + id);

        Map<String, Object> reading = JsonPath.read(sample.get(readings).body(), "$[0]");
        assertThat(reading).containsOnlyKeys("id", "added", "temperature");
        assertThat(reading).containsEntry("id", id).containsEntry("temperature", 19.8);
    }

    @Test
    void readingIsStoredAsPlainFields() throws Exception {
        sample.post(readings, "{\"temperature\": -3.5, \"measured\": \"2010-01-01T01:00:00\"}");

        assertThat(redis.<String, String>opsForStream().range(key, Range.unbounded()))
                .singleElement()
                .satisfies(event -> assertThat(event.getValue())
                        .isEqualTo(Map.of("temperature", "-3.5", "measured", "2010-01-01T01:00:00")));
    }

    @Test
    void manyReadingsAreReadFromEachStart() throws Exception {
        List<String> ids = addThree();

        assertThat(ids).hasSize(3).doesNotHaveDuplicates();
        assertThat(temperatures("")).containsExactly(1.0, 2.0, 3.0);
        assertThat(temperatures("?last=2")).containsExactly(2.0, 3.0);
        assertThat(temperatures("?last=0")).isEmpty();
        assertThat(temperatures("?from=" + ids.get(1))).containsExactly(2.0, 3.0);
    }

    @Test
    void pagesStartAtTheNewestReading() throws Exception {
        List<String> ids = addThree();

        String newest = sample.get(readings + "/page?order=newest&limit=2").body();
        assertThat(JsonPath.<List<Double>>read(newest, "$.events[*].value.temperature"))
                .containsExactly(3.0, 2.0);
        assertThat(JsonPath.<String>read(newest, "$.next")).isEqualTo(ids.get(1));
        String older = sample.get(readings + "/page?order=newest&limit=2&before=" + ids.get(1))
                .body();
        assertThat(JsonPath.<List<String>>read(older, "$.events[*].id")).containsExactly(ids.get(0));
        assertThat(JsonPath.<Object>read(older, "$.next")).isNull();

        HttpResponse<String> refused = sample.get(readings + "/page?limit=0");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(JsonPath.<String>read(refused.body(), "$.detail")).contains("limit", "'0'");
    }

    @Test
    void oneInvalidReadingOfManyAddsNone() throws Exception {
        HttpResponse<String> answer = sample.post(
                readings + "/batch", "[{\"temperature\": 1}, {\"temperature\": 2000}, {\"temperature\": 3}]");

        expectBad(answer, "[1].temperature");
        assertThat(temperatures("")).isEmpty();
    }

    @Test
    void eachSensorIsListedOnce() throws Exception {
        addThree();
        addThree();

        assertThat(JsonPath.<List<String>>read(sample.get("/api/sensors").body(), "$"))
                .containsOnlyOnce(sensor)
                .doesNotContain(SeattleFeeder.SENSOR); // its feeder is off
    }

    @Test
    void streamHasExistingReadingsThenNewOnes() throws Exception {
        List<String> ids = addThree();
        try (SseClient client = sample.follow(readings + "/stream", null)) {
            for (String id : ids) {
                SseClient.Message message = client.nextReading();
                assertThat(message.id()).isEqualTo(id);
                assertThat(JsonPath.<String>read(message.data(), "$.id")).isEqualTo(id);
            }
            client.next("caught-up");

            String id = add(4);
            assertThat(client.nextReading().id()).isEqualTo(id);
        }
    }

    @Test
    void streamResumesAfterTheIdOfTheHeaderOrTheAddress() throws Exception {
        List<String> ids = addThree();

        try (SseClient client = sample.follow(readings + "/stream", ids.get(0))) {
            assertThat(client.nextReading().id()).isEqualTo(ids.get(1));
            assertThat(client.nextReading().id()).isEqualTo(ids.get(2));
        }
        try (SseClient client = sample.follow(readings + "/stream?lastEventId=" + ids.get(0), null)) {
            assertThat(client.nextReading().id()).isEqualTo(ids.get(1));
        }
        try (SseClient client = sample.follow(readings + "/stream?lastEventId=" + ids.get(0), ids.get(1))) {
            assertThat(client.nextReading().id()).isEqualTo(ids.get(2));
        }
    }

    @Test
    void pageLearnsOfNewSensors() throws Exception {
        try (SseClient client = sample.follow(PAGE, null)) {
            client.next("caught-up");
            String id = add(1);

            String event = nextOf(client, "sensors:" + sensor);
            assertThat(JsonPath.<String>read(event, "$.id")).isEqualTo(id);
            assertThat(JsonPath.<String>read(event, "$.event.temperature")).isEqualTo("1.0");
        }
    }

    @Test
    void pageLearnsThatASensorIsGone() throws Exception {
        add(1);
        try (SseClient client = sample.follow(PAGE, null)) {
            client.next("caught-up");
            assertThat(JsonPath.<List<String>>read(sample.get("/api/page/logs").body(), "$"))
                    .contains("sensors:" + sensor);
            redis.delete(key);

            while (!JsonPath.<String>read(client.next("gone").data(), "$.log").equals("sensors:" + sensor)) {
                // the sensor of another test
            }
        }
    }

    @Test
    void pageReceivesTheStatesOfTheFollowers() throws Exception {
        try (SseClient client = sample.follow(PAGE, null)) {
            String shown = client.next("followers").data();
            assertThat(JsonPath.<List<String>>read(shown, "$.followers[*].name"))
                    .containsExactly("live", "slow", "durable", "pattern");
        }
    }

    @Test
    void jobReportsItsProgressAndCompletes() throws Exception {
        try (SseClient client = sample.follow(PAGE, null)) {
            client.next("caught-up");
            String log = "jobs:" + JsonPath.read(sample.post("/api/jobs", "").body(), "$.id");

            for (int percent = 0; percent <= 100; percent += 2) {
                assertThat(JsonPath.<String>read(nextOf(client, log), "$.event.percent"))
                        .isEqualTo(String.valueOf(percent));
            }
            assertThat(endOf(client, log)).isEqualTo("DONE");
        }
    }

    @Test
    void jobEndsWhenSomebodyCancelsIt() throws Exception {
        try (SseClient client = sample.follow(PAGE, null)) {
            client.next("caught-up");
            String id = JsonPath.read(sample.post("/api/jobs", "").body(), "$.id");

            String stopped = sample.post("/api/jobs/" + id + "/stop", "").body();
            assertThat(JsonPath.<Boolean>read(stopped, "$.cancelled")).isTrue();
            assertThat(endOf(client, "jobs:" + id)).isEqualTo("CANCELLED");
        }
        expectBad(sample.post("/api/jobs/latest/stop", ""), "id");
    }

    private static String endOf(SseClient client, String log) throws Exception {
        String end = client.next("complete").data();
        while (!JsonPath.<String>read(end, "$.log").equals(log)) { // of an earlier test
            end = client.next("complete").data();
        }
        return JsonPath.read(end, "$.kind");
    }

    @Test
    void accountIsTheSumOfItsBookingsAndRefusesAConflict() throws Exception {
        redis.delete("sample:accounts:1");
        assertThat(JsonPath.<Boolean>read(pay(1).body(), "$.paid")).isFalse();
        assertThat(book("0-0", 50).statusCode()).isEqualTo(201);
        String last = JsonPath.read(sample.get("/api/account").body(), "$.lastId");

        assertThat(book(last, 10).statusCode()).isEqualTo(201);
        HttpResponse<String> refused = book(last, 10);

        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(409);
        assertThat(JsonPath.<String>read(refused.body(), "$.detail")).contains("should be " + last);
        assertThat(JsonPath.<Boolean>read(pay(60).body(), "$.paid")).isTrue();
        assertThat(JsonPath.<Boolean>read(pay(1).body(), "$.paid")).isFalse();
        assertThat(JsonPath.<Integer>read(sample.get("/api/account").body(), "$.balance"))
                .isZero();
    }

    private static HttpResponse<String> pay(int amount) throws Exception {
        return sample.post("/api/account/payments", "{\"amount\": " + amount + "}");
    }

    private static HttpResponse<String> book(String last, int amount) throws Exception {
        return HttpSample.send(sample.request("/api/account/bookings")
                .header("Content-Type", "application/json")
                .header("If-Match", last)
                .POST(HttpRequest.BodyPublishers.ofString("{\"amount\": " + amount + ", \"by\": \"test\"}")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"stop", "kill", "foreign", "trim", "delete", "lose", "exit"})
    void faultsAreUnavailableByDefault(String what) throws Exception {
        assertThat(sample.get("/api/break").body()).isEqualTo("{\"enabled\":false}");
        HttpRequest.Builder request = sample.request("/api/break/" + what)
                .header("X-Requested-With", "fetch")
                .POST(HttpRequest.BodyPublishers.noBody());
        assertThat(HttpSample.send(request).statusCode()).isEqualTo(404);
    }

    @Test
    void answerIsRecordedUntilItIsStopped() throws Exception {
        try (SseClient client = sample.follow(PAGE, null)) {
            client.next("caught-up");
            HttpResponse<String> asked = sample.post("/api/answers", "");
            assertThat(asked.statusCode()).as(asked.body()).isEqualTo(201);
            String id = JsonPath.read(asked.body(), "$.id");

            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 5; i++) {
                text.append(nextPiece(client, id));
            }
            assertThat(text).startsWith("An event log is a ");

            assertThat(stopped(id)).isTrue();
            assertThat(endOf(client, "answers:" + id)).isEqualTo("CANCELLED");
            assertThat(stopped(id)).as("once more").isFalse();
            try (SseClient reloaded = sample.follow(PAGE, null)) {
                assertThat(nextPiece(reloaded, id)).isEqualTo("An ");
            }
        }
        expectBad(sample.post("/api/answers/latest/stop", ""), "id");
    }

    private static boolean stopped(String id) throws Exception {
        return JsonPath.read(sample.post("/api/answers/" + id + "/stop", "").body(), "$.stopped");
    }

    private static String nextPiece(SseClient client, String id) throws Exception {
        return JsonPath.read(nextOf(client, "answers:" + id), "$.event.text");
    }

    private static String nextOf(SseClient client, String log) throws Exception {
        while (true) {
            SseClient.Message message = client.next();
            if (message.event() == null && message.data().contains("\"" + log + "\"")) {
                return message.data();
            }
        }
    }

    @Test
    void gapIsSentToClients() throws Exception {
        add(1);
        try (SseClient client = sample.follow(readings + "/stream", null)) {
            client.next("caught-up");
            redis.delete(key);
            String id = add(2);

            String gap = client.next("gap").data();
            assertThat(JsonPath.<String>read(gap, "$.kind")).isEqualTo("BEGAN_AGAIN");
            assertThat(JsonPath.<String>read(gap, "$.firstAvailable")).isEqualTo(id);
            assertThat(client.nextReading().id()).isEqualTo(id);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {}                                               | temperature
                    {"temperature": null}                            | temperature
                    {"temperature": -300}                            | temperature
                    {"temperature": 1e999}                           | temperature
                    {"temperature": "warm"}                          | temperature
                    {"temperature": 1, "measured": "yesterday"}      | measured
                    {"temperature":                                  | body
                    []                                               | body
                    """)
    void errorNamesTheInvalidFieldOfAReading(String body, String field) throws Exception {
        expectBad(sample.post(readings, body), field);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    []                                               | readings
                    [null]                                           | readings[0]
                    [{"temperature": 1}, {}]                         | [1].temperature
                    [{"temperature": 1}, {"temperature": "warm"}]    | [1].temperature
                    {"temperature": 1}                               | body
                    """)
    void errorNamesTheInvalidFieldOfManyReadings(String body, String field) throws Exception {
        expectBad(sample.post(readings + "/batch", body), field);
    }

    @ParameterizedTest
    @CsvSource({"?from=12, from", "?from=x-1, from", "?last=-1, last", "?last=ten, last", "?last=1&from=1-1, last"})
    void errorNamesTheInvalidParameter(String query, String field) throws Exception {
        expectBad(sample.get(readings + query), field);
    }

    @Test
    void malformedLastEventIdIsReported() throws Exception {
        HttpResponse<String> answer = HttpSample.send(sample.request(readings + "/stream")
                .header("Accept", "text/event-stream")
                .header("Last-Event-ID", "yesterday"));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(JsonPath.<String>read(answer.body(), "$.detail")).startsWith("Last-Event-ID: 'yesterday'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:b", "-a", "a%20b", "%C3%A4", "a123456789b123456789c123456789d123456789e"})
    void invalidSensorNameIsReported(String name) throws Exception {
        expectBad(sample.post("/api/sensors/" + name + "/readings", "{\"temperature\": 1}"), "sensor");
    }

    @Test
    void foreignEventIsLeftOutAndReportedOnce() throws Exception {
        add(1);
        redis.opsForStream().add(key, Map.of("temperature", "mild"));
        try (SseClient client = sample.follow(PAGE, null)) {
            client.next("caught-up");
            String id = add(2);

            assertThat(temperatures("")).containsExactly(1.0, 2.0);
            assertThat(temperatures("")).containsExactly(1.0, 2.0);
            String last = "";
            while (!last.equals(id)) {
                last = JsonPath.read(nextOf(client, "sensors:" + sensor), "$.id");
            }
            assertThat(JsonPath.<List<String>>read(client.next("followers").data(), "$.told[*].what"))
                    .containsOnlyOnce("skipped an event of sensors:" + sensor + ": {temperature=mild}");
        }
    }

    @Test
    void unreadableLogIsReportedWithoutAStackTrace() throws Exception {
        redis.opsForHash().put(key, "temperature", "mild");

        HttpResponse<String> answer = sample.get(readings);

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(answer.body()).contains(sensor).doesNotContain("\\tat ", "trace");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "app.js",
                "app.css",
                "icon.svg",
                "code/Jobs.java",
                "docs/web.md",
                "README.md",
                "actuator/eventlogs",
                "actuator/metrics/eventlog.follower.lag",
                "webjars/uplot/dist/uPlot.iife.min.js",
                "webjars/uplot/dist/uPlot.min.css"
            })
    void pageAndItsResourcesAreServed(String path) throws Exception {
        assertThat(sample.get("/" + path).statusCode()).isEqualTo(200);
    }

    @Test
    void invalidIdempotencyKeyIsReported() throws Exception {
        expectBad(sample.postOnce(readings, "{\"temperature\": 1}", "a b"), "idempotencyKey");
    }

    private static void expectBad(HttpResponse<String> answer, String field) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(JsonPath.<List<String>>read(answer.body(), "$.errors[*].field"))
                .containsExactly(field);
        assertThat(JsonPath.<String>read(answer.body(), "$.detail")).startsWith(field + ": ");
        assertThat(answer.body()).doesNotContain("trace");
    }

    private String add(double temperature) throws Exception {
        return JsonPath.read(
                sample.post(readings, "{\"temperature\": " + temperature + "}").body(), "$.id");
    }

    private List<String> addThree() throws Exception {
        return JsonPath.read(
                sample.post(readings + "/batch", "[{\"temperature\": 1}, {\"temperature\": 2}, {\"temperature\": 3}]")
                        .body(),
                "$.ids");
    }

    private List<Double> temperatures(String query) throws Exception {
        return JsonPath.read(sample.get(readings + query).body(), "$[*].temperature");
    }
}
