package dev.eventlog;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of a log: what {@link ReadableEventLog#read(EventRange)} answers. Immutable. As JSON it has the events and
 * {@code next}.
 *
 * @param events the events, in the order of the range; unmodifiable
 * @param next the id of the last event looked at if the range has more: what comes next lies after it or, newest first, before it;
 *     null if there is no more
 * @param <E> the events: {@link Event} or {@link TypedEvent}
 */
public record EventPage<E extends LoggedEvent>(
        List<E> events, @Nullable EventId next) {

    /**
     * Copies the events.
     *
     * @param events the events, in the order of the range
     * @param next the id of the last event looked at if the range has more; null if there is no more
     */
    public EventPage {
        events = List.copyOf(events);
    }

    /** {@return whether the range had more events when this page was read: see {@link EventRange#next}} */
    public boolean hasMore() {
        return next != null;
    }
}
