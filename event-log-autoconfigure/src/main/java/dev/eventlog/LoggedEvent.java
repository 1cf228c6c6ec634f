package dev.eventlog;

import java.time.Instant;

/** An event that was read from a log: an {@link Event} with the stored fields, or a {@link TypedEvent} with a value. */
public sealed interface LoggedEvent permits Event, TypedEvent {

    /** {@return the id, which Redis generated} */
    EventId id();

    /** {@return the time of the add by the clock of Redis, taken from the {@link #id()}} */
    default Instant timestamp() {
        return id().timestamp();
    }
}
