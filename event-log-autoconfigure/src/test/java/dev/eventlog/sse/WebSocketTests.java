package dev.eventlog.sse;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.SocketClient;
import dev.eventlog.test.TestApplication;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpHeaders;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;
import org.springframework.web.socket.handler.WebSocketSessionDecorator;
import tools.jackson.databind.JsonNode;

/** WebSocket clients of both kinds of web applications. */
@ExtendWith(OutputCaptureExtension.class)
class WebSocketTests extends ServerTests {

    enum Kind {
        MVC(Mvc.class, WebApplicationType.SERVLET, "/socket"),
        /** Wraps the sessions of the container, so that threads wait for clients. */
        DECORATED(Mvc.class, WebApplicationType.SERVLET, "/decorated"),
        WEB_FLUX(WebFlux.class, WebApplicationType.REACTIVE, "/socket");

        final Class<?> type;
        final WebApplicationType web;
        final String path;

        Kind(Class<?> type, WebApplicationType web, String path) {
            this.type = type;
            this.web = web;
            this.path = path;
        }
    }

    private ConfigurableApplicationContext start(Kind kind, String... properties) {
        ConfigurableApplicationContext application =
                closeLater(TestApplication.startWeb(kind.type, kind.web, withRedis(properties)));
        logs(application).create("warm-up").size(); // the first connection can take longer than a stream waits
        return application;
    }

    private String[] withRedis(String... properties) {
        return Stream.concat(Stream.of(properties), Stream.of("spring.data.redis.url=" + redis.uri()))
                .toArray(String[]::new);
    }

    private static EventLogFactory logs(ConfigurableApplicationContext application) {
        return TestApplication.factory(application);
    }

    private static URI address(ConfigurableApplicationContext application, Kind kind, String path) {
        return uri(application, kind.path + path);
    }

    private SocketClient open(ConfigurableApplicationContext application, Kind kind, String path) {
        return closeLater(SocketClient.open(address(application, kind, path)));
    }

    private static String resume(JsonNode message) {
        return "?lastEventId=" + URLEncoder.encode(message.get("id").asString(), StandardCharsets.UTF_8);
    }

    private static long followed(ConfigurableApplicationContext application) {
        return SseTests.followed(application);
    }

    private static int opened(ConfigurableApplicationContext application) {
        EventLogSse sse = application.getBeanProvider(EventLogSse.class).getIfAvailable();
        return sse != null
                ? sse.openStreams()
                : application.getBean(ReactiveEventLogSse.class).openStreams();
    }

    @ParameterizedTest
    @EnumSource
    void socketHasExistingEventsThenNewOnesAndContinues(Kind kind) throws Exception {
        List<EventId> ids = add("log", 0, 3);
        ConfigurableApplicationContext application = start(kind);
        SocketClient client = open(application, kind, "/all/log");
        JsonNode opened = client.next();
        assertThat(opened.get("type").asString()).isEqualTo("opened");
        assertThat(opened.get("id").asString()).isEqualTo(ids.get(0).previous().toString());
        assertThat(opened.get("data").get("reconnectDelay").asInt()).isBetween(1000, 3000);
        for (int n = 0; n < 3; n++) {
            assertThat(client.next())
                    .hasToString("{\"type\":\"event\",\"id\":\"" + ids.get(n) + "\",\"data\":{\"n\":\"" + n + "\"}}");
        }
        assertThat(client.next()).hasToString("{\"type\":\"caught-up\"}");
        client.send("what clients send is ignored");
        String next = add("log", 3, 4).get(0).toString();
        assertThat(client.next().get("id").asString()).isEqualTo(next);
        client.leave();
        assertThat(client.closed()).isEqualTo(1001);
        await().until(() -> followed(application) == 0 && opened(application) == 0);

        MeterRegistry meters = application.getBean(MeterRegistry.class);
        assertThat(SseTests.counted(meters, "resumes")).isZero();
        assertThat(meters.get("eventlog.web.streams").gauge().value()).isZero();
        SocketClient again = open(application, kind, "/new/log?lastEventId=" + ids.get(2));
        assertThat(again.next("event").get("id").asString()).isEqualTo(next);
        assertThat(SseTests.counted(meters, "resumes")).isOne();
        assertThat(meters.get("eventlog.web.streams").gauge().value()).isOne();
        again.close();
        await().until(() -> {
            add("log", 4, 5); // the system still accepts the first of these writes
            return followed(application) == 0 && opened(application) == 0;
        });
    }

