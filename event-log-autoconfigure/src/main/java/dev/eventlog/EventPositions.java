package dev.eventlog;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where followers that have a name keep their positions, so that they go on after them when the application starts again: see
 * {@link FollowOptions.Builder#named}. By default this is a hash in Redis; a bean of this type takes its place.
 *
 * <p>A follower stores its position whenever its listener, or a recoverer in its place, has taken a batch, and before it gets
 * the next one. Of a process that dies in between, the batch is delivered again: at least once. Where position and effect are
 * to stand or fall together, implement {@link TransactionalEventPositions}.
 *
 * <p>To be implemented thread-safe, as different followers call at the same time; calls for one follower never overlap.
 * Whatever a method throws counts as a place that cannot be reached: the follower says so in the application's log, backs off
 * as set by {@code eventlog.follow.recovery.*}, and tries again, for as long as it takes. Only {@code EventLog.follow} itself
 * passes the exception on.
 */
public interface EventPositions {

    /**
     * Looks where a follower stands.
     *
     * @param name the name of the follower
     * @param log the name of the log
     * @return what was stored last, or nothing
     */
    Optional<EventId> load(String name, String log);

    /**
     * Stores where a follower stands, if nobody else has stored anything meanwhile: to compare and to set must be one step.
     * This is what keeps a follower that has lost its turn and does not know it yet from going on beside the one that took over.
     *
     * <p>Positions mostly rise, but not always: a log that was deleted and began again has lower ids.
     *
     * @param name the name of the follower
     * @param log the name of the log
     * @param before what must be stored now; null if nothing must be
     * @param position what to store instead
     * @return whether it was stored; false if something other than {@code before} was found, and left as it was
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
