package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.SharedApplications;
import dev.eventlog.test.SocketClient;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedis;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
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

/** WebSocket clients of both kinds of web applications. {@link WebSocketFaultTests} has outages and shutdowns. */
class WebSocketTests extends LogTests {

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

    @RegisterExtension
    static final SharedApplications SHARED =
            new SharedApplications(List.of(EventLogSse.class, ReactiveEventLogSse.class));

    private static ConfigurableApplicationContext application(Kind kind) {
        ConfigurableApplicationContext application = SHARED.get(
                kind.type, kind.web, "spring.data.redis.url=" + TestRedis.get().uri());
        TestApplication.factory(application)
                .create("warm-up")
                .size(); // the first connection can take longer than a stream waits
        return application;
    }

    static URI address(ConfigurableApplicationContext application, Kind kind, String path) {
        return uri(application, kind.path + path);
    }

    private SocketClient open(ConfigurableApplicationContext application, Kind kind, String path) {
        return closeLater(SocketClient.open(address(application, kind, path)));
    }

    private static String resume(JsonNode message) {
        return "?lastEventId=" + URLEncoder.encode(message.get("id").asString(), StandardCharsets.UTF_8);
    }

    static long followed(ConfigurableApplicationContext application) {
        return SseTests.followed(application);
    }

    static int opened(ConfigurableApplicationContext application) {
        EventLogSse sse = application.getBeanProvider(EventLogSse.class).getIfAvailable();
        return sse != null
                ? sse.openStreams()
                : application.getBean(ReactiveEventLogSse.class).openStreams();
    }

    @ParameterizedTest
    @EnumSource
    void socketHasExistingEventsThenNewOnesAndContinues(Kind kind) throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));
        ConfigurableApplicationContext application = application(kind);
        MeterRegistry meters = application.getBean(MeterRegistry.class);
        double resumes = SseTests.counted(meters, "resumes");
        SocketClient client = open(application, kind, "/all/" + log.name());
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
        String next = log.add(event(3)).toString();
        assertThat(client.next().get("id").asString()).isEqualTo(next);
        client.leave();
        assertThat(client.closed()).isEqualTo(1001);
        await().until(() -> followed(application) == 0 && opened(application) == 0);

        assertThat(SseTests.counted(meters, "resumes")).isEqualTo(resumes);
        assertThat(meters.get("eventlog.web.streams").gauge().value()).isZero();
        SocketClient again = open(application, kind, "/new/" + log.name() + "?lastEventId=" + ids.get(2));
        assertThat(again.next("event").get("id").asString()).isEqualTo(next);
        assertThat(SseTests.counted(meters, "resumes")).isEqualTo(resumes + 1);
        assertThat(meters.get("eventlog.web.streams").gauge().value()).isOne();
        again.close();
        await().until(() -> {
            log.add(event(4)); // the system still accepts the first of these writes
            return followed(application) == 0 && opened(application) == 0;
        });
    }

    @ParameterizedTest
    @EnumSource
    void severalLogsHaveNamesAndOneCursor(Kind kind) throws Exception {
        ConfigurableApplicationContext application = application(kind);
        EventLog log = newLog();
        EventLog second = factory.create(log.name() + ":second");
        TypedEventLog<SseTests.Step> third = factory.create(log.name() + ":third", SseTests.Step.class);
        deleteLater(second.name());
        deleteLater(third.name());
        log.add(event(0));
        second.add(event(7));
        third.add(new SseTests.Step.Started("me"));
        SocketClient client = open(application, kind, "/three/" + log.name());
        List<String> events = new ArrayList<>();
        JsonNode last = client.next("event");
        for (int i = 0; i < 3; i++) {
            events.add(last.get("log").asString() + last.get("data"));
            last = i < 2 ? client.next("event") : last;
        }
        assertThat(events)
                .containsExactlyInAnyOrder(
                        log.name() + "{\"n\":\"0\"}",
                        "second{\"n\":\"7\"}",
                        third.name() + "{\"@type\":\"Started\",\"by\":\"me\"}");
        client.close();

        third.add(new SseTests.Step.Ended(1));
        log.complete();
        second.completeExceptionally("why");
        SocketClient again = open(application, kind, "/three/" + log.name() + resume(last));
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
                        log.name() + Completion.Kind.DONE, "second" + Completion.Kind.FAILED, third.name());
        assertThat(again.closed()).as("a status that asks for no reconnect").isEqualTo(1000);
        await().until(() -> followed(application) == 0 && opened(application) == 0);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void reconnectedClientIsCaughtUpAgain(Kind kind) throws Exception {
        ConfigurableApplicationContext application = application(kind);
        EventLog log = newLog();
        log.complete(event(0));
        SocketClient client = open(application, kind, "/all/" + log.name());
        JsonNode complete = client.next("complete");
        assertThat(complete.get("data").get("kind").asString()).isEqualTo("DONE");
        assertThat(client.closed()).isEqualTo(1000);
        SocketClient again = open(application, kind, "/all/" + log.name() + resume(complete));
        again.next("complete");
        assertThat(again.closed()).isEqualTo(1000);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void bodiesUseTheNamesAndTextsOfTheApplication(Kind kind) throws Exception {
        ConfigurableApplicationContext application = application(kind);
        TypedEventLog<SseTests.Step> log = factory.create(newName(), SseTests.Step.class);
        log.add(new SseTests.Step.Started("me"));
        JsonNode chosen = open(application, kind, "/chosen/" + log.name()).next("event");
        assertThat(chosen.get("name").asString()).isEqualTo("Started");
        assertThat(chosen.get("data")).hasToString("{\"by\":\"me\"}");
        TypedEventLog<SseTests.Reading> room = factory.create(newName(), SseTests.Reading.class);
        room.add(new SseTests.Reading(1, "a\nb"));
        assertThat(open(application, kind, "/rooms/" + room.name())
                        .next("event")
                        .get("data")
                        .asString())
                .as("a text is a JSON string")
                .isEqualTo("a\nb");
    }

    @ParameterizedTest
    @EnumSource
    void failureIsSentAsACode(Kind kind) throws Exception {
        ConfigurableApplicationContext application = application(kind);
        EventLog log = newLog();
        log.add(event(0));
        SocketClient failing = open(application, kind, "/failing/" + log.name());
        assertThat(failing.next("failed").get("data").get("code").asString()).isEqualTo("unreadable-event");
        assertThat(failing.closed()).isEqualTo(1011);

        SocketClient malformed = open(application, kind, "/all/" + log.name() + "?lastEventId=nonsense");
        JsonNode data = malformed.next("failed").get("data");
        assertThat(data.get("code").asString()).isEqualTo("bad-request");
        assertThat(data.get("message").asString()).contains("lastEventId", "nonsense");
        assertThat(malformed.closed()).isEqualTo(1008);

        String text = newName();
        redis.opsForValue().set(text, "another type");
        SocketClient refused = open(application, kind, "/all/" + text);
        assertThat(refused.next("failed").get("data").get("code").asString()).isEqualTo("refused");
        assertThat(refused.closed()).isEqualTo(1011);

        SocketClient thrown = open(application, kind, "/unknown/" + log.name());
        assertThat(thrown.next("failed").get("data").get("code").asString()).isEqualTo("refused");
        assertThat(thrown.closed()).isEqualTo(1011);
        await().until(() -> followed(application) == 0 && opened(application) == 0);
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
