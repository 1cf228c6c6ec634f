package dev.eventlog.redis;

import dev.eventlog.EventId;
import org.jspecify.annotations.Nullable;

/**
 * What a stream knows of itself at one moment.
 *
 * @param exists whether there is one
 * @param length how many events it holds
 * @param lastId the id given last, also if its event is gone; {@link EventId#MIN} where there is no stream
 * @param firstId the first event that it holds; null if it holds none
 * @param added how many events were ever added to it; below 0 before Redis 7, which does not count them
 * @param deleted the largest id of an event that was deleted by itself; {@link EventId#MIN} also before Redis 7
 * @param groups how many consumer groups it has: Redis 8.2 and later can trim for these in the middle of the stream
 */
public record StreamState(
        boolean exists,
        long length,
        EventId lastId,
        @Nullable EventId firstId,
        long added,
        EventId deleted,
        long groups) {

    /** That of a key without a stream. */
    static final StreamState ABSENT = new StreamState(false, 0, EventId.MIN, null, 0, EventId.MIN, 0);

    /** {@return whether Redis says how many events were ever added} */
    public boolean counts() {
        return added >= 0;
    }

    /**
     * {@return whether an event may have been removed other than by the old end}
     *
     * @param id only events after this id count
     */
    public boolean mayHaveHolesAfter(EventId id) {
        return !counts() || groups > 0 || deleted.isAfter(id);
    }

    /** {@return the rank of {@link #lastId}: always exact, where Redis counts} */
    public Rank rankOfLast() {
        return counts() ? new Rank(added, lastId) : Rank.UNKNOWN;
    }

    /** {@return how many events there were before the first one at most; exactly so many unless there may be holes after it} */
    public long mostBeforeFirst() {
        EventId first = firstId;
        boolean oneHoleForSure = first != null && groups == 0 && deleted.isAfter(first);
        return added - length - (oneHoleForSure ? 1 : 0);
    }

    /** {@return the rank just before the first event that the stream holds; unknown where there may be holes after it} */
    public Rank rankBeforeFirst() {
        EventId first = firstId;
        if (first == null) {
            return rankOfLast();
        }
        return mayHaveHolesAfter(first) ? Rank.UNKNOWN : new Rank(mostBeforeFirst(), first.previous());
    }
}
