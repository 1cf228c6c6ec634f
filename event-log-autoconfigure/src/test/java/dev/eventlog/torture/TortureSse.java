package dev.eventlog.torture;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.SseClient.Message;
import dev.eventlog.test.TestApplication;
import dev.eventlog.torture.TortureWatch.Got;
import dev.eventlog.torture.TortureWatch.Pace;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An HTTP client that loses its connection from time to time, and continues after the last id that it received. */
final class TortureSse extends TortureReader {

    private static final TypeReference<Map<String, String>> FIELDS = new TypeReference<>() {};

    private final ConfigurableApplicationContext web;
    private @Nullable SseClient open; // guarded by this
    private volatile boolean over;

    // Only the reading thread uses the following fields.
    private @Nullable String lastEventId;
    private @Nullable Got end;

    TortureSse(
            TortureScene scene,
            List<List<EventLog>> logs,
            int log,
            String name,
            Random random,
            ConfigurableApplicationContext web) {
        super(scene, logs, log, name, random);
        this.web = web;
    }

    /** {@return an application that serves the logs over HTTP} */
    static ConfigurableApplicationContext start(String... settings) {
        return TestApplication.startWeb(Application.class, WebApplicationType.SERVLET, settings);
    }

    @Override
    void comeAndGo() throws InterruptedException {
        Random when = new Random(random.nextLong());
        scene.start("SSE client", this::read);
        while (scene.stay(200 + when.nextInt(6_000))) {
            cut();
        }
        staysToTheEnd();
    }

    private synchronized void cut() {
        SseClient client = open;
        if (client != null) {
            client.close();
        }
    }

    private void end() {
        over = true;
        cut();
    }

    private void read() throws InterruptedException {
        while (!over) {
            if (random.nextInt(4) == 0) { // another client, which has received nothing
                lastEventId = null;
                end = null;
            }
            EventLog of = log();
            int newest = random.nextInt(3) == 0 ? 10_000 : random.nextInt(40);
            Tail tail = lastEventId != null
                    ? Tail.after(EventId.parse(lastEventId))
                    : newest == 10_000 ? Tail.all() : Tail.last(newest);
            // If the event at the start of a stream is gone, the stream sends its client an earlier id.
            boolean there = end != null && end.id().toString().equals(lastEventId);
            TortureWatch watch = watch(of, tail, there ? end : null, Pace.QUICK);
            watch.ending = this::end;
            URI uri = TestApplication.uri(web, "/" + (tail instanceof Tail.All ? "all" : newest) + "/" + of.name());
            watch.logWasThere = exists(of);
            watch.calledAt = System.nanoTime();
            try (SseClient client = new SseClient(uri, lastEventId)) {
                synchronized (this) {
                    open = client;
                }
                read(client, watch);
                if (watch.completed) {
                    lastEventId = null;
                    end = null;
                    if (!scene.harming) {
                        return;
                    }
                }
                pauseAfterTheEnd(watch);
            } catch (IOException refused) {
                scene.count("SSE streams refused because Redis was away");
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    private void read(SseClient client, TortureWatch watch) throws InterruptedException {
        boolean opened = lastEventId == null; // the opening message repeats the position of the client
        boolean begun = false;
        int caughtUp = 0;
        while (true) {
            Message message;
            try {
                message = client.next();
            } catch (AssertionError silent) {
                watch.complain("no heartbeat arrived within 10 s");
                return;
            }
            if (message == SseClient.CLOSED) {
                return;
            }
            String id = message.id();
            if (!opened) {
                opened = id != null;
            } else if (!begun && id != null) { // the start, perhaps long after the opening
                begun = true;
                watch.returnedAt = System.nanoTime();
                begins(watch);
            }
            if ("gap".equals(message.name())) {
                watch.told(gap(watch.log, message.data()));
            } else if ("caught-up".equals(message.name())) {
                if (++caughtUp > 1) {
                    watch.complain("caught-up was sent " + caughtUp + " times");
                }
            } else if ("interrupted".equals(message.name())) {
                scene.count("SSE streams interrupted because Redis was away");
            } else if ("complete".equals(message.name())) {
                watch.ended(completion(message.data()));
            } else if ("failed".equals(message.name())) {
                watch.complain("ended on its own: " + message.data());
            } else if (id != null && message.field("data") != null) {
                Event event = new Event(EventId.parse(id), JsonMapper.shared().readValue(message.data(), FIELDS));
                watch.took(List.of(event));
                end = watch.last();
            }
            lastEventId = id != null ? id : lastEventId;
        }
    }

    private static Completion completion(String data) {
        JsonNode completion = JsonMapper.shared().readTree(data);
        JsonNode reason = completion.get("reason");
        return new Completion(
                Completion.Kind.valueOf(completion.get("kind").asString()), reason.isNull() ? null : reason.asString());
    }

    private static Gap gap(String log, String data) {
        JsonNode gap = JsonMapper.shared().readTree(data);
        JsonNode missed = gap.get("missed");
        return new Gap(
                log,
                Gap.Kind.valueOf(gap.get("kind").asString()),
                EventId.parse(gap.get("lastSeen").asString()),
                EventId.parse(gap.get("firstAvailable").asString()),
                missed.isNull() ? OptionalLong.empty() : OptionalLong.of(missed.asLong()));
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Controller.class)
    static class Application {}

    @RestController
    static class Controller {

        private final EventLogFactory logs;
        private final EventLogSse sse;

        Controller(EventLogFactory logs, EventLogSse sse) {
            this.logs = logs;
            this.sse = sse;
        }

        @GetMapping("/{tail}/{log}")
        SseEmitter follow(
                @PathVariable String tail,
                @PathVariable String log,
                @RequestHeader(name = "Last-Event-ID", required = false) String lastEventId) {
            EventLog of = TortureLogs.ALL.stream()
                    .filter(each -> each.name().equals(log))
                    .map(each -> logs.create(log, each.options()))
                    .findFirst()
                    .orElseThrow();
            return sse.follow(of, tail.equals("all") ? Tail.all() : Tail.last(Integer.parseInt(tail)), lastEventId);
        }
    }
}
