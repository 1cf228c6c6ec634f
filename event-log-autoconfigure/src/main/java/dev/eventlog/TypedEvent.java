package dev.eventlog;

/**
 * An event of a {@link TypedEventLog}. Immutable if its value is.
 *
 * @param id the id, which Redis generated
 * @param value the value that was added
 * @param <T> the type of the log's events
 */
public record TypedEvent<T>(EventId id, T value) implements LoggedEvent {}
