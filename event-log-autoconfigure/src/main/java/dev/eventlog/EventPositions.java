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
     * @param before the position that must be stored now; null if none must be stored
     * @param position the position to store
     * @return whether it was stored; false if the stored position is not {@code before}, and was left unchanged
     */
    boolean store(String name, String log, @Nullable EventId before, EventId position);

    /**
     * Looks where a follower of many logs stands. {@link #load} is called for each log unless this is implemented, so a place
     * that answers for many at once should do so: a follower of ten thousand logs calls this fifty times when it begins.
     *
     * @param name the name of the follower
     * @param logs the names of a few hundred logs at most
     * @return what was stored last, without the logs for which nothing is stored
     */
    default Map<String, EventId> loadAll(String name, Collection<String> logs) {
        Map<String, EventId> positions = new HashMap<>();
        for (String log : logs) {
            load(name, log).ifPresent(position -> positions.put(log, position));
        }
        return positions;
    }

    /**
     * Stores where a follower of many logs begins, in each log of which nothing is stored. {@link #store} is called for each log
     * unless this is implemented, which a place should do that can store many at once.
     *
     * <p>Two instances may begin with a pattern for the first time, each as it finds the logs. So nothing is stored any more once
     * the first one has done, which {@code unless} says. An implementation that compares and sets in one step is exact there; this
     * one has a gap of a few milliseconds, in which an event of a log that begins just then may be left out.
     *
     * @param name the name of the follower
     * @param positions where to begin in a few hundred logs at most
     * @param unless stores nothing if something is stored for this log; null to store in any case
     */
    default void storeFirst(String name, Map<String, EventId> positions, @Nullable String unless) {
        if (unless == null || load(name, unless).isEmpty()) {
            positions.forEach((log, position) -> store(name, log, null, position));
        }
    }
}
