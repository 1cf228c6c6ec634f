package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.List;

/**
 * Whether a reader that stood at a cursor and then got some events got all that there were, judged by what the stream says
 * of itself afterwards. From Redis 7 on this is arithmetic: the stream counts what was ever added to it, and a reader that
 * knows which in that count its cursor is knows how many must have followed. Below, only trimming past the cursor shows.
 */
record Continuity(Verdict verdict, long missed) {

    enum Verdict {
        /** Nothing is missing. */
        WHOLE,
        /** {@link #missed()} events are missing, or an {@link #UNKNOWN} number. */
        MISSING,
        /** This is no longer the stream that the reader was reading. */
        BEGAN_AGAIN
    }

    static final long UNKNOWN = -1;

    private static final Continuity WHOLE = new Continuity(Verdict.WHOLE, 0);
    static final Continuity BEGAN_AGAIN = new Continuity(Verdict.BEGAN_AGAIN, UNKNOWN);

    /**
     * Judges.
     *
     * @param cursor where the reader stood
     * @param rank the how-manieth event ever added that one is, or {@link #UNKNOWN}
     * @param got the first events after the cursor that the reader then got, all from one answer
     * @param stillThere how many of these the stream held when it said the following
     * @param state what the stream said after that
     * @param limit the max-length of the log, by which whoever adds to it trims it
     */
    static Continuity judge(
            EventId cursor, long rank, List<Event> got, long stillThere, StreamState state, long limit) {
        EventId last = got.isEmpty() ? cursor : got.get(got.size() - 1).id();
        if (state.lastId().compareTo(last) < 0) {
            return BEGAN_AGAIN;
        }
        if (rank == UNKNOWN || !state.countsAdded()) {
            return trimmedPast(cursor, last, state, limit) ? new Continuity(Verdict.MISSING, UNKNOWN) : WHOLE;
        }
        long followed = state.added() - rank;
        if (followed < got.size()) {
            return BEGAN_AGAIN;
        }
        if (state.lastId().equals(last)) {
            return missing(followed - got.size());
        }
        EventId first = state.firstId();
        if (first != null && first.compareTo(cursor) <= 0) {
            return WHOLE; // not trimmed past the cursor, and more has come: a single deletion shows when the end is
            // reached
        }
        if (first == null || first.isAfter(last)) {
            // All that we got has been trimmed since, or more: who knows whether it was before or after it.
            long gone = followed - state.length();
            return got.isEmpty() || gone < got.size()
                    ? missing(gone - got.size())
                    : new Continuity(Verdict.MISSING, UNKNOWN);
        }
        // All that it holds comes after the cursor, and what we got and it no longer holds is not lost to us.
        return missing(followed - state.length() - (got.size() - stillThere));
    }

    /** How many of these events are not before the first one that the stream holds. */
    static long notTrimmed(List<Event> events, StreamState state) {
        EventId first = state.firstId();
        return first == null
                ? 0
                : events.stream()
                        .filter(event -> event.id().compareTo(first) >= 0)
                        .count();
    }

    private static Continuity missing(long count) {
        if (count < 0) {
            return BEGAN_AGAIN;
        }
        return count == 0 ? WHOLE : new Continuity(Verdict.MISSING, count);
    }

    /** Whether events are known to be gone between a cursor and a later id, or after that; without counting, that is. */
    static boolean trimmedPast(EventId cursor, EventId last, StreamState state, long limit) {
        EventId first = state.firstId();
        if (first == null) {
            return state.lastId().isAfter(last);
        }
        if (cursor.equals(EventId.MIN)) {
            return state.length() >= limit; // no event is there at this cursor: a log that is still short is all there
        }
        return first.isAfter(cursor) && !first.previous().equals(cursor); // nothing fits between neighbours
    }

    static long plus(long count, long more) {
        return count == UNKNOWN || more == UNKNOWN ? UNKNOWN : count + more;
    }

    static long minus(long count, long less) {
        return count == UNKNOWN ? UNKNOWN : count - less;
    }
}
