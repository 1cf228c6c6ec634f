package dev.eventlog;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * A part of a log as {@link ReadableEventLog#page} found it at one moment, and all that a reader needs to go on. Immutable.
 *
 * @param <E> the events
 * @param exists whether the log existed
 * @param gap what is missing before the first event, for a reader that resumed; its {@link Gap#firstAvailable()} is
 *     {@link EventId#MAX} where no event comes after it yet
 * @param events the events, oldest first; unmodifiable
 * @param position the id after which to go on: nothing is left out, and nothing is told twice
 * @param atEnd whether the log held no further event
 * @param completion how the log ended, wherever in it this page is; nothing if it has not ended
 */
public record TailPage<E extends LoggedEvent>(
        boolean exists,
        Optional<Gap> gap,
        List<E> events,
        EventId position,
        boolean atEnd,
        Optional<Completion> completion) {

    /**
     * A page with a copy of the given events.
     *
     * @param exists whether the log existed
     * @param gap what is missing before the first event
     * @param events the events, oldest first
     * @param position the id after which to go on
     * @param atEnd whether the log held no further event
     * @param completion how the log ended
     */
    public TailPage {
        events = List.copyOf(events);
        Objects.requireNonNull(position, "The position of a page must not be null");
    }

    /** {@return whether nothing comes after this page, ever: it is the end of a complete log} */
    public boolean isLast() {
        return atEnd && completion.isPresent();
    }

    /**
     * {@return the same page with other events}
     *
     * @param conversion makes an event of another
     * @param <F> the other events
     */
    public <F extends LoggedEvent> TailPage<F> map(Function<? super E, ? extends F> conversion) {
        List<F> others = events.stream().<F>map(conversion).toList();
        return new TailPage<>(exists, gap, others, position, atEnd, completion);
    }
}
