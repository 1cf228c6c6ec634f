package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
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
        return questions.get(0).isOfOneNode() ? BeginningsTogether.of(questions) : Map.of();
    }

    private boolean isOfOneNode() {
        return stream.connections().nodeOf(stream.key()).isEmpty();
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

    /** {@return whether the tail may begin at the end of the log, where a smaller question is enough} */
    boolean mayBeAtEnd() {
        return feedEnd == null && (limit == 0 || earliest.isAfter(EventId.MIN));
    }

    /**
     * Returns the answer of the smaller question.
     *
     * @param reply the reply to {@link PollReading#glance}
     * @return the answer, with the newest event only; null if the tail does not begin at the end of the log, or is unclear
     */
    @Nullable
    Beginning atEnd(@Nullable Object reply) {
        StreamState state;
        Event last;
        try {
            state = PollReading.isAbsent(reply) ? StreamState.ABSENT : StreamReplies.state(Inquiry.unlessFailed(reply));
            last = StreamReplies.lastEntry(reply, state.lastId());
        } catch (RuntimeException failure) {
            return null;
        }
        boolean isAtEnd = limit == 0 || !state.lastId().isAfter(earliest);
        if (!isAtEnd || state.isComplete()) {
            return null;
        }
        EventId after = limit == 0 && state.exists() ? state.lastId() : earliest;
        Answer answer = new Answer(state, "", null, null, List.of());
        return new Beginning(after, -1, answer, null, last == null ? List.of() : List.of(last));
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
        Event oldest = first.answer().at();
        AnswerSize size = new AnswerSize(MOST_AT_ONCE, counted);
        long left = limit - counted;
        while (oldest != null && left > 0) {
            int asked = size.next(left) + 1;
            List<Event> page = stream.back(line(), oldest.id(), youngEnough.next(), asked, size);
            if (page.isEmpty() || !page.get(0).equals(oldest)) {
                break; // trimmed up to there in the meantime: the follower is told about the gap
            }
            left -= page.size() - 1;
            oldest = page.get(page.size() - 1);
            if (page.size() < asked) {
                return first.movedTo(youngEnough, -1, null);
            }
        }
        EventId after = oldest == null ? first.after() : oldest.id();
        return first.movedTo(after, left == 0 ? limit : -1, oldest);
    }
}
