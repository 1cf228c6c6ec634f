package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventPage;
import dev.eventlog.EventRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads parts of one log within the options of its handle: the newest max-length events at most, and none older than max-age.
 * Requests at most one page at a time. Thread-safe.
 */
public final class RangeReading {

    private static final int MOST_AT_ONCE = 1_000;

    private final LogStream stream;
    private final Inquiry inquiry;
    private final Line line;
    private final int pageSize;

    RangeReading(LogStream stream, Inquiry inquiry, Line line, int pageSize) {
        this.stream = stream;
        this.inquiry = inquiry;
        this.line = line;
        this.pageSize = pageSize;
    }

    /**
     * {@return the newest events, oldest first}
     *
     * @param after the id before the earliest event
     * @param limit the maximum number of events, within the max-length
     */
    public List<Event> tail(EventId after, long limit) {
        EventId begin = stream.options().hasMaxAge() ? begin(after, Long.MAX_VALUE) : after;
        List<Event> events = backwards(EventId.MAX, begin, limit);
        Collections.reverse(events);
        return Collections.unmodifiableList(events);
    }

    /**
     * {@return a page of a range}
     *
     * @param range the range
     */
    public EventPage<Event> page(EventRange range) {
        EventLogOptions options = stream.options();
        EventId after = range.oldest().previous();
        if (options.hasMaxLength() || options.hasMaxAge()) {
            after = begin(after, options.hasMaxLength() ? options.maxLength() : Long.MAX_VALUE);
        }
        return range.order() == EventRange.Order.NEWEST_FIRST
                ? page(backwards(range.newest(), after, range.limit() + 1L), range.limit(), false)
                : forwards(after, range.newest(), range.limit());
    }

    /** {@return the id before the first event of the log according to its options, but not before the given id} */
    private EventId begin(EventId earliest, long maxLength) {
        long maxAge = stream.options().maxAge().toMillis();
        return new BeginningQuestion(stream, earliest, maxLength, maxAge, null, 0)
                .ask()
                .after();
    }

    /**
     * Requests each page before it converts the newer one. Reads backwards because trimming removes events from the other end:
     * whatever is trimmed in the meantime, the result has no gap.
     */
    private List<Event> backwards(EventId newest, EventId after, long limit) {
        List<Event> events = new ArrayList<>();
        boolean ahead = limit > AnswerSize.FIRST;
        new BackwardReading(stream, inquiry, line, true, ahead, pageSize)
                .read(newest, after.next(), limit, page -> events.addAll(page));
        return events;
    }

    /**
     * Each answer must contain the last event of the previous answer: while it exists, no event after it has been trimmed.
     * Otherwise the page ends there.
     */
    private EventPage<Event> forwards(EventId after, EventId newest, int limit) {
        List<Event> events = new ArrayList<>();
        Event last = null;
        while (events.size() <= limit) {
            int count = (int) Math.min(limit + 1L - events.size(), Math.min(pageSize, MOST_AT_ONCE));
            EventId from = last == null ? after : last.id();
            if (from.compareTo(newest) >= 0) {
                break;
            }
            Answer answer = stream.look(from, newest, count, EventId.MIN).answer();
            if (last != null && !EventMark.of(last).equals(answer.at())) {
                return page(events, limit, true);
            }
            List<Event> more = answer.events();
            if (more.isEmpty()) {
                break;
            }
            events.addAll(more);
            last = more.get(more.size() - 1);
            if (answer.state().isLast(last.id())) {
                break;
            }
        }
        return page(events, limit, false);
    }

    private static EventPage<Event> page(List<Event> events, int limit, boolean endsEarly) {
        List<Event> shown = events.size() > limit ? events.subList(0, limit) : events;
        boolean hasMore = events.size() > limit || (endsEarly && !events.isEmpty());
        @Nullable EventId next = hasMore ? shown.get(shown.size() - 1).id() : null;
        return new EventPage<>(shown, next);
    }
}
