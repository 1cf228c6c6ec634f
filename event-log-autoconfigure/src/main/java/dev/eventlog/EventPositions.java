package dev.eventlog;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stores the positions of named followers, so that they continue there when the application starts again: see
 * {@link FollowOptions.Builder#named}. By default positions are in a Redis hash. A bean of this type replaces it.
 *
 * <p>A follower stores its position after its listener (or recoverer) has processed a batch, and before it delivers the
 * next one. If the process dies in between, the batch is delivered again: at least once. To commit the position
 * together with the effects of the listener, implement {@link TransactionalEventPositions}.
 *
 * <p>An implementation must be thread-safe, because different followers call it at the same time. Calls for one
 * follower never overlap. Any exception counts as an outage of the store: the follower writes it to the application
 * log, backs off as set by {@code eventlog.follow.recovery.*}, and tries again without a limit. Only
 * {@code EventLog.follow} itself passes the exception on.
 */
public interface EventPositions {

    /**
     * Loads the position of a follower.
     *
     * @param name the name of the follower
     * @param log the name of the log
     * @return the position that was stored last; empty if there is none
     */
    Optional<EventId> load(String name, String log);

    /**
     * Stores the position of a follower, if nobody else has stored one in the meantime. Comparing and setting must be
     * one atomic step. This stops a follower that has lost its lease without knowing it.
     *
     * <p>Positions usually increase, but not always: a log that was deleted and began again can have smaller ids.
     *
     * @param name the name of the follower
     * @param log the name of the log
     * @param before the position that the caller expects to be stored now; null if it expects none
     * @param position the position to store
     * @return whether it was stored; false if the stored position is not {@code before}, and was left unchanged
     */
    boolean store(String name, String log, @Nullable EventId before, EventId position);

    /**
     * Loads the positions of a follower of many logs. The default implementation calls {@link #load} for each log.
     * Override this method if the store can answer for many logs at once: a follower of ten thousand logs calls it
     * fifty times when it starts.
     *
     * @param name the name of the follower
     * @param logs the names of the logs, at most a few hundred
     * @return the positions that were stored last, without logs that have none
     */
    default Map<String, EventId> loadAll(String name, Collection<String> logs) {
        Map<String, EventId> positions = new HashMap<>();
        for (String log : logs) {
            load(name, log).ifPresent(position -> positions.put(log, position));
        }
        return positions;
    }

    /**
     * Stores the start of a follower of many logs, for each log without a stored position. The default implementation
     * calls {@link #store} for each log. Override this method if the store can write many positions at once.
     *
     * <p>Two instances can start with a pattern for the first time, each with the logs that it finds. The parameter
     * {@code unless} ensures that only the first instance stores its starts. An implementation that
     * checks and stores in one step is exact. The default implementation needs a few milliseconds for the two steps. If a
     * log begins in this time, its first events can be skipped.
     *
     * @param name the name of the follower
     * @param positions the starts by log name, at most a few hundred
     * @param unless a log name: nothing is stored if this log already has a position; null to always store
     */
    default void storeFirst(String name, Map<String, EventId> positions, @Nullable String unless) {
        if (unless == null || load(name, unless).isEmpty()) {
            positions.forEach((log, position) -> store(name, log, null, position));
        }
    }

    /**
     * Removes the positions of a follower in logs that are gone, so that positions do not pile up where logs come and
     * go. A follower of a pattern calls it for logs whose events it has all delivered. If such a log begins again, it is a
     * new log. The default implementation removes nothing: if the log begins again, the follower resumes after its
     * position, and {@code onGap} reports that the log began again. If it throws, the positions stay, or the
     * follower tries again later.
     *
     * @param name the name of the follower
     * @param positions the positions by log name, at most a few hundred; a position that has been stored since must stay
     */
    default void remove(String name, Map<String, EventId> positions) {}
}
