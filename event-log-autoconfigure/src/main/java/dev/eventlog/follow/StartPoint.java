package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.Beginning;
import dev.eventlog.redis.BeginningQuestion;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The start of a tail, and everything that was read from the log at the same moment.
 *
 * @param point the point after which the tail begins
 * @param seen the mark of the event at this point, if there is one
 * @param position the id to resume at. If events are missing, it is before them: a resuming reader is then told again. If there is no
 *         event at the point, it is the last event before the point: it shows a resuming reader whether the log is the same. Only a
 *         reader that knows the completion of the log resumes at the greatest id.
 * @param loss the events missing before the tail, if the reader must be told
 * @param events the first events of the tail
 * @param state the state of the stream
 * @param newest the newest few events of the log, newest first
 * @param atFeedEnd the event at the end of the log's feed, if there was one
 * @param server identifies the server and its run
 */
record StartPoint(
        ReadPoint point,
        @Nullable EventMark seen,
        EventId position,
        @Nullable Loss loss,
        List<Event> events,
        StreamState state,
        List<Event> newest,
        @Nullable Event atFeedEnd,
        String server) {

    /** Finds the start of a tail, and so fixes it. */
    static StartPoint find(LogStream stream, TailRange tail, @Nullable EventId feedEnd, int count) {
        return of(question(stream, tail, feedEnd, count).ask(), tail);
    }

    /**
     * Finds the starts of the tails of many logs, in one round trip.
     *
     * @return the start in each log, except for logs that must be asked individually
     */
    static Map<LogStream, StartPoint> findAll(Map<LogStream, TailRange> tails, int count) {
        List<BeginningQuestion> questions = new ArrayList<>(tails.size());
        tails.forEach((stream, tail) -> questions.add(question(stream, tail, null, count)));
        Map<LogStream, StartPoint> starts = new HashMap<>();
        BeginningQuestion.askAll(questions)
                .forEach((stream, beginning) ->
                        starts.put(stream, of(beginning, Objects.requireNonNull(tails.get(stream)))));
        return starts;
    }

    private static BeginningQuestion question(LogStream stream, TailRange tail, @Nullable EventId feedEnd, int count) {
        return new BeginningQuestion(stream, tail.after(), tail.limit(), tail.maxAge(), feedEnd, shown(tail, count));
    }

    private static int shown(TailRange tail, int count) {
        return tail.isFromSeen() ? Math.max(1, count) : count;
    }

    private static StartPoint of(Beginning beginning, TailRange tail) {
        StreamState state = beginning.answer().state();
        EventId seen = tail.seen();
        boolean ended = hasEnded(tail, state);
        EventId last = state.lastOfEvents();
        if (!ended
                && seen != null
                && seen.isAfter(
                        last == null ? state.lastId() : last)) { // this log never had that id: it has begun again since
            return begins(beginning, tail, end(state), null, beganAgain(tail), List.of());
        }
        if (ended || tail.after().compareTo(state.lastId()) >= 0) {
            boolean atEnd = ended || tail.after().equals(state.lastId());
            ReadPoint point = atEnd ? end(state) : pointless(tail.after());
            return begins(beginning, tail, point, atEnd ? atEnd(beginning) : null, null, List.of());
        }
        return withTheBeginning(within(beginning, tail), tail, beginning.after().isAfter(tail.after()));
    }

    /**
     * Returns whether the log is complete and the tail begins at the entry that ends the log, at the last event before it, or
     * between the two.
     */
    private static boolean hasEnded(TailRange tail, StreamState state) {
        EventId last = state.lastOfEvents();
        if (!state.isComplete() || EventId.MAX.equals(tail.seen())) {
            return state.isComplete();
        }
        boolean knowsOfMore = tail.isFromSeen() || (tail.seen() != null && !state.isLast(tail.after()));
        return last != null && tail.after().compareTo(last) >= 0 && !knowsOfMore;
    }

    /** There are or were events after the earliest id of the tail. */
    private static StartPoint within(Beginning beginning, TailRange tail) {
        Answer answer = beginning.answer();
        StreamState state = answer.state();
        EventId first = state.firstId();
        if (first == null || tail.limit() == 0) {
            ReadPoint end = end(state);
            return begins(
                    beginning, tail, end, atEnd(beginning), first == null ? lost(tail, end, state) : null, List.of());
        }
        if (first.isAfter(beginning.after())) {
            ReadPoint point = new ReadPoint(first.previous(), state.rankBeforeFirst(), 0);
            boolean nothingBefore = point.id().equals(tail.after());
            return begins(
                    beginning, tail, point, null, nothingBefore ? null : lost(tail, point, state), answer.events());
        }
        boolean shortened = beginning.after().isAfter(tail.after());
        boolean counted = beginning.limited() >= 0 && shortened && !state.mayHaveHolesAfter(beginning.after());
        Rank rank = counted ? new Rank(state.added() - beginning.limited(), beginning.after()) : Rank.UNKNOWN;
        ReadPoint point = new ReadPoint(beginning.after(), rank, 0);
        Loss loss = shortened ? lost(tail, point, state) : lostItself(tail, answer);
        return begins(beginning, tail, point, answer.at(), loss, answer.events())
                .resumingAt(answer.before());
    }

    private StartPoint resumingAt(@Nullable Event before) {
        return before == null || loss != null
                ? this
                : new StartPoint(point, seen, before.id(), null, events, state, newest, atFeedEnd, server);
    }

    /**
     * An event that the reader has seen is gone, but older events exist. Either it was deleted individually, which Redis 7
     * remembers, or the log was reset to an earlier state.
     */
    private static @Nullable Loss lostItself(TailRange tail, Answer answer) {
        EventId seen = tail.seen();
        StreamState state = answer.state();
        if (seen == null || seen.equals(EventId.MIN) || isThere(seen, tail, answer)) {
            return null;
        }
        boolean neverDeleted = state.counts() && !state.holesAnywhere() && seen.isAfter(state.deleted());
        return neverDeleted ? beganAgain(tail) : null;
    }

    private static boolean isThere(EventId seen, TailRange tail, Answer answer) {
        return tail.isFromSeen()
                ? !answer.events().isEmpty() && answer.events().get(0).id().equals(seen)
                : answer.at() != null;
    }

    private static StartPoint begins(
            Beginning beginning,
            TailRange tail,
            ReadPoint point,
            @Nullable EventMark seen,
            @Nullable Loss loss,
            List<Event> events) {
        Answer answer = beginning.answer();
        EventId position =
                loss != null ? loss.lastSeen() : beforeTheEnd(point.id(), tail, answer.state(), beginning.newest());
        return new StartPoint(
                point,
                seen,
                position,
                loss,
                events,
                answer.state(),
                beginning.newest(),
                beginning.atFeedEnd(),
                answer.server());
    }

    /** {@return the mark of the event with the last id of the log, if it still exists} */
    private static @Nullable EventMark atEnd(Beginning beginning) {
        List<Event> newest = beginning.newest();
        StreamState state = beginning.answer().state();
        if (state.closing() != null) {
            return EventMark.ofNullable(state.closing());
        }
        EventId last = state.lastId();
        return !newest.isEmpty() && newest.get(0).id().equals(last) ? EventMark.of(newest.get(0)) : null;
    }

    private static ReadPoint end(StreamState state) {
        return new ReadPoint(state.lastId(), state.exists() ? state.rankOfLast() : Rank.NOTHING_ADDED, 0);
    }

    private static ReadPoint pointless(EventId id) {
        return new ReadPoint(id, Rank.UNKNOWN, 0);
    }

    /**
     * Returns the events missing after the last event of a reader that resumes; null for a new reader. If the log has lost no
     * event before its first one, it never had the event that the reader has seen, so it has begun again.
     */
    private static @Nullable Loss lost(TailRange tail, ReadPoint to, StreamState state) {
        EventId seen = tail.seen();
        if (seen == null || seen.equals(EventId.MIN)) {
            return null;
        }
        EventId first = state.firstId();
        boolean neverGaveIt = first != null && first.isAfter(seen) && state.counts() && state.mostBeforeFirst() == 0;
        EventId last = tail.after();
        return neverGaveIt ? beganAgain(tail) : Loss.removed(last, pointless(last), to, state);
    }

    private static Loss beganAgain(TailRange tail) {
        return Loss.beganAgain(tail.after(), pointless(tail.after()));
    }

    /** A follower that began before its log has missed all events that came and went since. */
    private static StartPoint withTheBeginning(StartPoint start, TailRange tail, boolean shortened) {
        if (!EventId.MIN.equals(tail.seen())
                || start.loss != null
                || !start.point.id().isAfter(EventId.MIN)) {
            return start;
        }
        StreamState state = start.state;
        boolean missed = shortened
                || (start.point.rank().isKnown()
                        ? start.point.rank().number() > 0
                        : state.counts()
                                ? state.mostBeforeFirst() > 0
                                : state.length() == 0
                                        || state.length() >= tail.trimming().maxLength());
        ReadPoint nothing = new ReadPoint(EventId.MIN, Rank.NOTHING_ADDED, 0);
        if (!missed) {
            return start;
        }
        return new StartPoint(
                start.point,
                start.seen,
                EventId.MIN,
                Loss.removed(EventId.MIN, nothing, start.point, state),
                start.events,
                state,
                start.newest,
                start.atFeedEnd,
                start.server);
    }

    /** {@return the end of the log} */
    ReadPoint end() {
        ReadPoint end = end(state);
        return end.equals(point) ? point : end; // often the same, which then needs memory only once
    }

    /** {@return a position that does not claim to know the end of a complete log, unless the reader of the tail knows it} */
    EventId beforeTheEnd(EventId id, TailRange tail) {
        return beforeTheEnd(id, tail, state, newest);
    }

    private static EventId beforeTheEnd(EventId id, TailRange tail, StreamState state, List<Event> newest) {
        if (!id.equals(EventId.MAX) || tail.after().equals(EventId.MAX)) {
            return id;
        }
        EventId last = state.lastOfEvents();
        EventId known = last != null
                ? last
                : newest.isEmpty() ? EventId.MIN : newest.get(0).id();
        return known.isAfter(tail.after()) ? known : tail.after();
    }

    /** Returns whether a feed that ended there just before has read this log. */
    boolean proves(Window.End feed) {
        return feed.isOf(state, atFeedEnd);
    }
}
