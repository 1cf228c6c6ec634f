package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * The state that {@link ReadableEventLog#fold} computes from all events of a log.
 *
 * @param state the state after the last event; the seed if there was none
 * @param lastId the last id that an event got, even if that event has been removed, for use with
 *     {@link AddOptions#ifLast}; {@link EventId#MIN} for a log that does not exist
 * @param <S> the type of the state
 */
public record Folded<S extends @Nullable Object>(S state, EventId lastId) {}
