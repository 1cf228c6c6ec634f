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
 * Reads the logs of a pattern for one client: one more {@link SourceReader} for each that is found, as long as it is there and the
 * client may follow it. Thread-safe.
 */
final class PatternReader {

    /** When to look again for whether a client has all of a log that is gone. */
    private static final long MILLIS_TO_LOOK_AGAIN = 1_000;

    private final ClientStream stream;
    private final Streams streams;
    private final EventStream.SourcePattern description;
    private final StreamClient client;
    private final AtomicInteger changes = new AtomicInteger();

    // Guarded by this; changed by one thread at a time. Nothing: a log that is not read, as the client may not.
    private final Map<String, Optional<SourceReader>> readers = new HashMap<>();

    private volatile boolean begun;
    private volatile boolean closed;

    PatternReader(ClientStream stream, Streams streams, EventStream.SourcePattern description, StreamClient client) {
        this.stream = stream;
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

    /** Reads no log any more that the client may not follow any more. */
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

    void away(EventLogUnavailableException why) {
        stream.away(this, why);
    }

    void refused(RuntimeException why) {
        if (why instanceof EventLogException refusal) {
            stream.refused(text(), refusal);
        } else if (why instanceof IllegalStateException) { // said while the application shuts down
            stream.end();
        } else {
            stream.fail(Signal.Code.REFUSED, text(), why);
        }
    }

    void tooMany() {
        stream.tooMany(text());
    }

    /** There are other logs than before. */
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
            } catch (RuntimeException unforeseen) { // of whoever decides on access, or makes the sources
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
            if (!before.contains(name)) {
                add(name);
            }
        }
        if (!begun) {
            begun = true;
            stream.foundAll(this);
        }
        boolean again = false;
        for (String name : before) {
            again |= !names.contains(name) && !isForgotten(name, found.last(name));
        }
        if (again) {
            stream.later(() -> changed(found), MILLIS_TO_LOOK_AGAIN);
        }
    }

    private void add(String name) {
        SourceReader reader = null;
        if (streams.mayFollow(client, name)) {
            reader = stream.add(description.source().apply(name), this, !begun);
        }
        synchronized (this) {
            readers.put(name, Optional.ofNullable(reader));
        }
    }

    /** A log that is gone is read until the client has all that was known of it. */
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
