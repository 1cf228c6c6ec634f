package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.test.IdleClients;
import dev.eventlog.test.SharedApplications;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedisConnection;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Subscription;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.util.backoff.FixedBackOff;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import tools.jackson.databind.json.JsonMapper;

/** Runs the tests with WebFlux. */
@Tag("long") // the other tests of streams run on both web stacks
class ReactiveEventLogSseTests extends SseTests {

    private static final String CLIENT = "webflux-sse-tests";

    private static final String[] ONE_CONNECTION = {
        "eventlog.follow.max-threads=8", "spring.data.redis.client-name=" + CLIENT
    };

    @RegisterExtension
    static final SharedApplications SHARED = new SharedApplications(List.of(ReactiveEventLogSse.class));

    @Override
    ConfigurableApplicationContext application(String... properties) {
        return SHARED.get(
                Application.class, WebApplicationType.REACTIVE, properties.length == 0 ? ONE_CONNECTION : properties);
    }

    @Override
    ConfigurableApplicationContext start(String... properties) {
        return closeLater(run(properties));
    }

    private static ConfigurableApplicationContext run(String... properties) {
        return TestApplication.startWeb(Application.class, WebApplicationType.REACTIVE, properties);
    }

    @Override
    <T> ConfigurableApplicationContext startWith(Class<T> type, T bean, String... properties) {
        return closeLater(
                TestApplication.startWebWith(Application.class, WebApplicationType.REACTIVE, type, bean, properties));
    }

    @Override
    Class<ReactiveEventLogSse> sse() {
        return ReactiveEventLogSse.class;
    }

    @Override
    int opened(ConfigurableApplicationContext application) {
        return application.getBean(sse()).openStreams();
    }

