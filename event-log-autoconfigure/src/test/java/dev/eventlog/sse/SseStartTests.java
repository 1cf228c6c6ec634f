package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventId;
import dev.eventlog.Tail;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;

/**
 * Clients that connect while Redis cannot start their stream. {@code EventSource} stops permanently after any status
 * except 200, which is right if Redis refuses, and wrong for temporary failures.
 */
@ExtendWith(OutputCaptureExtension.class)
class SseStartTests extends ServerTests {

    enum Kind {
        MVC(Mvc.class, WebApplicationType.SERVLET),
        WEB_FLUX(WebFlux.class, WebApplicationType.REACTIVE);

        final Class<?> type;
        final WebApplicationType web;

        Kind(Class<?> type, WebApplicationType web) {
            this.type = type;
            this.web = web;
        }
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void streamOpensWhileRedisIsSlowAndStartsWhenItAnswers(Kind kind, CapturedOutput output) throws Exception {
        List<EventId> ids = add("log", 0, 3);
        ConfigurableApplicationContext application = start(kind, "spring.data.redis.timeout=300ms");
        open(application, ids.get(2)).next("caught-up"); // opens the connection
        List<SseClient> clients = new ArrayList<>();

        redis.freeze();
        try {
            for (int i = 0; i < 2; i++) {
                clients.add(openInterrupted(application, ids.get(0)));
            }
        } finally {
            redis.thaw();
        }
        redis.ask("CLIENT", "PAUSE", "60000", "WRITE"); // scripts count as writes, but other reads do not
        clients.add(openInterrupted(application, ids.get(0)));
        redis.ask("CLIENT", "UNPAUSE");

        for (SseClient client : clients) {
            client.next("resumed");
            assertThat(client.nextEvent().id()).isEqualTo(ids.get(1).toString());
            assertThat(client.nextEvent().id()).isEqualTo(ids.get(2).toString());
        }
        assertThat(output)
                .contains("Streams of Server-Sent Events cannot begin now")
                .contains("Streams of Server-Sent Events begin again")
                .doesNotContain("ERROR");
    }

