package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * What a log comes to: the answer of {@link ReadableEventLog#fold}.
 *
 * @param state the state after the last event; the seed if there was none
 * @param lastId the id that an event was given last, also if that event has been removed since: what
 *     {@link AddOptions#ifLast} expects; {@link EventId#MIN} for a log that does not exist
 * @param <S> the type of the state
 */
public record Folded<S extends @Nullable Object>(S state, EventId lastId) {}
