package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a reader at a point of a log misses events, given the events that follow. A pure function: no Redis, no state.
 *
 * <p>While the event at the point still exists, nothing after it can have been trimmed. If it is gone, the numbers decide. A
 * {@link Rank} is never too large, and a stream's count of the events before its first event is never too small, so the gap
 * between them is never underestimated. The number of missed events is reported only if both numbers are exact, and if no
 * individually deleted event can be among them.
 */
final class GapRules {

    /** What happened to the log since the reader's last look. */
    enum Verdict {
        /** The same log, and nothing after the point has been trimmed. */
        WHOLE,
        /** The same log, and events after the point may have been trimmed. */
        REMOVED,
        /** Another log, or the same log without some of its earlier events. */
        BEGAN_AGAIN
    }

    /** Whether the reader has read an event before. */
    enum Memory {
        SAME,
        /** There was no such event, or another event had this id. */
        OTHER,
        FORGOTTEN,
        /** Forgotten, and so long ago that many later events are still remembered. */
        LONG_AGO
    }

    /** The reader's memory of the events that it has read. */
    @FunctionalInterface
    interface Known {
        Memory of(EventMark event);
    }

    /**
     * A judgement.
     *
     * @param verdict what happened to the log
     * @param next the new position of the reader: just before the first remaining event
     */
    record Judgement(Verdict verdict, ReadPoint next) {}

    private GapRules() {}

    /**
     * Judges an answer.
     *
     * @param at the position of the reader
     * @param seen the mark of the event that the reader read there; null if there was none
     * @param answer the events after this position, all from one moment
     * @param trimming how the log loses old events
     * @param known the reader's memory of earlier events
     */
    static Judgement judge(ReadPoint at, @Nullable EventMark seen, Answer answer, Trimming trimming, Known known) {
        StreamState state = answer.state();
        EventId cursor = at.id();
        if (!state.exists()) {
            return cursor.equals(EventId.MIN) ? whole(at.ranked(Rank.NOTHING_ADDED)) : beganAgain(at);
        }
        EventId last = state.lastOfEvents();
        boolean neverGiven = cursor.isAfter(state.lastId())
                || (last != null && cursor.isAfter(last) && !cursor.equals(state.lastId()));
        if (neverGiven || (state.counts() && state.added() < at.rank().number())) {
            return beganAgain(at);
        }
        EventMark there = answer.at();
        if (there != null) {
            // the entry that ends a log never comes back to the same log
            boolean same = seen == null ? !cursor.equals(EventId.MAX) : seen.equals(there);
            return same ? whole(ranked(at, state)) : beganAgain(at);
        }
        if (state.isLast(cursor)) {
            return cursor.equals(EventId.MAX) && isAnotherComplete(at, answer, known)
                    ? beganAgain(at)
                    : whole(ranked(at, state));
        }
        EventId first = state.firstId();
        return first != null && cursor.isAfter(first)
                ? deletedByItself(at, seen, answer, known)
                : passedByTheOldEnd(at, seen, state, trimming);
    }

    /**
     * Judges after an interruption, in which another server may have taken over, perhaps without the newest events. The numbers
     * prove nothing in this case. The log is the same only if it still contains the event that was read last.
     */
    static Judgement judgeAfterInterruption(
            ReadPoint at, @Nullable EventMark seen, Answer answer, Trimming trimming, Known known) {
        StreamState state = answer.state();
        EventId cursor = at.id();
        boolean theSame = seen != null && seen.equals(answer.at());
        boolean anyCompleteLogHasIt = cursor.equals(EventId.MAX);
        boolean deletedByItself = state.counts() && state.deleted().equals(cursor) && !anyCompleteLogHasIt;
        boolean sameCount = (state.counts() && at.rank().isKnown())
                ? state.added() == at.rank().number()
                : !anyCompleteLogHasIt;
        boolean nothingSince = state.isLast(cursor) && answer.at() == null && sameCount;
        boolean nothingRead = cursor.equals(EventId.MIN);
        return theSame || deletedByItself || nothingSince || nothingRead
                ? judge(at, seen, answer, trimming, known)
                : beganAgain(at);
    }

    private static ReadPoint ranked(ReadPoint at, StreamState state) {
        return state.isLast(at.id()) && state.counts() ? at.ranked(new Rank(state.added(), at.id())) : at;
    }

    /** Each complete log has the same last id, so this id does not show that nothing was added since. */
    private static boolean isAnotherComplete(ReadPoint at, Answer answer, Known known) {
        StreamState state = answer.state();
        Event before = answer.before();
        boolean anotherCount = state.counts()
                && at.rank().isKnown()
                && state.added() != at.rank().number();
        return anotherCount || (before != null && known.of(EventMark.of(before)) == Memory.OTHER);
    }

    /** The event at the point is gone, but older events exist. */
    private static Judgement deletedByItself(ReadPoint at, @Nullable EventMark seen, Answer answer, Known known) {
        StreamState state = answer.state();
        Event before = answer.before();
        if (before == null) {
            return whole(at);
        }
        Memory memory = known.of(EventMark.of(before));
        boolean neverDeleted =
                state.counts() && !state.holesAnywhere() && at.id().isAfter(state.deleted());
        boolean tooManyGone =
                !state.counts() && memory == Memory.LONG_AGO; // too long for each to have been deleted individually
        boolean wasReadHere = seen != null;
        boolean another = memory == Memory.OTHER || (wasReadHere && (neverDeleted || tooManyGone));
        return another ? beganAgain(at) : whole(at);
    }

