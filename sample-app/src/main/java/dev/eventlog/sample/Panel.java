package dev.eventlog.sample;

import dev.eventlog.EventId;
import dev.eventlog.FollowedLog;
import dev.eventlog.FollowedLog.Progress;
import dev.eventlog.FollowerKind;
import dev.eventlog.Gap;
import dev.eventlog.WaitingFollower;
import dev.eventlog.core.RedisEventLogFactory;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * Shows every open page what the four followers of this application do. The states come from this application, not from
 * a log, so the pages see them even while Redis is away.
 */
@Component
class Panel {

    static final String LIVE = "live";
    static final String SLOW = "slow";
    static final String DURABLE = "durable";
    static final String PATTERN = "pattern";

    private static final List<String> NAMES = List.of(LIVE, SLOW, DURABLE, PATTERN);

    /** The log whose followers the panel shows. */
    static final String LOG = "sensors:" + SeattleFeeder.SENSOR;

    /** The time between two messages about events that a follower took, so that a fast log does not flood the pages. */
    private static final long NANOS_BETWEEN_TAKES = 100_000_000;

    private static final int KEPT = 20;

    private final RedisEventLogFactory logs;
    private final Set<SseEmitter> pages = ConcurrentHashMap.newKeySet();
    private final Map<String, Follower> followers = new ConcurrentHashMap<>();
    private final Deque<Told> told = new ArrayDeque<>(); // guarded by itself
    private long number; // guarded by told

    Panel(RedisEventLogFactory logs) {
        this.logs = logs;
        NAMES.forEach(name -> followers.put(name, new Follower()));
    }

    private static final class Follower {

        private long gaps;
        private long missed;
        private boolean unknown;
        private long sent;

        synchronized void missed(Gap gap) {
            gaps++;
            gap.missed().ifPresentOrElse(count -> missed += count, () -> unknown = true);
        }

        synchronized boolean maySend() {
            long now = System.nanoTime();
            if (sent != 0 && now - sent < NANOS_BETWEEN_TAKES) {
                return false;
            }
            sent = now;
            return true;
        }

        synchronized Row row(String name, State state) {
            return new Row(name, state.text(), state.position(), state.lag(), gaps, missed, unknown);
        }
    }

    private record State(
            String text,
            @Nullable EventId position,
            @Nullable Long lag) {}

    record Row(
            String name,
            String state,
            @Nullable EventId position,
            @Nullable Long lag,
            long gaps,
            long missed,
            boolean missedUnknown) {}

    record Told(long number, Instant at, String who, String what) {}

    record Taken(String name, EventId id) {}

    record Shown(boolean interrupted, List<Row> followers, List<Told> told) {}

    private Follower follower(String name) {
        return Objects.requireNonNull(followers.get(name));
    }

    /** Adds a page, which gets the messages of the panel until it is closed. */
    void add(SseEmitter page) {
        page.onCompletion(() -> pages.remove(page));
        pages.add(page);
    }

    /** A follower took events up to this one. The page measures how long the event took to get there. */
    void took(String name, EventId last) {
        if (follower(name).maySend()) {
            send("taken", new Taken(name, last));
        }
    }

    /** A follower was told about a gap. */
    void missed(String name, Gap gap) {
        follower(name).missed(gap);
        String count = gap.missed().isEmpty()
                ? "an unknown number of events"
                : gap.missed().getAsLong() == 1 ? "1 event" : gap.missed().getAsLong() + " events";
        tell(
                name,
                gap.kind() == Gap.Kind.BEGAN_AGAIN
                        ? "gap: " + gap.log() + " began again, missed " + count
                        : "gap: missed " + count + " of " + gap.log());
    }

    /** Something happened that the pages show in a list. */
    void tell(String who, String what) {
        synchronized (told) {
            told.addFirst(new Told(++number, Instant.now(), who, what));
            if (told.size() > KEPT) {
                told.removeLast();
            }
        }
        show();
    }

    @Scheduled(fixedDelay = 1000)
    void show() {
        if (!pages.isEmpty()) {
            send("followers", shown());
        }
    }

    private Shown shown() {
        FollowedLog log = followed();
        List<Row> rows = new ArrayList<>();
        for (String name : NAMES) {
            rows.add(follower(name).row(name, state(name, log)));
        }
        synchronized (told) {
            return new Shown(log != null && log.interrupted() > 0, rows, List.copyOf(told));
        }
    }

    private @Nullable FollowedLog followed() {
        for (FollowedLog log : logs.followedLogs()) {
            if (log.name().equals(LOG)) {
                return log;
            }
        }
        return null;
    }

    private State state(String name, @Nullable FollowedLog log) {
        if (log != null) {
            for (Progress progress : log.followers()) {
                if (isOf(name, progress)) {
                    return new State(
                            progress.state(),
                            progress.position(),
                            progress.lag().isPresent() ? progress.lag().getAsLong() : null);
                }
            }
        }
        for (WaitingFollower waiting : logs.knownFollowers().waiting()) {
            if (waiting.name().equals(name)) {
                return new State(waiting.state(), null, null);
            }
        }
        return new State("NOT FOLLOWING", null, null);
    }

    private static boolean isOf(String name, Progress progress) {
        return switch (name) {
            case LIVE -> progress.kind() == FollowerKind.LISTENER && progress.name() == null;
            case PATTERN -> progress.kind() == FollowerKind.ONE_OF_MANY;
            default -> name.equals(progress.name());
        };
    }

    private void send(String event, Object data) {
        for (SseEmitter page : pages) {
            try {
                page.send(SseEmitter.event().name(event).data(data));
            } catch (IllegalStateException | IOException notYetOrGone) {
                // its stream begins in a moment, or has ended: then it is removed
            }
        }
    }
}