    @Test
    void streamHasExistingEventsThenNewOnesWithTheirIds() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));
        SseClient client = open("/all/" + log.name(), null);

        assertThat(client.header("Content-Type")).startsWith("text/event-stream");
        assertThat(client.header("Cache-Control")).isEqualTo("no-store");
        assertThat(client.header("X-Accel-Buffering")).isEqualTo("no");
        SseClient.Message begin = client.next();
        assertThat(begin.id())
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
    void completionIsSent() throws Exception {
        for (Completion completion : List.of(Completion.done(), Completion.failed("no memory"))) {
            EventLog log = newLog();
            log.add(event(0));
            SseClient client = open("/all/" + log.name(), null);
            client.next("caught-up");
            log.completeAs(completion);
            SseClient.Message end = client.next("complete");
            assertThat(end.id()).isEqualTo(EventId.MAX.toString());
            assertThat(end.data()).startsWith("{\"kind\":\"" + completion.kind() + "\"");
            assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        }
    }

    @Test
    void streamContinuesAfterTheLastEventIdInsteadOfTheTail() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 3));

        SseClient client = open("/new/" + log.name(), ids.get(0).toString());
        assertThat(client.next().id())
                .as("the id of the start")
                .isEqualTo(ids.get(0).toString());
        assertThat(client.next().id()).isEqualTo(ids.get(1).toString());
        assertThat(client.next().id()).isEqualTo(ids.get(2).toString());
        assertThat(client.next().name()).isEqualTo("caught-up");
        assertThat(open("/new/" + log.name(), "").next("caught-up").data())
                .as("an empty id is no id")
                .isEmpty();
    }

    @Test
    void gapIsSentBeforeTheNextEvent() throws Exception {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        String seen = new EventId(id.milliseconds() + 1_000, 0).toString();

        SseClient client = open("/all/" + log.name(), seen);
        client.next("caught-up");
        await().until(() -> feeds() == 1);
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
    void failureIsSentWithoutItsReason(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        SseClient client = open(start("eventlog.sse.heartbeat=10ms"), "/failing/" + log.name(), null);
        client.next("caught-up");

        log.add(event(0));

        assertThat(client.next("failed").lines())
                .containsExactly(
                        "event:failed",
                        "data:{\"code\":\"unreadable-event\",\"message\":\"The next event cannot be sent\"}");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        assertThat(output).contains("secret of the server");
        await().until(() -> feeds() == 0);
    }

    @Test
    void followerOfADisconnectedClientIsClosed(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        SseClient client = open(application("eventlog.sse.heartbeat=50ms"), "/all/" + log.name(), null);
        client.next("caught-up");
        for (int beats = 0; beats < 2; beats++) {
            assertThat(client.next().lines()).containsExactly(":");
        }
        await().until(() -> feeds() == 1);

        client.close();

        await().until(() -> feeds() == 0);
        assertThat(output).doesNotContain("ERROR", "Exception");
    }

    @Test
    void shutdownEndsStreamsBeforeTheServerWaits(CapturedOutput output) throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application =
                start("spring.lifecycle.timeout-per-shutdown-phase=60s", "server.shutdown=graceful");
        List<SseClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(open(application, "/all/" + log.name(), null));
            clients.get(i).next("caught-up");
        }

        long start = System.nanoTime();
        application.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
        for (SseClient client : clients) {
            assertThat(client.next().lines())
                    .containsExactly("event:end", "data:The server ends this stream. Connect again to continue");
            assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        }
        assertThat(output).doesNotContain("ERROR", "Exception");
    }

    @Test
    void slowClientHasAtMostOneBatchBuffered() {
        EventLog log = newFactory("eventlog.follow.batch-size=10").create(newName());
        log.addAll(events(0, 100));
        AtomicInteger fetched = new AtomicInteger();
        Slow client = new Slow();
        SseSettings settings = new SseSettings(
                Duration.ofMillis(10),
                null,
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                new FixedBackOff(20, Long.MAX_VALUE),
                false);
        ReactiveEventLogSse sse = new ReactiveEventLogSse(new JsonMapper(), settings, null);
        closeLater(sse::destroy);
        sse.follow(log, Tail.all(), null, event -> fetched.incrementAndGet()).subscribe(client);

        client.request(4);
        await().until(() -> client.got.size() == 4);
        assertStays(fetched, 10);
        client.request(Long.MAX_VALUE); // heartbeats would have reported an overflow
        await().until(() -> client.names().contains("caught-up"));
        assertThat(fetched).hasValue(100);
        client.cancel();
    }

    @Test
    void manyIdleClientsShareThreadsAndOneConnection() throws Exception {
        EventLog log = newLog();
        URI uri = uri(application(), "/new/" + log.name());
        open("/new/" + log.name(), null).next("caught-up"); // so that everything for one client exists
        await().until(() -> blockedConnections(CLIENT) == 1);
        long connections = connectionsNamed(CLIENT);
        int threads = Thread.getAllStackTraces().size();

        IdleClients clients = closeLater(new IdleClients(300, uri));
        assertThat(clients.await("event:caught-up\ndata:\n\n", 30)).isEqualTo(300);

        EventId id = log.add(event(1));
        assertThat(clients.await("id:" + id + "\ndata:{\"n\":\"1\"}\n\n", 30)).isEqualTo(300);
        assertThat(Thread.getAllStackTraces().size()).isLessThan(threads + 50);
        assertThat(connectionsNamed(CLIENT)).isLessThanOrEqualTo(connections + POOLED);
        await().until(() -> blockedConnections(CLIENT) == 1);
    }

    private SseClient open(String path, @Nullable String lastEventId) throws IOException, InterruptedException {
        return open(application(), path, lastEventId);
    }

    /** A client that reads only on command. */
    private static final class Slow extends BaseSubscriber<ServerSentEvent<String>> {

        private final List<ServerSentEvent<String>> got = new CopyOnWriteArrayList<>();

        @Override
        protected void hookOnSubscribe(Subscription subscription) {}

        @Override
        protected void hookOnNext(ServerSentEvent<String> message) {
            got.add(message);
        }

        List<String> names() {
            return got.stream().map(message -> String.valueOf(message.event())).toList();
        }
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestRedisConnection.class, Controller.class})
    static class Application {

        @Bean
        ReactorResourceFactory reactorResourceFactory() {
            ReactorResourceFactory resources = new ReactorResourceFactory();
            resources.setUseGlobalResources(false);
            resources.setShutdownQuietPeriod(Duration.ZERO); // a quiet period is not part of the measured shutdown
            return resources;
        }
    }

    @RestController
    static class Controller {

        private final EventLogFactory logs;
        private final ReactiveEventLogSse sse;

        Controller(EventLogFactory logs, ReactiveEventLogSse sse) {
            this.logs = logs;
            this.sse = sse;
        }

        @GetMapping("/{kind}/{log}")
        Flux<ServerSentEvent<String>> follow(@PathVariable String kind, @PathVariable String log) {
            return sse.follow(SseTests.stream(logs, kind, log));
        }
    }
}
