package dev.eventlog;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of a log, as {@link ReadableEventLog#read(EventRange)} returns it. Immutable. Its JSON contains the events and
 * {@code next}.
 *
 * @param events the events, in the order of the range; unmodifiable
 * @param next the id of the last event that was read if the range has more events; null if it has no more. The
 *     remaining events are after this id or, with the newest first, before it
 * @param <E> {@link Event} or {@link TypedEvent}
 */
public record EventPage<E extends LoggedEvent>(
        List<E> events, @Nullable EventId next) {

    /**
     * Copies the events.
     *
     * @param events the events, in the order of the range
     * @param next the id of the last event that was read, if the range has more events; null if there are no more
     */
    public EventPage {
        events = List.copyOf(events);
    }

    /** {@return whether the range had more events when this page was read: see {@link EventRange#next}} */
    public boolean hasMore() {
        return next != null;
    }
}
