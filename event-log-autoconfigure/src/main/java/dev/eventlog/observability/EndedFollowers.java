package dev.eventlog.observability;

import dev.eventlog.EventConversionException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogObserver;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the logs of which a follower ended by an error, until they are followed anew. Of these it keeps the newest
 * hundred. Thread-safe.
 */
final class EndedFollowers implements EventLogObserver {

    private static final int MOST = 100;

    /**
     * What became of a log's followers.
     *
     * @param followers how many have ended by an error
     * @param failure what the last one of these ended by: its class, and its message if that holds nothing of an event
     * @param at when that was
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

    /** The message only where it is the library's and holds no event: health is shown to more people than events are. */
    private static String said(Throwable failure) {
        boolean mayTell = failure instanceof EventLogException && !(failure instanceof EventConversionException);
        return mayTell ? failure.toString() : failure.getClass().getName();
    }

    /** {@return what became of which log, that longest ago first} */
    synchronized Map<String, Ended> byLog() {
        return new LinkedHashMap<>(byLog);
    }
}
