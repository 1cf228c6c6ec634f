package dev.eventlog;

import java.time.Instant;

/**
 * An event of a {@link TypedEventLog}. Immutable if its value is.
 *
 * @param id the id that Redis gave it
 * @param value what was added
 * @param <T> the type of the log's events
 */
public record TypedEvent<T>(EventId id, T value) {

    /** {@return the moment at which the event was added, by the clock of Redis: that of its {@link #id()}} */
    public Instant timestamp() {
        return id.timestamp();
    }
}
