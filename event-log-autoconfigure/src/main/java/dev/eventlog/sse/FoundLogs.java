package dev.eventlog.sse;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

/**
 * Finds the logs that match a pattern, once for all clients. It follows all of them itself, only to know the last position in a
 * log that is gone. It starts with the first client and ends with the last. Thread-safe.
 */
final class FoundLogs implements LogsListener<Event> {

    /** How long the last position in a gone log is remembered. */
    private static final long NANOS_REMEMBERED = TimeUnit.MINUTES.toNanos(1);

    private final EventLogFactory logs;
    private final LogPattern pattern;
    private final Streams streams;
    private final BackOffExecution recovery;
    private final Set<PatternReader> readers = ConcurrentHashMap.newKeySet();
    private final Map<String, EventId> taken = new ConcurrentHashMap<>();

    // Guarded by this.
    private final Map<String, Long> goneSince = new HashMap<>();
    private @Nullable LogsFollower follower;
    private @Nullable Consumer<PatternReader>
            failure; // reports the failure to a client; null unless the search has failed
    private boolean closed;

    private volatile @Nullable Set<String> names; // null if not known yet
    private volatile @Nullable EventLogUnavailableException unopened; // the last failure of a search that has not begun
    private volatile boolean interrupted;

    FoundLogs(EventLogFactory logs, LogPattern pattern, Streams streams) {
        this.logs = logs;
        this.pattern = pattern;
        this.streams = streams;
        this.recovery = streams.recovery();
    }

    /** {@return the names of the existing logs; null if they are not known yet} */
    @Nullable
    Set<String> names() {
        return names;
    }

    /** {@return whether logs cannot be found at the moment, or cannot be read} */
    boolean isAway() {
        return interrupted || unopened != null;
    }

    /** {@return the last event of a log that may be gone; null if unknown} */
    @Nullable
    EventId last(String name) {
        return taken.get(name);
    }

    /** Adds a client, which is told when the set of logs changes. */
    void add(PatternReader reader) {
        readers.add(reader);
    }

    /** Tells a client about the known logs. */
    void tell(PatternReader reader) {
        Consumer<PatternReader> failed;
        synchronized (this) {
            failed = failure;
        }
        EventLogUnavailableException away = unopened;
        if (failed != null) {
            failed.accept(reader);
        } else if (away != null) {
            reader.away(this, away);
        } else if (names != null) {
            reader.interruption(this);
            reader.changed(this);
        }
    }

    /** {@return whether this was the last client} */
    boolean removeLast(PatternReader reader) {
        return readers.remove(reader) && readers.isEmpty();
    }

    synchronized boolean hasFailed() {
        return failure != null;
    }

    /** Starts the search. Blocks. */
    void open() {
        interrupted = false; // an earlier follower was closed before it could report the end
        try {
            if (isTooMany()) {
                fail(PatternReader::tooMany);
                return;
            }
            LogsFollower begun = logs.follow(pattern, Tail.newOnly(), this);
            unopened = null;
            boolean late;
            synchronized (this) {
                follower = begun;
                late = closed;
            }
            if (late) {
                begun.close();
            } else {
                look();
            }
        } catch (EventLogUnavailableException away) {
            unopened = away;
            readers.forEach(reader -> reader.away(this, away));
            later(this::openAgain, recovery.nextBackOff());
        } catch (RuntimeException refused) {
            fail(reader -> reader.refused(refused));
        }
    }

    /** Counts the names before it follows the logs, because there may be very many. */
    private boolean isTooMany() {
        try (Stream<String> all = logs.names(pattern.text())) {
            return all.distinct().limit(EventStream.MOST_LOGS + 1L).count() > EventStream.MOST_LOGS;
        }
    }

    private static void later(Runnable what, long millis) {
        CompletableFuture<Void> unused = new CompletableFuture<Void>()
                .completeOnTimeout(null, Math.max(1, millis), TimeUnit.MILLISECONDS)
                .thenRun(what);
    }

    private void openAgain() {
        synchronized (this) {
            if (closed) {
                return;
            }
        }
        streams.execute(this::open);
    }

    private void fail(Consumer<PatternReader> how) {
        synchronized (this) {
            failure = how;
        }
        readers.forEach(how);
        streams.execute(this::close);
    }

    /** Checks which logs have begun and which are gone. Sends no commands to Redis. */
    void look() {
        Set<String> now;
        synchronized (this) {
            LogsFollower open = follower;
            if (open == null || closed || failure != null) {
                return;
            }
            now = open.logs();
            Set<String> before = names;
            if (now.equals(before)) {
                forget();
                return;
            }
            remember(open, before == null ? Set.of() : before, now);
            names = now;
        }
        if (now.size() > EventStream.MOST_LOGS) {
            fail(PatternReader::tooMany);
        } else {
            readers.forEach(reader -> reader.changed(this));
        }
    }

    private void remember(LogsFollower open, Set<String> before, Set<String> now) {
        if (!before.containsAll(now)) {
            Map<String, EventId> positions = open.positions();
            now.stream().filter(positions::containsKey).forEach(name -> taken.putIfAbsent(name, positions.get(name)));
        }
        goneSince.keySet().removeAll(now);
        Set<String> gone = new HashSet<>(before);
        gone.removeAll(now);
        gone.forEach(name -> goneSince.put(name, System.nanoTime()));
        forget();
    }

    private void forget() {
        goneSince.entrySet().removeIf(gone -> {
            boolean over = System.nanoTime() - gone.getValue() > NANOS_REMEMBERED;
            if (over) {
                taken.remove(gone.getKey());
            }
            return over;
        });
    }

    @Override
    public void onBatch(String log, List<Event> batch) {
        taken.put(log, batch.get(batch.size() - 1).id());
    }

    @Override
    public void onCaughtUp(String log) {
        look();
    }

    @Override
    public void onInterrupted() {
        interrupted = true;
        readers.forEach(reader -> reader.interruption(this));
    }

    @Override
    public void onResumed() {
        interrupted = false;
        readers.forEach(reader -> reader.interruption(this));
    }

    /** Does nothing: the clients' own followers report gaps. */
    @Override
    public void onGap(Gap gap) {}

    /** Stops the search. May wait for the follower. */
    void close() {
        LogsFollower open;
        synchronized (this) {
            closed = true;
            open = follower;
        }
        if (open != null) {
            open.close();
        }
    }
}
