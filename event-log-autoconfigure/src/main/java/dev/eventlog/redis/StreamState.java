package dev.eventlog.redis;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a stream knows of itself at one moment. The entry that ends a complete log is no event: it counts nowhere, but for
 * {@link #lastId}, which is the greatest then.
 *
 * @param exists whether there is one
 * @param length how many events it holds
 * @param lastId the id given last, also if its event is gone; {@link EventId#MIN} where there is no stream
 * @param firstId the first event that it holds; null if it holds none
 * @param added how many events were ever added to it; below 0 before Redis 7, which does not count them
 * @param deleted the largest id of an event that was deleted by itself; {@link EventId#MIN} also before Redis 7
 * @param holesAnywhere whether an event may be gone from the middle without a trace: where the stream has consumer groups, for
 *     which Redis 8.2 and later can trim, and where {@link #deleted} tells only that the entry which ended the log is gone
 * @param closing the entry that ends the log; null if it is not complete, or that entry is gone
 */
public record StreamState(
        boolean exists,
        long length,
        EventId lastId,
        @Nullable EventId firstId,
        long added,
        EventId deleted,
        boolean holesAnywhere,
        @Nullable Event closing) {

    /** That of a key without a stream. */
    static final StreamState ABSENT = new StreamState(false, 0, EventId.MIN, null, 0, EventId.MIN, false, null);

    /**
     * The state of a stream as Redis tells it, in which the entry that ends the log counts.
     *
     * @param newest the entry of the greatest id; null if there is none
     */
    static StreamState counted(
            long length,
            EventId lastId,
            @Nullable EventId firstId,
            long added,
            EventId deleted,
            boolean groups,
            @Nullable Event newest) {
        if (!lastId.equals(EventId.MAX)) {
            return new StreamState(true, length, lastId, firstId, added, deleted, groups, null);
        }
        Event closing = newest != null && Closing.is(newest) ? newest : null;
        boolean closingDeleted = deleted.equals(EventId.MAX);
        boolean closingTrimmed = closing == null && !closingDeleted && length == 0; // or never there: nobody can tell
        boolean countsClosing = closing != null || closingDeleted;
        return new StreamState(
                true,
                closing == null ? length : length - 1,
                lastId,
                closing != null && EventId.MAX.equals(firstId) ? null : firstId,
                closingTrimmed || added < 0 ? -1 : countsClosing ? added - 1 : added,
                deleted,
                groups || closingDeleted,
                closing);
    }

    /** {@return whether the log is complete: whether no further id can be given} */
    public boolean isComplete() {
        return lastId.equals(EventId.MAX);
    }

    /** {@return how the log ended; nothing if it has not} */
    public Optional<Completion> completion() {
        return isComplete() ? Optional.of(Closing.completion(closing)) : Optional.empty();
    }

    /** {@return the id that an event was given last; null if that is not known, as the entry that ended the log is gone} */
    public @Nullable EventId lastOfEvents() {
        Event end = closing;
        return !isComplete() ? lastId : end == null ? null : Closing.lastBefore(end);
    }

    /**
     * {@return whether no event was given an id after this one}
     *
     * @param id an id, which was given
     */
    public boolean isLast(EventId id) {
        return id.equals(lastId) || id.equals(lastOfEvents());
    }

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
        return !counts() || holesAnywhere || deleted.isAfter(id);
    }

    /** {@return the rank of {@link #lastId}: always exact, where Redis counts} */
    public Rank rankOfLast() {
        return counts() ? new Rank(added, lastId) : Rank.UNKNOWN;
    }

    /** {@return how many events there were before the first one at most; exactly so many unless there may be holes after it} */
    public long mostBeforeFirst() {
        EventId first = firstId;
        boolean oneHoleForSure = first != null && !holesAnywhere && deleted.isAfter(first);
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
