package dev.eventlog.sample;

import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.LogPattern;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/** Names logs by the time when they began, and removes old ones. */
@Component
class OldLogs {

    /** The form of an id, as a regular expression. */
    static final String ID = "[0-9]{1,20}-[0-9]{4}";

    /** The number of logs to keep besides the newest one, for pages that still show them. */
    private static final int KEPT = 3;

    private final EventLogFactory logs;

    OldLogs(EventLogFactory logs) {
        this.logs = logs;
    }

    /** {@return a new id, which is greater than all earlier ones} */
    static String newId() {
        return System.currentTimeMillis() + "-" + ThreadLocalRandom.current().nextInt(1_000, 10_000);
    }

    /** Removes the oldest complete logs that match a pattern. */
    void remove(LogPattern pattern) {
        List<String> names;
        try (Stream<String> all = logs.names(pattern.text())) {
            names = all.distinct().sorted().toList();
        }
        names.stream()
                .limit(Math.max(0, names.size() - KEPT))
                .map(logs::create)
                .filter(EventLog::isComplete)
                .forEach(EventLog::delete);
    }
}
