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
 * The question where a tail begins: one script, at one moment. Of a tail longer than a page the beginning is further back: that
 * is looked for page by page, each from the very event at which the one before ended.
 *
 * @param stream the log
 * @param earliest the id after which the tail begins at the earliest
 * @param limit how many events it has at most; {@link Long#MAX_VALUE} for no limit
 * @param maxAge how many milliseconds old its events are at most; 0 for no limit
 * @param feedEnd an id of which to show the event; null for none
 * @param count how many events of the tail to show
 */
public record BeginningQuestion(
        LogStream stream,
        EventId earliest,
        long limit,
        long maxAge,
        @Nullable EventId feedEnd,
        int count) {

    /** The newest event and the one before the tail are asked for in any case, so a page is one event more than this. */
    private static final int MOST_AT_ONCE = 1_000;

    /** {@return where the tail begins, and what the stream showed then} */
    public Beginning ask() {
        Object[] arguments = arguments(true);
        List<?> reply = stream.inquiry()
                .ask(line(), () -> Look.SCRIPT.on(line(), stream.key(), arguments), StreamReplies::list);
        return beginning(reply);
    }

    /**
     * Asks many questions in one go. Only the first asks for the server as well, which takes it as long as the rest: what the
     * others are told later, that server still tells, or one that came after it.
     *
     * @param questions what to ask, at least one; all of one application
     * @return where each tail begins, without those that have to be asked by themselves
     */
    public static Map<LogStream, Beginning> askAll(List<BeginningQuestion> questions) {
        BeginningQuestion first = questions.get(0);
        Map<LogStream, Beginning> beginnings = new HashMap<>();
        if (!first.isOfOneNode()) { // of several nodes one that is away would fail them all
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
                throw failure; // else each would be waited for by itself
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
        } catch (RuntimeException failure) { // only this log fails: the question that is sent for it alone fails again
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
                break; // trimmed up to there meanwhile: the follower is told what of its tail is gone
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
