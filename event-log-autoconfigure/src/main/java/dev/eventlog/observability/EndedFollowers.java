package dev.eventlog.observability;

import dev.eventlog.EventConversionException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogObserver;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the logs whose followers ended with an error, until somebody follows the log again. It keeps the hundred
 * most recent ones. Thread-safe.
 */
final class EndedFollowers implements EventLogObserver {

    private static final int MOST = 100;

    /**
     * The failed followers of a log.
     *
     * @param followers the number of followers that ended with an error
     * @param failure the last error: its class, and its message if the message contains no event data
     * @param at the time of that error
     */
    record Ended(int followers, String failure, Instant at) {}

    private final Map<String, Ended> byLog = new LinkedHashMap<>();

    @Override
    public synchronized void onFollow(String log) {
        byLog.remove(log);
    }

    @Override
    public synchronized void onEnd(String log, @Nullable Throwable failure) {
        if (failure == null) {
            return;
        }
        Ended before = byLog.remove(log);
        byLog.put(log, new Ended(before == null ? 1 : before.followers() + 1, said(failure), Instant.now()));
        if (byLog.size() > MOST) {
            byLog.remove(byLog.keySet().iterator().next());
        }
    }

    /**
     * Returns the error as text. It includes the message only if it comes from this library and contains no event data,
     * because more people can see the health than the events.
     */
    static String said(Throwable failure) {
        boolean mayTell = failure instanceof EventLogException && !(failure instanceof EventConversionException);
        return mayTell ? failure.toString() : failure.getClass().getName();
    }

    /** {@return the failed followers by log name; the oldest error first} */
    synchronized Map<String, Ended> byLog() {
        return new LinkedHashMap<>(byLog);
    }
}
