package dev.eventlog;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A page of events from {@link ReadableEventLog#page}, as they were at one moment, and the information that a reader
 * needs to continue. Immutable.
 *
 * @param <E> the events
 * @param exists whether the log existed
 * @param gap the events missing before the first event, for a reader that resumed; its {@link Gap#firstAvailable()} is
 *     {@link EventId#MAX} if no event follows yet
 * @param events the events, oldest first; unmodifiable
 * @param position the id after which the next page starts
 * @param atEnd whether the log had no further event
 * @param completion how the log was completed, even if this page is not the last; empty if it is not complete
 */
public record TailPage<E extends LoggedEvent>(
        boolean exists,
        Optional<Gap> gap,
        List<E> events,
        EventId position,
        boolean atEnd,
        Optional<Completion> completion) {

    /**
     * Creates a page with a copy of the given events.
     *
     * @param exists whether the log existed
     * @param gap the events missing before the first event
     * @param events the events, oldest first
     * @param position the id after which the next page starts
     * @param atEnd whether the log had no further event
     * @param completion how the log was completed
     */
    public TailPage {
        events = List.copyOf(events);
        Objects.requireNonNull(position, "The position of a page must not be null");
    }

    /** {@return whether this is the last page of a complete log} */
    public boolean isLast() {
        return atEnd && completion.isPresent();
    }

    /**
     * {@return the same page with other events}
     *
     * @param others the other events
     * @param <F> their type
     */
    public <F extends LoggedEvent> TailPage<F> with(List<F> others) {
        return new TailPage<>(exists, gap, others, position, atEnd, completion);
    }
}
