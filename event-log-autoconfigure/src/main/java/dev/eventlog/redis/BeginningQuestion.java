package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The question for the start of a tail: one script, at one moment. A tail longer than a page begins further back. Its start is
 * searched page by page, each from the exact event at which the previous page ended.
 *
 * @param stream the log
 * @param earliest the id before the earliest start of the tail
 * @param limit the maximum number of events; {@link Long#MAX_VALUE} for no limit
 * @param maxAge the maximum age of the events in milliseconds; 0 for no limit
 * @param feedEnd an id whose event is included in the answer; null for none
 * @param count the number of events of the tail to include
 */
public record BeginningQuestion(
        LogStream stream,
        EventId earliest,
        long limit,
        long maxAge,
        @Nullable EventId feedEnd,
        int count) {

    /** A page has one more event than this, because the newest event and the event before the tail are always requested. */
    private static final int MOST_AT_ONCE = 1_000;

    /** The maximum size of the newest few events, which the application keeps; the script has the same limit. */
    private static final long MOST_BYTES_OF_NEWEST = 65_536;

    /** The number of the newest few events, as in the script. */
    private static final int NEWEST = 3;

    /** {@return the start of the tail, and what the stream contained at that moment} */
    public Beginning ask() {
        Object[] arguments = arguments(true);
        List<?> reply = stream.inquiry()
                .ask(line(), () -> Look.SCRIPT.on(line(), stream.key(), arguments), StreamReplies::list);
        return beginning(reply);
    }

    /**
     * Asks many questions in at most two round trips.
     *
     * @param questions the questions, at least one; all from one application
     * @return the start of each tail, without the tails that must be asked individually
     */
    public static Map<LogStream, Beginning> askAll(List<BeginningQuestion> questions) {
        // With several nodes, one unavailable node would fail all questions
        return questions.get(0).stream().connections().isCluster() ? Map.of() : BeginningsTogether.of(questions);
    }

    private Line line() {
        return stream.connections().line();
    }

    private Object[] arguments(boolean server) {
        Object shown = feedEnd == null ? EventId.MIN : feedEnd;
        return new Object[] {"", "+", count, server ? 1 : 0, earliest, most(), MOST_AT_ONCE, shown, 0, maxAge};
    }

    private long most() {
        return limit == Long.MAX_VALUE ? -1 : limit;
    }

    /** {@return the script; with the identity of the server, the whole script, so that the server knows it from then on} */
    RawCommand command(boolean server) {
        return server
                ? Look.SCRIPT.command(stream.key(), arguments(true))
                : Look.SCRIPT.digestCommand(stream.key(), arguments(false));
    }

    /** {@return the answer of the script; null if it failed} Only this log fails then: its individual question fails again. */
    @Nullable
    Beginning beginning(@Nullable Object reply) {
        try {
            return reply instanceof List<?> list ? beginning(list) : null;
        } catch (RuntimeException failure) {
            return null;
        }
    }

    /** {@return whether the tail may begin at the end of the log, or contain all of a short log: smaller questions are then enough} */
    boolean mayBeSimple() {
        return feedEnd == null && (limit == 0 || earliest.isAfter(EventId.MIN) || (isOfAnyAge() && count > 0));
    }

    private boolean isOfAnyAge() {
        return earliest.equals(EventId.MIN) && maxAge == 0;
    }

    /**
     * Returns the answer of the smaller question.
     *
     * @param reply the reply to {@link PollReading#glance}
     * @return the answer, with the newest event only, and without the events of a short log; null if the tail neither begins at
     *         the end of the log nor contains all of a short one, or is unclear
     */
    @Nullable
    Beginning simple(@Nullable Object reply) {
        StreamState state;
        Event last;
        try {
            state = PollReading.isAbsent(reply) ? StreamState.ABSENT : StreamReplies.state(Inquiry.unlessFailed(reply));
            last = StreamReplies.lastEntry(reply, state.lastId());
        } catch (RuntimeException failure) {
            return null;
        }
        if (state.isComplete() || !(isAtEnd(state) || isShort(reply, state, last))) {
            return null;
        }
        EventId after = limit == 0 && state.exists() ? state.lastId() : earliest;
        Answer answer = new Answer(state, "", null, null, List.of());
        return new Beginning(after, -1, answer, null, last == null ? List.of() : List.of(last));
    }

    private boolean isAtEnd(StreamState state) {
        return limit == 0 || !state.lastId().isAfter(earliest);
    }

    private boolean isShort(@Nullable Object reply, StreamState state, @Nullable Event last) {
        return isOfAnyAge()
                && last != null
                && StreamReplies.size(reply) <= 3 * EventSize.SMALL // with the first and the last event
                && state.length() <= Math.min(limit, count);
    }

    /** {@return whether a {@link #simple} answer lacks events} A tail at the end of a log with one event needs no further question. */
    boolean lacksEvents(Beginning simple) {
        StreamState state = simple.answer().state();
        return !simple.newest().isEmpty() && !(isAtEnd(state) && state.length() == 1);
    }

    /** {@return the smaller question for the events that a {@link #simple} answer lacks} */
    RawCommand more(Beginning simple) {
        StreamState state = simple.answer().state();
        return isAtEnd(state)
                ? LogStream.backCommand(stream.key(), simple.newest().get(0).id(), EventId.MIN, NEWEST)
                : LogStream.rangeCommand(stream.key(), EventId.MIN, state.lastId(), count);
    }

    /**
     * Adds the events that the answer lacks.
     *
     * @param simple the answer
     * @param reply the reply to {@link #more}, from a later moment
     * @return the answer; null if the log has changed in between
     */
    @Nullable
    Beginning withMore(Beginning simple, @Nullable Object reply) {
        return isAtEnd(simple.answer().state()) ? withNewest(simple, reply) : withAll(simple, reply);
    }

    /** All events of the log up to the last id: as many as there were, with the same first id and the same last event. */
    private @Nullable Beginning withAll(Beginning simple, @Nullable Object reply) {
        StreamState state = simple.answer().state();
        List<Event> events;
        try {
            events = StreamReplies.events(Inquiry.unlessFailed(reply), EventId.MIN, state.lastId(), true);
        } catch (RuntimeException failure) {
            return null;
        }
        int size = events.size();
        boolean isWhole = size > 0
                && size == state.length()
                && events.get(0).id().equals(state.firstId())
                && events.get(size - 1).equals(simple.newest().get(0));
        if (!isWhole) {
            return null;
        }
        List<Event> newest = new ArrayList<>(events.subList(Math.max(0, size - NEWEST), size));
        Collections.reverse(newest);
        boolean areSmall = newest.stream().mapToLong(EventSize::of).sum() <= MOST_BYTES_OF_NEWEST;
        return new Beginning(
                simple.after(),
                -1,
                new Answer(state, "", null, null, events),
                null,
                areSmall ? newest : simple.newest());
    }

    /**
     * Adds the events just before the end of the log.
     *
     * @param known the answer with the newest event
     * @param reply the newest few events up to this one, at a later moment
     */
    Beginning withNewest(Beginning known, @Nullable Object reply) {
        List<Event> newest;
        try {
            newest = StreamReplies.events(
                    Inquiry.unlessFailed(reply),
                    EventId.MIN,
                    known.newest().get(0).id(),
                    false);
        } catch (RuntimeException failure) {
            return known;
        }
        Event last = known.newest().get(0);
        boolean sameLog = !newest.isEmpty() && newest.get(0).equals(last);
        long size = newest.stream().mapToLong(EventSize::of).sum();
        if (!sameLog || size > MOST_BYTES_OF_NEWEST) {
            return known;
        }
        newest.set(0, last); // equal, and shares its id with the state
        return known.withNewest(newest);
    }

    private Beginning beginning(List<?> reply) {
        Answer answer = Look.answer(reply);
        EventId after = EventId.parse(StreamReplies.text(reply.get(2)));
        EventId youngEnough = EventId.parse(StreamReplies.text(reply.get(9)));
        boolean byLength = most() == 0 || !after.equals(youngEnough);
        Beginning beginning = new Beginning(
                after,
                byLength && most() >= 0 && answer.state().length() > most() ? most() : -1,
                answer,
                StreamReplies.event(reply.get(6)),
                StreamReplies.events(reply.get(8), EventId.MIN, EventId.MAX, false));
        long counted = StreamReplies.number(reply.get(7));
        return counted < 0 ? beginning : further(beginning, youngEnough, counted);
    }

    private Beginning further(Beginning first, EventId youngEnough, long counted) {
        EventMark oldest = first.answer().at();
        AnswerSize size = new AnswerSize(MOST_AT_ONCE, counted);
        long left = limit - counted;
        while (oldest != null && left > 0) {
            int asked = size.next(left) + 1;
            List<Event> page = stream.back(line(), oldest.id(), youngEnough.next(), asked, size);
            if (page.isEmpty()) {
                break; // trimmed up to there in the meantime: the follower is told about the gap
            }
            if (page.size() < asked) { // the tail is shorter than the limit, and begins at its earliest event
                return new BeginningQuestion(stream, youngEnough, Long.MAX_VALUE, 0, feedEnd, count).ask();
            }
            boolean isThere = oldest.isOf(page.get(0)); // otherwise it was deleted by its id in the meantime
            List<Event> older = page.subList(isThere ? 1 : 0, isThere ? asked : asked - 1);
            left -= older.size();
            oldest = EventMark.of(older.get(older.size() - 1));
        }
        EventId after = oldest == null ? first.after() : oldest.id();
        return first.movedTo(after, left == 0 ? limit : -1, oldest);
    }
}
