package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventId;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
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
 * What a client gets that comes while Redis cannot have its stream begin. At any status but 200 {@code EventSource} gives up for
 * good: right where Redis refuses, and wrong for all that passes.
 */
@ExtendWith(OutputCaptureExtension.class)
class SseStartTests extends ServerTests {

    private enum Kind {
        MVC(Mvc.class, WebApplicationType.SERVLET),
        WEB_FLUX(WebFlux.class, WebApplicationType.REACTIVE);

        private final Class<?> type;
        private final WebApplicationType web;

        Kind(Class<?> type, WebApplicationType web) {
            this.type = type;
            this.web = web;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientIsToldToComeBackWhileRedisIsSlow(Kind kind, CapturedOutput output) throws Exception {
        List<EventId> ids = add("log", 0, 3);
        ConfigurableApplicationContext application = start(kind, "spring.data.redis.timeout=300ms");
        open(application, ids.get(2)).next("caught-up"); // connects

        redis.freeze();
        try {
            for (int i = 0; i < 2; i++) {
                assertInterrupted(open(application, ids.get(0)));
            }
        } finally {
            redis.thaw();
        }
        redis.ask("CLIENT", "PAUSE", "60000", "WRITE"); // which scripts count as, but not what else is read
        SseClient client = open(application, ids.get(0));
        client.next("interrupted");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        assertThat(output).containsOnlyOnce("Streams of Server-Sent Events cannot begin now");
        redis.ask("CLIENT", "UNPAUSE");

        assertComesBack(application, ids);
        assertThat(output).contains("Streams of Server-Sent Events begin again").doesNotContain("ERROR");
    }

    @ParameterizedTest
    @EnumSource
    void aClientIsToldToComeBackWhileRedisIsAway(Kind kind, CapturedOutput output) throws Exception {
        List<EventId> ids = add("log", 0, 3);
        redis.kill();
        ConfigurableApplicationContext application = start(kind);

        assertInterrupted(open(application, ids.get(0)));
        redis.start();

        assertComesBack(application, ids);
        assertThat(output).doesNotContain("ERROR");
    }

    @ParameterizedTest
    @EnumSource
    void aClientIsRefusedWhereRedisRefuses(Kind kind) throws Exception {
        redis.ask("SET", "log", "another type");

        assertThat(SseClient.refused(uri(start(kind), "/all/log"), null).statusCode())
                .isEqualTo(HttpURLConnection.HTTP_INTERNAL_ERROR);
    }

    private static void assertInterrupted(SseClient client) throws InterruptedException {
        assertThat(client.header("Content-Type")).startsWith("text/event-stream");
        SseClient.Message message = client.next();
        assertThat(message.lines())
                .containsExactly(
                        "event:interrupted", "data:The log cannot be read at the moment: connect again to go on");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
    }

    private void assertComesBack(ConfigurableApplicationContext application, List<EventId> ids) {
        assertThat(eventually(() -> open(application, ids.get(0)).nextEvent().id()))
                .isEqualTo(ids.get(1).toString());
    }

    private ConfigurableApplicationContext start(Kind kind, String... properties) {
        List<String> all = new ArrayList<>(List.of(properties));
        all.add("spring.data.redis.url=" + redis.uri());
        return closeLater(TestApplication.startWeb(kind.type, kind.web, all.toArray(String[]::new)));
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
