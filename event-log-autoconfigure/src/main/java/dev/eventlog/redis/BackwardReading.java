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
 * Reads one log backwards, page by page, once. It can request the next page before it converts the current one, so that the
 * server, the driver and the caller work in parallel. It requests at most one page ahead, so that at most two are in memory. Not
 * thread-safe.
 */
final class BackwardReading {

    private final LogStream stream;
    private final Inquiry inquiry;
    private final Line line;
    private final boolean opensAgain;
    private final boolean ahead;
    private final AnswerSize size;
    private @Nullable EventId first;

    /**
     * Creates a reading that has not begun.
     *
     * @param opensAgain whether the line reopens after it is lost
     * @param ahead whether to request ahead; not useful if one page is probably enough
     * @param pageSize the maximum number of events in a page
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
     * A question for the page before an id, and the access to its answer.
     *
     * @param left the number of events still wanted, including this page
     */
    private record Question(EventId from, long left, int count, Supplier<@Nullable Object> reply) {}

    /**
     * Reads.
     *
     * @param newest the newest id
     * @param oldest the oldest id
     * @param limit the maximum number of events
     * @param page gets each page, newest event first, and returns whether to continue
     */
    void read(EventId newest, EventId oldest, long limit, Predicate<List<Event>> page) {
        if (!newest.equals(EventId.MAX) && !isAnyBetween(oldest, newest)) {
            return;
        }
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
                continue; // because the answer may have been too large for the server's buffer
            }
            question = inquiry.converted("read", () -> below(asked, reply, oldest));
            List<Event> events =
                    inquiry.converted("read", () -> StreamReplies.events(reply, oldest, asked.from(), false));
            if (!events.isEmpty() && !page.test(events)) {
                return;
            }
        }
    }

    /** Returns the question for the page before the given one; null if there is none. */
    private @Nullable Question below(Question asked, @Nullable Object reply, EventId oldest) {
        int came = StreamReplies.list(reply).size();
        int events = StreamReplies.isFirstClosing(reply) ? came - 1 : came;
        size.worked(events, StreamReplies.size(reply));
        long left = asked.left() - events;
        if (came < asked.count() || left <= 0) {
            return null;
        }
        EventId from = StreamReplies.idOfLast(reply).previous();
        boolean small = first == null && came <= AnswerSize.FIRST; // then the stream has no more if none comes before
        return small || isAnyBetween(oldest, from) ? question(from, oldest, left) : null;
    }

    /**
     * Returns whether the first event is in a range. Redis looks through the whole stream backwards for an event before the first
     * one. Asks once, because the first event changes only if the log is trimmed or deleted meanwhile.
     */
    private boolean isAnyBetween(EventId oldest, EventId newest) {
        EventId known = first;
        if (known == null) {
            List<?> reply = inquiry.ask(line, stream.rangeCommand(oldest, EventId.MAX, 1), StreamReplies::list);
            known = reply.isEmpty() ? EventId.MAX : StreamReplies.idOfLast(reply);
            first = known;
        }
        return !known.isAfter(newest);
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
