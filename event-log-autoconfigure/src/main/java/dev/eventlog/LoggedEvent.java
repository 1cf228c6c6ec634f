package dev.eventlog;

import java.time.Instant;

/** An event as it is read from a log: an {@link Event}, with the fields that are stored, or a {@link TypedEvent}. */
public sealed interface LoggedEvent permits Event, TypedEvent {

    /** {@return the id that Redis gave the event} */
    EventId id();

    /** {@return the moment at which the event was added, by the clock of Redis: that of its {@link #id()}} */
    default Instant timestamp() {
        return id().timestamp();
    }
}