    @ParameterizedTest
    @EnumSource
    void severalLogsHaveNamesAndOneCursor(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(kind);
        add("log", 0, 1);
        add("log:second", 7, 8);
        TypedEventLog<SseTests.Step> third = logs(application).create("log:third", SseTests.Step.class);
        third.add(new SseTests.Step.Started("me"));
        SocketClient client = open(application, kind, "/three/log");
        List<String> events = new ArrayList<>();
        JsonNode last = client.next("event");
        for (int i = 0; i < 3; i++) {
            events.add(last.get("log").asString() + last.get("data"));
            last = i < 2 ? client.next("event") : last;
        }
        assertThat(events)
                .containsExactlyInAnyOrder(
                        "log{\"n\":\"0\"}", "second{\"n\":\"7\"}", "log:third{\"@type\":\"Started\",\"by\":\"me\"}");
        client.close();

        third.add(new SseTests.Step.Ended(1));
        logs(application).create("log").complete();
        logs(application).create("log:second").completeExceptionally("why");
        SocketClient again = open(application, kind, "/three/log" + resume(last));
        List<String> completed = new ArrayList<>();
        JsonNode complete = again.next("complete");
        for (int i = 0; i < 3; i++) {
            completed.add(complete.get("log").asString()
                    + (complete.get("data").has("kind")
                            ? complete.get("data").get("kind").asString()
                            : ""));
            complete = i < 2 ? again.next("complete") : complete;
        }
        assertThat(completed)
                .containsExactlyInAnyOrder(
                        "log" + Completion.Kind.DONE, "second" + Completion.Kind.FAILED, "log:third");
        assertThat(again.closed()).as("a status that asks for no reconnect").isEqualTo(1000);
        await().until(() -> followed(application) == 0 && opened(application) == 0);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void reconnectedClientIsCaughtUpAgain(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(kind);
        add("log", 0, 1);
        logs(application).create("log").complete();
        SocketClient client = open(application, kind, "/all/log");
        JsonNode complete = client.next("complete");
        assertThat(complete.get("data").get("kind").asString()).isEqualTo("DONE");
        assertThat(client.closed()).isEqualTo(1000);
        SocketClient again = open(application, kind, "/all/log" + resume(complete));
        again.next("complete");
        assertThat(again.closed()).isEqualTo(1000);
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

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void bodiesUseTheNamesAndTextsOfTheApplication(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(kind);
        logs(application).create("log", SseTests.Step.class).add(new SseTests.Step.Started("me"));
        JsonNode chosen = open(application, kind, "/chosen/log").next("event");
        assertThat(chosen.get("name").asString()).isEqualTo("Started");
        assertThat(chosen.get("data")).hasToString("{\"by\":\"me\"}");
        logs(application).create("room", SseTests.Reading.class).add(new SseTests.Reading(1, "a\nb"));
        assertThat(open(application, kind, "/rooms/room")
                        .next("event")
                        .get("data")
                        .asString())
                .as("a text is a JSON string")
                .isEqualTo("a\nb");
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
    void failureIsSentAsACode(Kind kind) throws Exception {
        ConfigurableApplicationContext application = start(kind);
        add("log", 0, 1);
        SocketClient failing = open(application, kind, "/failing/log");
        assertThat(failing.next("failed").get("data").get("code").asString()).isEqualTo("unreadable-event");
        assertThat(failing.closed()).isEqualTo(1011);

        SocketClient malformed = open(application, kind, "/all/log?lastEventId=nonsense");
        JsonNode data = malformed.next("failed").get("data");
        assertThat(data.get("code").asString()).isEqualTo("bad-request");
        assertThat(data.get("message").asString()).contains("lastEventId", "nonsense");
        assertThat(malformed.closed()).isEqualTo(1008);

        redis.ask("SET", "text", "another type");
        SocketClient refused = open(application, kind, "/all/text");
        assertThat(refused.next("failed").get("data").get("code").asString()).isEqualTo("refused");
        assertThat(refused.closed()).isEqualTo(1011);

        SocketClient thrown = open(application, kind, "/unknown/log");
        assertThat(thrown.next("failed").get("data").get("code").asString()).isEqualTo("refused");
        assertThat(thrown.closed()).isEqualTo(1011);
        await().until(() -> followed(application) == 0 && opened(application) == 0);
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
        await().until(() -> followed(application) == 0 && opened(application) == 0);
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
            stuck.add(closeLater(SocketClient.stuck(address(application, kind, "/all/log"))));
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
        await().until(() -> opened(application) == 1);
        client.next("heartbeat");
        assertThat(log.add(large)).hasToString(client.next("event").get("id").asString());
    }

    private static int waitingThreads(Set<Thread> before) {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread) && thread.getName().matches("eventlog-sse-\\d+"))
                .count();
    }

    @Test
    void positionIsReadFromAnEscapedAddress() {
        assertThat(position("ws://a/b")).isNull();
        assertThat(position("ws://a/b?lastEventId=")).isEmpty();
        assertThat(position("ws://a/b?x=1&lastEventId=abc%3A1-0%2Cdef%3A2-0")).isEqualTo("abc:1-0,def:2-0");
        assertThat(position("ws://a/b?lastEventId=*")).isEqualTo("*");
    }

    private static @Nullable String position(String uri) {
        return new HandshakeRequest(URI.create(uri), HttpHeaders.EMPTY, Map.of()).position();
    }

    private static EventStream stream(EventLogFactory logs, @Nullable URI uri) {
        String[] parts = String.valueOf(uri == null ? null : uri.getPath()).split("/", 4);
        return SseTests.stream(logs, parts[2], parts[3]);
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableWebSocket
    static class Mvc {

        @Bean
        WebSocketConfigurer sockets(EventLogFactory logs, EventLogWebSocket webSocket) {
            WebSocketHandler handler = webSocket.follow(session -> stream(logs, session.getUri()));
            return (WebSocketHandlerRegistry registry) ->
                    registry.addHandler(handler, "/socket/**").addHandler(new Decorating(handler), "/decorated/**");
        }
    }

    private static final class Decorating extends WebSocketHandlerDecorator {

        Decorating(WebSocketHandler handler) {
            super(handler);
        }

        @Override
        public void afterConnectionEstablished(WebSocketSession session) throws Exception {
            super.afterConnectionEstablished(new WebSocketSessionDecorator(session));
        }
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class WebFlux {

        @Bean
        HandlerMapping sockets(EventLogFactory logs, ReactiveEventLogWebSocket webSocket) {
            return new SimpleUrlHandlerMapping(
                    Map.of(
                            "/socket/**",
                            webSocket.follow(session ->
                                    stream(logs, session.getHandshakeInfo().getUri()))),
                    -1);
        }

        @Bean
        ReactorResourceFactory reactorResourceFactory() {
            ReactorResourceFactory resources = new ReactorResourceFactory();
            resources.setUseGlobalResources(false);
            resources.setShutdownQuietPeriod(Duration.ZERO); // a quiet period is not part of the measured shutdown
            return resources;
        }
    }
}
