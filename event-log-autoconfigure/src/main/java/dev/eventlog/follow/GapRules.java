package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Whether a reader that stands at a point of a log, and is shown what follows, misses anything. Pure: no Redis, no state.
 *
 * <p>While the very event at the point is still there, nothing after it can have left by the old end. Where it is gone, the
 * numbers decide: a {@link Rank} is never too large, and a stream's own count of what was before its first event never too
 * small, so what lies between is never taken for less than it is. The number of missed events is told only where both are
 * exact, and no event that somebody deleted by itself can be among them.
 */
final class GapRules {

    /** What became of the log since the reader looked last. */
    enum Verdict {
        /** The same log, and nothing after the point has left by the old end. */
        WHOLE,
        /** The same log, and events after the point may have left by the old end. */
        REMOVED,
        /** Another log, or this one without events that it had. */
        BEGAN_AGAIN
    }

    /** Whether an event is one that the reader has read before. */
    enum Memory {
        SAME,
        /** There was no such event, or another one at that id. */
        OTHER,
        FORGOTTEN,
        /** Forgotten, and so long ago that many came after it which are not. */
        LONG_AGO
    }

    /** What a reader remembers of the events that it has read. */
    @FunctionalInterface
    interface Known {
        Memory of(Event event);
    }

    /**
     * A judgement.
     *
     * @param verdict what became of the log
     * @param next where the reader stands now: just before the first event that is left
     */
    record Judgement(Verdict verdict, ReadPoint next) {}

    private GapRules() {}

    /**
     * Judges.
     *
     * @param at where the reader stands
     * @param seen the event that it read there; null if it read none there
     * @param answer what follows, asked for after that point, all at one moment
     * @param trimming what the log loses by its old end
     * @param known what it remembers of earlier events
     */
    static Judgement judge(ReadPoint at, @Nullable Event seen, Answer answer, Trimming trimming, Known known) {
        StreamState state = answer.state();
        EventId cursor = at.id();
        if (!state.exists()) {
            return cursor.equals(EventId.MIN) ? whole(at.ranked(Rank.NOTHING_ADDED)) : beganAgain(at);
        }
        EventId last = state.lastOfEvents();
        boolean neverGiven = cursor.isAfter(state.lastId())
                || (seen != null && last != null && cursor.isAfter(last) && !cursor.equals(state.lastId()));
        if (neverGiven || (state.counts() && state.added() < at.rank().number())) {
            return beganAgain(at);
        }
        Event there = answer.at();
        if (there != null) {
            return seen == null || seen.equals(there) ? whole(ranked(at, state)) : beganAgain(at);
        }
        if (state.isLast(cursor)) {
            return whole(ranked(at, state));
        }
        EventId first = state.firstId();
        return first != null && cursor.isAfter(first)
                ? deletedByItself(at, seen, answer, known)
                : passedByTheOldEnd(at, seen, state, trimming);
    }

    /**
     * Judges after an interruption in which another server may have taken over, or one without the newest events: then the
     * numbers prove nothing, and the log is the same only if it still shows what was read last.
     */
    static Judgement judgeAfterInterruption(
            ReadPoint at, @Nullable Event seen, Answer answer, Trimming trimming, Known known) {
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

    /** The event at the point is gone, and older ones are there. */
    private static Judgement deletedByItself(ReadPoint at, @Nullable Event seen, Answer answer, Known known) {
        StreamState state = answer.state();
        Event before = answer.before();
        if (seen == null || before == null) {
            return whole(at);
        }
        boolean neverDeleted =
                state.counts() && !state.holesAnywhere() && at.id().isAfter(state.deleted());
        Memory memory = known.of(before);
        boolean tooManyGone =
                !state.counts() && memory == Memory.LONG_AGO; // for somebody to have deleted each by itself
        return neverDeleted || tooManyGone || memory == Memory.OTHER ? beganAgain(at) : whole(at);
    }

    /** Nothing is left up to the point. */
    private static Judgement passedByTheOldEnd(
            ReadPoint at, @Nullable Event seen, StreamState state, Trimming trimming) {
        EventId first = state.firstId();
        ReadPoint next =
                new ReadPoint(first == null ? state.lastId() : first.previous(), state.rankBeforeFirst(), at.epoch());
        if (at.rank().isKnown() && state.counts()) {
            long between = state.mostBeforeFirst() - at.rank().number();
            long most = between > 0 && oneWasDeletedByItself(at, state) ? between - 1 : between;
            boolean onlyEnded = first == null && state.isComplete();
            boolean gaveNoFurtherId = state.added() == at.rank().number() && !onlyEnded; // and yet there is one
            if (most < 0 || gaveNoFurtherId) {
                return beganAgain(at);
            }
            return most == 0 || isNextTo(first, at) ? whole(next) : removed(next);
        }
        if (at.id().equals(EventId.MIN)) { // Redis does not count: a log that is still short is all there
            return first == null || state.length() >= trimming.maxLength() ? removed(next) : whole(at);
        }
        if (isNextTo(first, at)) {
            return whole(at);
        }
        boolean holdsAllItEverHad = state.counts() && state.mostBeforeFirst() == 0;
        boolean tooShortToBeTrimmed = !state.counts() && first != null && trimming.hasLostNoneOf(state.length());
        return seen != null && (holdsAllItEverHad || tooShortToBeTrimmed) ? beganAgain(at) : removed(next);
    }

    /** Whether one of the events between the point and the first that is left is known not to have left by the old end. */
    private static boolean oneWasDeletedByItself(ReadPoint at, StreamState state) {
        EventId first = state.firstId();
        EventId deleted = state.deleted();
        return !state.holesAnywhere() && deleted.isAfter(at.id()) && (first == null || first.isAfter(deleted));
    }

    /** Whether nothing fits between the point and the first event that is left. */
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
     * How many events left by the old end between two points.
     *
     * @param from the last event that was read
     * @param to just before the first one that is left
     * @param state what the stream said when they were gone
     * @return the exact number, or nothing
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

    /** Whether two points cannot be of one log: as the later one comes after fewer events than the reader has passed. */
    static boolean contradict(ReadPoint from, ReadPoint to) {
        return from.rank().isKnown()
                && to.rank().isKnown()
                && to.rank().number() < from.rank().number();
    }

    private static EventId earlier(EventId one, EventId other) {
        return one.isAfter(other) ? other : one;
    }

    /**
     * Whether what was read, and asked about right after, is whole beyond any doubt, though it was not all answered at one
     * moment: the event at the point was still there afterwards, so it was before.
     */
    static boolean isPlainlyWhole(ReadPoint at, @Nullable Event seen, Answer answer) {
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
     * {@return the point after these events, which were read from the point given, with the rank that is best known} Where there
     * are none the end of the log is reached, also if what had been there was deleted by itself.
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
