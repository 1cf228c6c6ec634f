package dev.eventlog.sse;

import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Reads the logs of a pattern for one client, with a {@link SourceReader} for each log that exists and that the client may
 * follow. Thread-safe.
 */
final class PatternReader {

    /** The interval of the check whether a client has received all events of a gone log. */
    private static final long MILLIS_TO_LOOK_AGAIN = 1_000;

    private final ClientStream<?> stream;
    private final StreamLogs logs;
    private final Streams streams;
    private final EventStream.SourcePattern description;
    private final StreamClient client;
    private final AtomicInteger changes = new AtomicInteger();

    // Guarded by this; changed by one thread at a time. Empty for a log that the client may not follow.
    private final Map<String, Optional<SourceReader>> readers = new HashMap<>();

    private volatile boolean begun;
    private volatile boolean closed;

    PatternReader(
            ClientStream<?> stream,
            StreamLogs logs,
            Streams streams,
            EventStream.SourcePattern description,
            StreamClient client) {
        this.stream = stream;
        this.logs = logs;
        this.streams = streams;
        this.description = description;
        this.client = client;
    }

    EventStream.SourcePattern description() {
        return description;
    }

    private String text() {
        return description.pattern().text();
    }

    void start() {
        streams.patterns().join(this);
        if (closed) {
            streams.patterns().leave(this);
        }
    }

    void close() {
        closed = true;
        streams.patterns().leave(this);
    }

    boolean mayFollow() {
        return streams.mayFollow(client, text());
    }

    /** Closes the readers of the logs that the client may no longer follow. */
    void checkAccess() {
        Map<String, Optional<SourceReader>> now;
        synchronized (this) {
            now = Map.copyOf(readers);
        }
        now.forEach((name, reader) -> {
            if (reader.isPresent() && !streams.mayFollow(client, name)) {
                synchronized (this) {
                    readers.replace(name, reader, Optional.empty());
                }
                stream.leaveOut(reader.get());
            }
        });
    }

    /** The search has not begun. */
    void away(FoundLogs found, EventLogUnavailableException why) {
        stream.away(this, why, found::isAway);
    }

    /** The search was interrupted, or continues. */
    void interruption(FoundLogs found) {
        stream.interruption(this, found::isAway);
    }

    void refused(RuntimeException why) {
        if (why instanceof EventLogException refusal) {
            stream.refused(Signal.Code.REFUSED, text(), refusal);
        } else if (why instanceof IllegalStateException) { // thrown while the application shuts down
            stream.end();
        } else {
            stream.fail(Signal.Code.REFUSED, text(), why);
        }
    }

    void tooMany() {
        stream.tooMany(text());
    }

    /** The set of logs has changed. */
    void changed(FoundLogs found) {
        if (changes.getAndIncrement() == 0) {
            if (streams.asksForAccess()) {
                streams.ask(() -> lookUntilSeen(found));
            } else {
                lookUntilSeen(found);
            }
        }
    }

    private void lookUntilSeen(FoundLogs found) {
        int seen;
        do {
            seen = changes.get();
            try {
                look(found, Objects.requireNonNull(found.names()));
            } catch (RuntimeException unforeseen) { // from the customizer
                stream.fail(Signal.Code.REFUSED, text(), unforeseen);
            }
        } while (changes.addAndGet(-seen) != 0);
    }

    private void look(FoundLogs found, Set<String> names) {
        Set<String> before;
        synchronized (this) {
            before = Set.copyOf(readers.keySet());
        }
        for (String name : names) {
            if (!before.contains(name) && !add(name)) {
                return;
            }
        }
        if (!begun) {
            begun = true;
            stream.foundAll(this, found::isAway);
        }
        boolean again = false;
        for (String name : before) {
            again |= !names.contains(name) && !isForgotten(name, found.last(name));
        }
        if (again) {
            stream.later(() -> changed(found), MILLIS_TO_LOOK_AGAIN);
        }
    }

    /** {@return false if it is unknown whether the client may follow the log, which ends the stream} */
    private boolean add(String name) {
        boolean may;
        try {
            may = streams.mayFollow(client, name);
        } catch (RuntimeException unknown) {
            stream.refused(Signal.Code.ACCESS_DENIED, name, unknown);
            return false;
        }
        SourceReader reader = may ? logs.add(description.source().apply(name), this, !begun) : null;
        synchronized (this) {
            readers.put(name, Optional.ofNullable(reader));
        }
        return true;
    }

    /** Reads a gone log until the client has all its known events. */
    private boolean isForgotten(String name, @Nullable EventId last) {
        Optional<SourceReader> reader;
        synchronized (this) {
            reader = readers.getOrDefault(name, Optional.empty());
        }
        if (reader.isPresent() && !Objects.equals(reader.get().position(), last)) {
            return false;
        }
        synchronized (this) {
            readers.remove(name);
        }
        reader.ifPresent(stream::forget);
        return true;
    }
}