    /** No events are left up to the point. */
    private static Judgement passedByTheOldEnd(
            ReadPoint at, @Nullable EventMark seen, StreamState state, Trimming trimming) {
        EventId first = state.firstId();
        ReadPoint next =
                new ReadPoint(first == null ? state.lastId() : first.previous(), state.rankBeforeFirst(), at.epoch());
        if (at.rank().isKnown() && state.counts()) {
            long between = state.mostBeforeFirst() - at.rank().number();
            long most = between > 0 && oneWasDeletedByItself(at, state) ? between - 1 : between;
            boolean onlyEnded = first == null && state.isComplete();
            boolean gaveNoFurtherId = state.added() == at.rank().number() && !onlyEnded; // although there is a later id
            if (most < 0 || gaveNoFurtherId) {
                return beganAgain(at);
            }
            return most == 0 || isNextTo(first, at) ? whole(next) : removed(next);
        }
        if (at.id().equals(EventId.MIN)) { // Redis does not count: a log that is still short is complete
            return first == null || state.length() >= trimming.maxLength() ? removed(next) : whole(at);
        }
        if (isNextTo(first, at)) {
            return whole(at);
        }
        boolean holdsAllItEverHad = state.counts() && state.mostBeforeFirst() == 0;
        boolean tooShortToBeTrimmed = !state.counts() && first != null && trimming.hasLostNoneOf(state.length());
        return seen != null && (holdsAllItEverHad || tooShortToBeTrimmed) ? beganAgain(at) : removed(next);
    }

    /** Returns whether an event between the point and the first remaining event was certainly not trimmed. */
    private static boolean oneWasDeletedByItself(ReadPoint at, StreamState state) {
        EventId first = state.firstId();
        EventId deleted = state.deleted();
        return !state.holesAnywhere() && deleted.isAfter(at.id()) && (first == null || first.isAfter(deleted));
    }

    /** Returns whether no event fits between the point and the first remaining event. */
    private static boolean isNextTo(@Nullable EventId first, ReadPoint at) {
        return first != null && first.previous().equals(at.id());
    }

    private static Judgement whole(ReadPoint next) {
        return new Judgement(Verdict.WHOLE, next);
    }

    private static Judgement removed(ReadPoint next) {
        return new Judgement(Verdict.REMOVED, next);
    }

    private static Judgement beganAgain(ReadPoint at) {
        return new Judgement(Verdict.BEGAN_AGAIN, at);
    }

    /**
     * Counts the events that were trimmed between two points.
     *
     * @param from the last event that was read
     * @param to just before the first remaining event
     * @param state the state of the stream after the trimming
     * @return the exact number, or empty
     */
    static OptionalLong between(ReadPoint from, ReadPoint to, StreamState state) {
        if (from.epoch() != to.epoch() || !from.rank().isKnown() || !to.rank().isKnown()) {
            return OptionalLong.empty();
        }
        EventId earliest =
                earlier(from.id(), earlier(from.rank().countedFrom(), to.rank().countedFrom()));
        return state.mayHaveHolesAfter(earliest)
                ? OptionalLong.empty()
                : OptionalLong.of(to.rank().number() - from.rank().number());
    }

    /**
     * Returns whether two points cannot belong to one log, because fewer events come before the later point than the reader has
     * passed.
     */
    static boolean contradict(ReadPoint from, ReadPoint to) {
        return from.rank().isKnown()
                && to.rank().isKnown()
                && to.rank().number() < from.rank().number();
    }

    private static EventId earlier(EventId one, EventId other) {
        return one.isAfter(other) ? other : one;
    }

    /**
     * Returns whether events and a state that was read right after them are certainly complete, although they were not read at
     * one moment. They are if the event at the point still existed afterwards, and therefore also before.
     */
    static boolean isPlainlyWhole(ReadPoint at, @Nullable EventMark seen, Answer answer) {
        StreamState state = answer.state();
        if (!state.exists()) {
            return at.id().equals(EventId.MIN) && answer.events().isEmpty();
        }
        boolean nothingMore = !answer.events().isEmpty() || state.lastId().equals(at.id());
        return seen != null
                && seen.equals(answer.at())
                && nothingMore
                && !answer.end(at.id()).isAfter(state.lastId());
    }

    /**
     * {@return the point after these events, with the best known rank} Without events, this is the end of the log, even if the
     * events there were deleted individually.
     */
    static ReadPoint afterReading(ReadPoint from, List<Event> events, StreamState state) {
        if (events.isEmpty() && state.lastId().isAfter(from.id())) {
            return new ReadPoint(state.lastId(), state.counts() ? state.rankOfLast() : from.rank(), from.epoch());
        }
        ReadPoint end = events.isEmpty()
                ? from
                : from.after(events.get(events.size() - 1).id(), events.size());
        return ranked(end, state);
    }
}
