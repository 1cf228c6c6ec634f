package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import redis.embedded.RedisServer;

/** Tests outages and restarts of Redis and of the application. */
@ExtendWith(OutputCaptureExtension.class)
class SampleLifecycleTests {

    /** A script that blocks Redis for half a second. */
    private static final String BUSY = """
            local begin = redis.call('TIME')
            local now = begin
            while (now[1] - begin[1]) * 1000000 + now[2] - begin[2] < 500000 do
                now = redis.call('TIME')
            end
            """;

    private RedisServer redis;

    @BeforeEach
    void startRedis() throws IOException {
        redis = RunningSample.newRedis();
        redis.start();
    }

    @AfterEach
    void stopRedis() throws IOException {
        redis.stop();
    }

    @Test
    void sampleUsesTheConfiguredRedis(CapturedOutput output) {
        try (ConfigurableApplicationContext application = RunningSample.start(redis, 0)) {
            assertThat(application.getBean(Sensors.class).list()).isEmpty(); // the application reaches Redis
            assertThat(output).doesNotContain("started an embedded one");
        }
    }

    @Test
    void requestsAreUnavailableDuringAnOutage(CapturedOutput output) throws Exception {
        try (ConfigurableApplicationContext application = RunningSample.start(redis, 0)) {
            HttpSample sample = new HttpSample(RunningSample.port(application));
            assertThat(sample.get("/api/sensors").statusCode()).isEqualTo(200);
            redis.stop();

            for (HttpResponse<String> answer : List.of(
                    sample.get("/api/sensors"),
                    sample.get("/api/sensors/garden/readings"),
                    sample.post("/api/sensors/garden/readings", "{\"temperature\": 1}"),
                    sample.post("/api/sensors/garden/readings/batch", "[{\"temperature\": 1}]"))) {
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
                assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
                assertThat(answer.body()).contains("Redis is not available").doesNotContain("Exception", "trace");
            }
            try (SseClient client = sample.follow("/api/sensors/garden/readings/stream", null)) {
                client.next("interrupted"); // on an open stream, because a browser gives up after any error
                assertThat(output).doesNotContain("\tat ");
                redis.start();
                client.next("resumed");
            }
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> sample.get("/api/sensors").statusCode() == 200);
        }
    }

    @Test
    void unknownOutcomeIsReportedAndARetryAddsOnce() throws Exception {
        try (ConfigurableApplicationContext application =
                RunningSample.start(redis, 0, "--spring.data.redis.timeout=1s")) {
            HttpSample sample = new HttpSample(RunningSample.port(application));
            String readings = "/api/sensors/garden/readings";
            await().until(() ->
                    sample.postOnce(readings, "{\"temperature\": 1}", "key-0").statusCode() == 201);
            RunningSample.tell(redis, "CLIENT", "PAUSE", "60000", "WRITE");

            HttpResponse<String> answer =
                    unlessUnavailable(() -> sample.postOnce(readings, "{\"temperature\": 2}", "key-1"));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(504);
            assertThat(answer.headers().firstValue("Retry-After")).isEmpty();
            assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(answer.body()).contains("may have been added").doesNotContain("Exception", "trace");
            answer = unlessUnavailable(() ->
                    sample.postOnce(readings + "/batch", "[{\"temperature\": 3}, {\"temperature\": 4}]", "key-2"));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(504);

            RunningSample.tell(redis, "CLIENT", "UNPAUSE");
            for (int i = 0; i < 2; i++) {
                await().until(() -> sample.postOnce(readings, "{\"temperature\": 2}", "key-1")
                                .statusCode()
                        == 201);
                await().until(() ->
                        sample.postOnce(readings + "/batch", "[{\"temperature\": 3}, {\"temperature\": 4}]", "key-2")
                                        .statusCode()
                                == 201);
            }
            assertThat(application.getBean(Sensors.class).readings("garden").read(Tail.all()))
                    .extracting(event -> event.value().temperature())
                    .containsExactlyInAnyOrder(1.0, 2.0, 3.0, 4.0);
        }
    }

    /**
     * Repeats a request that failed before its add. While writes are paused, other commands of the application get no
     * answer, too. The connection for all commands is then replaced, perhaps while the request reads.
     */
    private static HttpResponse<String> unlessUnavailable(Callable<HttpResponse<String>> request) {
        return await().until(request, answer -> answer.statusCode() != 503);
    }

    /** A busy Redis executes the commands that it received, but their clients have stopped waiting for replies. */
    @Test
    void feederAddsEachReadingOnceDespiteUnknownOutcomes(CapturedOutput output) throws Exception {
        List<Reading> year = SeattleTemperatures.load();
        try (ConfigurableApplicationContext application =
                RunningSample.startFeeding(redis, "--spring.data.redis.timeout=200ms")) {
            Sensors sensors = application.getBean(Sensors.class);
            String unknown = "The outcome of the add to log 'sensors:seattle' is unknown";
            for (int round = 1; round <= 100 && !output.getOut().contains(unknown); round++) {
                EventId last = last(sensors);
                await().ignoreExceptions().until(() -> last(sensors).isAfter(last));
                RunningSample.tell(redis, "EVAL", BUSY, "0"); // with luck, in the middle of an add
            }
            assertThat(output).contains(unknown);
            EventId last = last(sensors);
            await().ignoreExceptions().until(() -> last(sensors).isAfter(last));
            List<TypedEvent<Reading>> events = await().ignoreExceptions()
                    .until(() -> sensors.readings("seattle").read(Tail.all()), any -> true);
            List<Reading> log = events.stream().map(TypedEvent::value).toList();
            int first = year.indexOf(log.get(0)); // not 0 if the log is full
            assertThat(log).isEqualTo(year.subList(first, first + log.size()));
        }
    }

    private static EventId last(Sensors sensors) {
        return await().ignoreExceptions()
                .until(() -> sensors.readings("seattle").lastId(), Optional::isPresent)
                .orElseThrow();
    }

    @Test
    void sampleShutsDownAtOnceWithOpenStreams() throws Exception {
        ConfigurableApplicationContext application = RunningSample.start(redis, 0);
        HttpSample sample = new HttpSample(RunningSample.port(application));
        try (SseClient client = sample.follow("/api/sensors/garden/readings/stream", null)) {
            client.next("caught-up");

            long start = System.nanoTime();
            application.close();

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
            client.next("end");
            assertThat(client.next().event()).isEqualTo("closed");
        } finally {
            application.close();
        }
    }

    @Tag("long")
    @Test
    void feederReplaysTheYearAndContinuesAfterARestart() throws Exception {
        List<Reading> year = SeattleTemperatures.load();
        int fed = 0;
        for (int run = 0; run < 2; run++) {
            try (ConfigurableApplicationContext application = RunningSample.startFeeding(redis)) {
                Sensors sensors = application.getBean(Sensors.class);
                int before = fed;
                await().until(() -> sensors.readings("seattle").size() >= before + 20);
                sensors.add(
                        "seattle",
                        new Reading(99.0, null),
                        AddOptions.none()); // a reading from a person, which is not in the data
            }
            try (ConfigurableApplicationContext application = RunningSample.start(redis, 0)) {
                List<Reading> log = application.getBean(Sensors.class).readings("seattle").read(Tail.all()).stream()
                        .map(TypedEvent::value)
                        .filter(reading -> reading.measured() != null)
                        .toList();
                fed = log.size();
                assertThat(log).isEqualTo(year.subList(0, fed));
            }
        }
    }

    @Tag("long")
    @Test
    void feederContinuesAfterAnOutageAndLogsItOnce(CapturedOutput output) throws Exception {
        try (ConfigurableApplicationContext application = RunningSample.startFeeding(redis)) {
            Sensors sensors = application.getBean(Sensors.class);
            await().until(() -> sensors.readings("seattle").size() > 0);
            redis.stop();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> output.getOut().contains("Cannot feed sensor 'seattle'"));
            redis.start();

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> output.getOut().contains("Feeding sensor 'seattle' again"));
            EventId last = sensors.readings("seattle").lastId().orElseThrow();
            await().until(() ->
                    sensors.readings("seattle").lastId().orElseThrow().isAfter(last));
        }
        assertThat(output.getOut().split("Cannot feed sensor")).hasSize(2);
    }
}
