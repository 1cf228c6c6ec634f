package dev.eventlog.sse;

import dev.eventlog.EventLogFactory;
import dev.eventlog.LogPattern;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The searches that run at the moment, shared by all streams of an application. Thread-safe. */
final class Patterns {

    private record Key(EventLogFactory logs, LogPattern pattern) {}

    private final Streams streams;
    private final Map<Key, FoundLogs> found = new HashMap<>(); // guarded by this

    Patterns(Streams streams) {
        this.streams = streams;
    }

    void join(PatternReader reader) {
        FoundLogs joined;
        boolean first;
        synchronized (this) {
            Key key = key(reader);
            FoundLogs before = found.get(key);
            joined = before == null || before.hasFailed() ? new FoundLogs(key.logs(), key.pattern(), streams) : before;
            first = found.put(key, joined) != joined;
            joined.add(reader);
        }
        if (first) {
            streams.execute(joined::open);
        } else {
            joined.tell(reader);
        }
    }

    /** May be called repeatedly. */
    void leave(PatternReader reader) {
        FoundLogs left;
        synchronized (this) {
            left = found.get(key(reader));
            if (left == null || !left.removeLast(reader)) {
                return;
            }
            found.remove(key(reader));
        }
        streams.execute(left::close);
    }

    /** Checks which logs have begun and which are gone. */
    void look() {
        List<FoundLogs> all;
        synchronized (this) {
            all = List.copyOf(found.values());
        }
        all.forEach(FoundLogs::look);
    }

    private static Key key(PatternReader reader) {
        return new Key(reader.description().logs(), reader.description().pattern());
    }
}
