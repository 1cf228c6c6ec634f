package dev.eventlog;

import java.time.Instant;
import java.util.Optional;

/**
 * A part of a log that is read page by page: its bounds, its order, and the size of a page. Unlike a {@link Tail}, it
 * can be anywhere in the log. Immutable: each method returns a new range.
 *
 * <pre>{@code
 * EventPage<Event> newest = chat.read(EventRange.all().newestFirst().limit(20));
 * EventPage<Event> older = chat.read(EventRange.before(oldestShown).newestFirst().limit(20));
 * }</pre>
 *
 * <p>By default, a page has at most 100 events, oldest first. The order also decides from which end of the range the
 * limit counts. A controller method can have a range as a parameter. The parameters of the request are {@code after},
 * {@code before}, {@code since}, {@code until}, {@code order} ({@code oldest} or {@code newest}), and {@code limit}, at
 * most {@code eventlog.web.max-limit}. A malformed parameter gets the status 400.
 *
 * @param oldest the smallest id in the range
 * @param newest the greatest id in the range; if it is less than {@code oldest}, the range has no events
 * @param order which event comes first
 * @param limit the maximum number of events in a page, at least 1
 */
public record EventRange(EventId oldest, EventId newest, Order order, int limit) {

    /** The default limit. */
    public static final int DEFAULT_LIMIT = 100;

    /** Which event of a range comes first. */
    public enum Order {
        /** The oldest event. */
        OLDEST_FIRST,
        /** The newest event. */
        NEWEST_FIRST
    }

    /**
     * Checks the range.
     *
     * @param oldest the smallest id in the range
     * @param newest the greatest id in the range
     * @param order which event comes first
     * @param limit the maximum number of events in a page
     * @throws IllegalArgumentException if one of them is null, or the limit is below 1
     */
    public EventRange {
        if (oldest == null || newest == null || order == null) {
            throw new IllegalArgumentException("The bounds and the order of a range must not be null, but are " + oldest
                    + ", " + newest + " and " + order + "; EventRange.all() has no bounds");
        }
        if (limit < 1) {
            throw new IllegalArgumentException("The limit of a range must be 1 or more, but is " + limit);
        }
    }

    /** {@return all events that the log keeps} */
    public static EventRange all() {
        return range(EventId.MIN, EventId.MAX);
    }

    /**
     * Returns the events after an id, excluding it.
     *
     * @param id the id, which does not need to belong to an event
     * @return the range
     * @throws IllegalArgumentException if the id is null
     */
    public static EventRange after(EventId id) {
        return range(notNull("after", id).next(), EventId.MAX);
    }

    /**
     * Returns the events before an id, excluding it.
     *
     * @param id the id, which does not need to belong to an event
     * @return the range
     * @throws IllegalArgumentException if the id is null
     */
    public static EventRange before(EventId id) {
        return range(EventId.MIN, notNull("before", id).previous());
    }

    /**
     * Returns the events between two ids, excluding both.
     *
     * @param after the id before the range
     * @param before the id after the range
     * @return the range
     * @throws IllegalArgumentException if one of them is null, or if the second is not greater than the first
     */
    public static EventRange between(EventId after, EventId before) {
        if (!notNull("between", before).isAfter(notNull("between", after))) {
            throw new IllegalArgumentException("A range between " + after + " and " + before
                    + " has no events: the second id must be above the first");
        }
        return range(after.next(), before.previous());
    }

    /**
     * Returns the events that were added at a moment or later, by the clock of Redis.
     *
     * @param instant the moment
     * @return the range
     * @throws IllegalArgumentException if the moment is null
     */
    public static EventRange since(Instant instant) {
        return range(EventId.firstAt(instant), EventId.MAX);
    }

    /**
     * Returns the events that were added before a moment, by the clock of Redis.
     *
     * @param instant the moment
     * @return the range
     * @throws IllegalArgumentException if the moment is null
     */
    public static EventRange until(Instant instant) {
        return range(EventId.MIN, EventId.firstAt(instant).previous());
    }

    /**
     * Returns the events that were added at a moment or later, and before another moment, by the clock of Redis.
     *
     * @param since the start of the range, included
     * @param until the end of the range, excluded
     * @return the range
     * @throws IllegalArgumentException if one of them is null, or the second is not after the first
     */
    public static EventRange between(Instant since, Instant until) {
        EventId oldest = EventId.firstAt(since);
        EventId end = EventId.firstAt(until);
        if (!until.isAfter(since)) {
            throw new IllegalArgumentException("A range between " + since + " and " + until
                    + " has no events: the second moment must be after the first");
        }
        return range(oldest, end.previous());
    }

    private static EventRange range(EventId oldest, EventId newest) {
        return new EventRange(oldest, newest, Order.OLDEST_FIRST, DEFAULT_LIMIT);
    }

    private static EventId notNull(String method, EventId id) {
        if (id == null) {
            throw new IllegalArgumentException(
                    "EventRange." + method + ": the id must not be null; EventRange.all() is a range without bounds");
        }
        return id;
    }

    /** {@return the same events, oldest first} */
    public EventRange oldestFirst() {
        return new EventRange(oldest, newest, Order.OLDEST_FIRST, limit);
    }

    /** {@return the same events, newest first} */
    public EventRange newestFirst() {
        return new EventRange(oldest, newest, Order.NEWEST_FIRST, limit);
    }

    /**
     * Sets the maximum number of events in a page.
     *
     * @param count the number, 1 or more
     * @return the range
     * @throws IllegalArgumentException if the number is below 1
     */
    public EventRange limit(int count) {
        return new EventRange(oldest, newest, order, count);
    }

    /**
     * Returns the rest of this range after a page.
     *
     * @param page the page, which was read with this range
     * @return the range to read next; empty if the page was the last one
     */
    public Optional<EventRange> next(EventPage<?> page) {
        EventId last = page.next();
        if (last == null) {
            return Optional.empty();
        }
        return Optional.of(
                order == Order.OLDEST_FIRST
                        ? new EventRange(last.next(), newest, order, limit)
                        : new EventRange(oldest, last.previous(), order, limit));
    }
}
