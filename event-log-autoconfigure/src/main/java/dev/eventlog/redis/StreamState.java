package dev.eventlog.redis;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The state of a stream at one moment. The entry that ends a complete log is not an event. It counts nowhere except in
 * {@link #lastId}, which is then the greatest possible id.
 *
 * @param exists whether the stream exists
 * @param length the number of events
 * @param lastId the last id, even if its event is gone; {@link EventId#MIN} if there is no stream
 * @param firstId the first event; null if there are no events
 * @param added the number of events that were ever added; negative before Redis 7, which does not count them
 * @param deleted the largest id of an individually deleted event; {@link EventId#MIN} also before Redis 7
 * @param holesAnywhere whether an event in the middle may have been removed without a trace: if the stream has consumer groups,
 *         for which Redis 8.2 and later can trim, and if {@link #deleted} only shows that the entry which ended the log is gone
 * @param closing the entry that ends the log; null if the log is not complete, or the entry is gone
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

    /** The state of a key without a stream. */
    static final StreamState ABSENT = new StreamState(false, 0, EventId.MIN, null, 0, EventId.MIN, false, null);

    /**
     * Creates the state from the values of Redis, which include the entry that ends the log.
     *
     * @param newest the entry with the greatest id; null if there is none
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
        boolean closingTrimmed =
                closing == null && !closingDeleted && length == 0; // or never existed: this cannot be known
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

    /** {@return whether the log is complete, so that no further id can be given} */
    public boolean isComplete() {
        return lastId.equals(EventId.MAX);
    }

    /** {@return how the log ended; empty if it has not ended} */
    public Optional<Completion> completion() {
        return isComplete() ? Optional.of(Closing.completion(closing)) : Optional.empty();
    }

    /** {@return the last id of an event; null if unknown, because the entry that ended the log is gone} */
    public @Nullable EventId lastOfEvents() {
        Event end = closing;
        return !isComplete() ? lastId : end == null ? null : Closing.lastBefore(end);
    }

    /**
     * {@return whether no event has an id after this one}
     *
     * @param id the id of a past or present event
     */
    public boolean isLast(EventId id) {
        return id.equals(lastId) || id.equals(lastOfEvents());
    }

    /** {@return whether Redis counts the events that were ever added} */
    public boolean counts() {
        return added >= 0;
    }

    /**
     * {@return whether an event may have been removed other than by trimming}
     *
     * @param id only events after this id count
     */
    public boolean mayHaveHolesAfter(EventId id) {
        return !counts() || holesAnywhere || deleted.isAfter(id);
    }

    /** {@return the rank of {@link #lastId}, which is always exact if Redis counts} */
    public Rank rankOfLast() {
        return counts() ? new Rank(added, lastId) : Rank.UNKNOWN;
    }

    /** {@return the maximum number of events before the first one; exact unless there may be holes after it} */
    public long mostBeforeFirst() {
        EventId first = firstId;
        boolean oneHoleForSure = first != null && !holesAnywhere && deleted.isAfter(first);
        return added - length - (oneHoleForSure ? 1 : 0);
    }

    /** {@return the rank just before the first event of the stream; unknown if there may be holes after it} */
    public Rank rankBeforeFirst() {
        EventId first = firstId;
        if (first == null) {
            return rankOfLast();
        }
        return mayHaveHolesAfter(first) ? Rank.UNKNOWN : new Rank(mostBeforeFirst(), first.previous());
    }
}
