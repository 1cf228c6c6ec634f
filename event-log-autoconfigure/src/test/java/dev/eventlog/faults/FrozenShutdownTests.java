package dev.eventlog.faults;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.Recording;
import dev.eventlog.Tail;
import dev.eventlog.reactor.EventFlux;
import dev.eventlog.sse.EventStreamAccess;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.Principal;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import reactor.core.publisher.Flux;

/** Applications that shut down while Redis is frozen: it keeps its connections, and answers nothing. */
@Tag("long")
class FrozenShutdownTests extends ServerTests {

    private static final Duration FEW_SECONDS = Duration.ofSeconds(10); // a phase of the shutdown may take 30 s

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    /** Notes when a request has been received. */
    private static final class Access implements EventStreamAccess {

        private final CountDownLatch asked = new CountDownLatch(2);

        @Override
        public boolean mayFollow(
                org.springframework.http.HttpRequest request, @Nullable Principal principal, String log) {
            asked.countDown();
            return true;
        }

        @Override
        public boolean mayWrite(
                org.springframework.http.HttpRequest request, @Nullable Principal principal, String log) {
            asked.countDown();
            return true;
        }
    }

    @AfterEach
    void thaw() {
        redis.thaw();
    }

    @ParameterizedTest
    @CsvSource({
        "SERVLET,GET,log,503",
        "SERVLET,GET,log?offset=-1&live=long-poll,503",
        "REACTIVE,GET,log?offset=-1&live=sse,503",
        "REACTIVE,POST,log,503",
    })
    void requestThatWaitsForRedisIsAnsweredAndHoldsUpNothing(
            WebApplicationType web, String method, String path, int status) throws Exception {
        add("log", 0, 1);
        Access access = new Access();
        ConfigurableApplicationContext application = closeLater(TestApplication.startWebWith(
                Application.class,
                web,
                EventStreamAccess.class,
                access,
                "spring.data.redis.url=" + redis.uri(),
                "eventlog.http.path=/logs",
                "eventlog.http.writable=true"));
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpRequest first =
                HttpRequest.newBuilder(uri(application, "/logs/log")).build();
        assertThat(client.send(first, BodyHandlers.ofString()).statusCode()).isEqualTo(200);

        redis.freeze();
        HttpRequest request = HttpRequest.newBuilder(uri(application, "/logs/" + path))
                .header("Content-Type", "application/json")
                .method(method, method.equals("POST") ? BodyPublishers.ofString("[{}]") : BodyPublishers.noBody())
                .build();
        CompletableFuture<HttpResponse<String>> answer = client.sendAsync(request, BodyHandlers.ofString());
        access.asked.await();
        assertClosesSoon(application);

        assertThat(answer.get(5, TimeUnit.SECONDS).statusCode()).isEqualTo(status);
    }

    @Test
    void namedFollowerHoldsUpNothing() {
        add("log", 0, 1);
        ConfigurableApplicationContext application = closeLater(TestApplication.startOn(redis.uri()));
        Collected<Event> got = Collected.events();
        TestApplication.factory(application)
                .create("log")
                .follow(Tail.all(), got, options -> options.named("invoices"));
        LogTests.await().until(() -> got.count() == 1);

        redis.freeze();
        assertClosesSoon(application);
    }

    @Test
    void recordingHoldsUpNothing() {
        ConfigurableApplicationContext application = closeLater(TestApplication.startOn(redis.uri()));
        EventLog log = TestApplication.factory(application).create("log");
        Recording recording = EventFlux.record(
                log, Flux.interval(Duration.ofMillis(5)).onBackpressureDrop().map(n -> Map.of("n", n)));
        LogTests.await().until(() -> log.size() > 0);

        redis.freeze();
        assertClosesSoon(application);

        assertThat(recording.completion()).isCompletedExceptionally();
    }

    private static void assertClosesSoon(ConfigurableApplicationContext application) {
        long begin = System.nanoTime();
        application.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(FEW_SECONDS);
    }
}
