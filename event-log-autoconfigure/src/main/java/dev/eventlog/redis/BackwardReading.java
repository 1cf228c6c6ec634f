package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogUnavailableException;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.QueryTimeoutException;

/**
 * Reads one log backwards, page by page, once. Can ask for a page before the one above it is converted: then the server, the
 * driver and the caller work side by side. At most one page is asked for ahead, so that two are held at once. Not thread-safe.
 */
final class BackwardReading {

    private final LogStream stream;
    private final Inquiry inquiry;
    private final Line line;
    private final boolean opensAgain;
    private final boolean ahead;
    private final AnswerSize size;

    /**
     * A reading that has not begun.
     *
     * @param opensAgain whether the line is opened again after it is lost
     * @param ahead whether to ask ahead; not worth it if a page is likely to be enough
     * @param pageSize how many events to ask for at most
     */
    BackwardReading(LogStream stream, Inquiry inquiry, Line line, boolean opensAgain, boolean ahead, int pageSize) {
        this.stream = stream;
        this.inquiry = inquiry;
        this.line = line;
        this.opensAgain = opensAgain;
        this.ahead = ahead;
        this.size = new AnswerSize(pageSize, AnswerSize.FIRST);
    }

    /**
     * A question for the page below an id, and the way to its answer.
     *
     * @param left how many events are wanted in all, from this page on
     */
    private record Question(EventId from, long left, int count, Supplier<@Nullable Object> reply) {}

    /**
     * Reads.
     *
     * @param newest the newest id to answer
     * @param oldest the oldest id to answer
     * @param limit how many events to answer at most
     * @param page takes each page, newest event first, and answers whether to go on
     */
    void read(EventId newest, EventId oldest, long limit, Predicate<List<Event>> page) {
        Question question = question(newest, oldest, limit);
        while (question != null) {
            Question asked = question;
            Object reply;
            try {
                reply = asked.reply().get();
            } catch (EventLogUnavailableException lost) {
                boolean tooLarge = stream.wasSent(lost) && !(lost.getCause() instanceof QueryTimeoutException);
                if (!opensAgain || !tooLarge || !size.failed(asked.count())) {
                    throw lost;
                }
                question = question(asked.from(), oldest, asked.left());
                continue; // as the answer may have been too large for the server's buffer
            }
            question = inquiry.converted("read", () -> below(asked, reply, oldest));
            List<Event> events =
                    inquiry.converted("read", () -> StreamReplies.events(reply, oldest, asked.from(), false));
            if (!events.isEmpty() && !page.test(events)) {
                return;
            }
        }
    }

    /** The question for the page below one that has come; null if there is none. */
    private @Nullable Question below(Question asked, @Nullable Object reply, EventId oldest) {
        int came = StreamReplies.list(reply).size();
        int events = StreamReplies.isFirstClosing(reply) ? came - 1 : came;
        size.worked(events, StreamReplies.size(reply));
        return came < asked.count()
                ? null
                : question(StreamReplies.idOfLast(reply).previous(), oldest, asked.left() - events);
    }

    private @Nullable Question question(EventId from, EventId oldest, long left) {
        if (left <= 0 || oldest.isAfter(from)) {
            return null;
        }
        int count = size.next(left);
        RawCommand command = LogStream.backCommand(stream.key(), from, oldest, count);
        return new Question(
                from,
                left,
                count,
                ahead ? inquiry.askAhead(line, command) : () -> inquiry.ask(line, command, StreamReplies::list));
    }
}
