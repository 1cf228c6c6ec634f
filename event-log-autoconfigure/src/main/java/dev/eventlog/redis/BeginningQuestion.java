package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogUnavailableException;
import java.util.ArrayList;
import java.util.HashMap;
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

    /** {@return the start of the tail, and what the stream contained at that moment} */
    public Beginning ask() {
        Object[] arguments = arguments(true);
        List<?> reply = stream.inquiry()
                .ask(line(), () -> Look.SCRIPT.on(line(), stream.key(), arguments), StreamReplies::list);
        return beginning(reply);
    }

    /**
     * Asks many questions in one round trip. Only the first one asks for the identity of the server, because this takes as long
     * as the rest. The later answers come from the same server or from its successor.
     *
     * @param questions the questions, at least one; all from one application
     * @return the start of each tail, without the tails that must be asked individually
     */
    public static Map<LogStream, Beginning> askAll(List<BeginningQuestion> questions) {
        BeginningQuestion first = questions.get(0);
        Map<LogStream, Beginning> beginnings = new HashMap<>();
        if (!first.isOfOneNode()) { // with several nodes, one unavailable node would fail all questions
            return beginnings;
        }
        List<RawCommand> commands = new ArrayList<>(questions.size());
        for (BeginningQuestion question : questions) {
            commands.add(Look.SCRIPT.digestCommand(question.stream.key(), question.arguments(commands.isEmpty())));
        }
        List<@Nullable Object> replies = first.sent(commands);
        Beginning withServer = first.beginningIn(replies.get(0));
        if (withServer == null) {
            return beginnings;
        }
        String server = withServer.answer().server();
        for (int i = 0; i < Math.min(replies.size(), questions.size()); i++) {
            Beginning beginning = i == 0 ? withServer : questions.get(i).beginningIn(replies.get(i));
            if (beginning != null) {
                beginnings.put(questions.get(i).stream, beginning.of(server));
            }
        }
        return beginnings;
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

    private List<@Nullable Object> sent(List<RawCommand> commands) {
        Inquiry inquiry = stream.inquiry();
        Line line = line();
        return inquiry.answered(line, "read", () -> {
            List<@Nullable Object> all = line.send(commands);
            if (all.get(0) instanceof RuntimeException failure
                    && !RedisFailures.isUnknownScript(failure)
                    && inquiry.translate("read", failure) instanceof EventLogUnavailableException) {
                throw failure; // otherwise each question would wait on its own
            }
            return all;
        });
    }

    private @Nullable Beginning beginningIn(@Nullable Object reply) {
        if (!(reply instanceof List<?> list)) {
            return null;
        }
        try {
            return beginning(list);
        } catch (RuntimeException failure) { // only this log fails: its individual question fails again
            return null;
        }
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
