package dev.eventlog.sample;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.http.HttpStatus;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Breaks things, to show what the followers are told. Exists only with {@code sample.breaking.enabled}, and only on the
 * embedded Redis.
 */
@RestController
@RequestMapping("/api/break")
class BreakController {

    private static final String KEY = "sample:" + Panel.LOG;
    private static final String YOU = "you";

    private final EmbeddedRedis server;
    private final StringRedisTemplate redis;
    private final TaskScheduler scheduler;
    private final Panel panel;
    private final boolean enabled;
    private final Duration outage;
    private final AtomicBoolean busy = new AtomicBoolean();

    BreakController(
            EmbeddedRedis server,
            StringRedisTemplate redis,
            TaskScheduler scheduler,
            Panel panel,
            @Value("${sample.breaking.enabled}") boolean enabled,
            @Value("${sample.breaking.outage}") Duration outage) {
        this.server = server;
        this.redis = redis;
        this.scheduler = scheduler;
        this.panel = panel;
        this.enabled = enabled;
        this.outage = outage;
    }

    record Breaking(boolean enabled) {}

    @GetMapping
    Breaking breaking() {
        return new Breaking(isAllowed());
    }

    private boolean isAllowed() {
        return enabled && server.canRestart();
    }

    // tag::code[]
    @PostMapping(path = "/{what}", headers = "X-Requested-With") // which the page of another site cannot send
    @ResponseStatus(HttpStatus.ACCEPTED)
    void doBreak(@PathVariable String what) {
        if (!isAllowed()) {
            throw new ResponseStatusException(HttpStatus.NOT_FOUND);
        }
        switch (what) {
            case "stop" -> during("stopped Redis for " + outage.toSeconds() + " s", outage, server::stop);
            case "kill" -> during("killed Redis, and started it again", Duration.ZERO, server::kill);
            case "lose" ->
                during("started Redis again without its last events", Duration.ZERO, () -> {
                    server.kill();
                    server.loseLastBytes(8_000);
                });
            case "trim" -> {
                redis.opsForStream().trim(KEY, 10);
                panel.tell(YOU, "trimmed the log of seattle to 10 events");
            }
            case "foreign" -> {
                panel.tell(YOU, "added an event that is not a reading, as another program can");
                redis.opsForStream().add(KEY, Map.of("temperature", "warm"));
            }
            case "delete" -> {
                redis.delete(KEY);
                panel.tell(YOU, "deleted the log of seattle");
            }
            case "exit" -> {
                panel.tell(YOU, "killed this server: start it again");
                scheduler.schedule(this::exit, Instant.now().plusMillis(300));
            }
            default -> throw new ResponseStatusException(HttpStatus.NOT_FOUND);
        }
    }
    // end::code[]

    private void during(String said, Duration length, Runnable fault) {
        if (!busy.compareAndSet(false, true)) {
            throw new ResponseStatusException(HttpStatus.CONFLICT, "Redis is stopped already");
        }
        panel.tell(YOU, said);
        fault.run();
        scheduler.schedule(
                () -> {
                    try {
                        server.start();
                    } finally {
                        busy.set(false);
                    }
                },
                Instant.now().plus(length));
    }

    /** Ends the process without a shutdown, and its Redis with it, which would otherwise stay. */
    private void exit() {
        server.kill();
        Runtime.getRuntime().halt(0);
    }
}