    @ParameterizedTest
    @EnumSource
    void streamOpensDuringAnOutageAndFixesItsTailAfterIt(Kind kind, CapturedOutput output) throws Exception {
        add("log", 0, 3);
        redis.kill();
        ConfigurableApplicationContext application = start(kind);

        SseClient all = openInterrupted(application, "/all/log");
        SseClient onlyNew = openInterrupted(application, "/new/log");
        redis.start();

        onlyNew.next("resumed");
        assertThat(onlyNew.next().id()).as("the id of the start").isNotNull();
        onlyNew.next("caught-up");
        List<EventId> later = add("log", 3, 4);
        assertThat(onlyNew.nextEvent().id()).isEqualTo(later.get(0).toString());
        all.next("resumed");
        String first = all.nextEvent().id();
        assertThat(first).isNotNull();
        assertThat(output).doesNotContain("ERROR");
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void openStreamReportsOutageAndRecovery(Kind kind) throws Exception {
        add("log", 0, 1);
        ConfigurableApplicationContext application =
                start(kind, "eventlog.follow.recovery.max-delay=200ms", "eventlog.follow.poll-timeout=300ms");
        SseClient client = closeLater(new SseClient(uri(application, "/all/log"), null));
        client.next("caught-up");

        for (int i = 0; i < 2; i++) {
            redis.kill();
            assertThat(client.next("interrupted").data()).contains("continues by itself");
            redis.start();
            client.next("resumed");
        }
        EventId id = add("log", 1, 2).get(0);
        assertThat(client.nextEvent().id()).isEqualTo(id.toString());
    }

    @ParameterizedTest
    @EnumSource
    void streamOfAPatternWithoutLogsReportsOutageAndRecovery(Kind kind) throws Exception {
        ConfigurableApplicationContext application =
                start(kind, "eventlog.follow.recovery.max-delay=200ms", "eventlog.follow.poll-timeout=300ms");
        SseClient client = closeLater(new SseClient(uri(application, "/newmatching/orders"), null));
        client.next("caught-up");

        for (int i = 0; i < 2; i++) {
            redis.kill();
            assertThat(client.next().name()).isEqualTo("interrupted");
            SseClient late = openInterrupted(application, "/newmatching/orders");
            redis.start();
            assertThat(client.next().name()).isEqualTo("resumed");
            assertThat(late.next().name()).isEqualTo("resumed");
            late.next("caught-up");
        }
        EventId id = add("orders:1", 1, 2).get(0);
        assertThat(client.nextEvent().data()).contains(id.toString());
    }

    @ParameterizedTest
    @EnumSource
    void slowStartOfABusyApplicationIsNoInterruption(Kind kind) throws Exception {
        add("log", 0, 1);
        add("slow", 0, 1);
        ConfigurableApplicationContext application = start(kind, "eventlog.follow.max-threads=1");
        CountDownLatch isBusy = new CountDownLatch(1);
        CountDownLatch mayStart = new CountDownLatch(1);
        closeLater(TestApplication.factory(application).create("slow").follow(Tail.all(), batch -> {
            isBusy.countDown();
            mayStart.await();
        }));
        isBusy.await();

        SseClient client = closeLater(new SseClient(uri(application, "/all/log"), null));
        mayStart.countDown();

        List<String> names = new ArrayList<>();
        while (!names.contains("caught-up")) {
            names.add(String.valueOf(client.next().name()));
        }
        assertThat(names).doesNotContain("interrupted", "resumed").hasSize(4); // opened, the id of the start, the event
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void streamIsInterruptedIfRedisIsSilent(Kind kind) throws Exception {
        add("log", 0, 1);
        ConfigurableApplicationContext application = start(kind);
        closeLater(new SseClient(uri(application, "/all/log"), null)).next("caught-up");
        redis.freeze();
        try {
            SseClient log = openInterrupted(application, "/all/log");
            SseClient pattern = openInterrupted(application, "/matching/l");
            long begin = System.nanoTime();
            for (int i = 0; i < 20; i++) { // each one would hold a thread of the web server for a second
                closeLater(new SseClient(uri(application, "/all/log"), null));
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
            redis.thaw();
            log.next("resumed");
            pattern.next("resumed");
            log.next("caught-up");
            pattern.next("caught-up");
        } finally {
            redis.thaw();
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusalByRedisRefusesTheClient(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(kind);
        add("other", 0, 1);
        closeLater(new SseClient(uri(application, "/all/other"), null))
                .next("caught-up"); // so that all connections are open
        redis.ask("SET", "log", "another type");

        assertThat(SseClient.refused(uri(application, "/all/log"), null).statusCode())
                .isEqualTo(HttpURLConnection.HTTP_INTERNAL_ERROR);
    }

    @ParameterizedTest
    @EnumSource
    void openStreamFailsWithACodeIfRedisRefusesAfterAnOutage(Kind kind) throws Exception {
        redis.kill();
        ConfigurableApplicationContext application = start(kind);
        SseClient client = openInterrupted(application, "/all/log");

        redis.start();
        redis.ask("SET", "log", "another type");

        SseClient.Message failed = client.next();
        while (!"failed".equals(failed.name())) { // the stream may have started before that key existed
            failed = client.next();
        }
        assertThat(failed.data()).startsWith("{\"code\":\"refused\"");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
    }

    private SseClient openInterrupted(ConfigurableApplicationContext application, EventId lastEventId)
            throws IOException, InterruptedException {
        return interrupted(open(application, lastEventId));
    }

    private SseClient openInterrupted(ConfigurableApplicationContext application, String path)
            throws IOException, InterruptedException {
        return interrupted(closeLater(new SseClient(uri(application, path), null)));
    }

    private static SseClient interrupted(SseClient client) throws InterruptedException {
        assertThat(client.header("Content-Type")).startsWith("text/event-stream");
        client.next(); // the id of the start, or the opening comment
        assertThat(client.next().lines())
                .containsExactly(
                        "event:interrupted",
                        "data:The log cannot be read at the moment. The stream continues by itself");
        return client;
    }

    private ConfigurableApplicationContext start(Kind kind, String... properties) {
        return closeLater(TestApplication.startWeb(kind.type, kind.web, withRedis(properties)));
    }

    private SseClient open(ConfigurableApplicationContext application, EventId lastEventId)
            throws IOException, InterruptedException {
        return closeLater(new SseClient(uri(application, "/all/log"), lastEventId.toString()));
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(EventLogSseTests.Controller.class)
    static class Mvc {}

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(ReactiveEventLogSseTests.Controller.class)
    static class WebFlux {}
}
