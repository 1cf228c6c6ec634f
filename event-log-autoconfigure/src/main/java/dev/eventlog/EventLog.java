package dev.eventlog;

import java.util.List;
import java.util.Map;

/**
 * An append-only log of events, kept in one Redis stream. A cheap handle: thread-safe, nothing to close, as many of one log
 * as you like, in any number of processes.
 *
 * <p>An event is a map of field to value. Text is stored as it is, numbers and booleans as their plain text, anything nested
 * (maps, collections, arrays, other objects) as JSON.
 *
 * <p>Every method that asks Redis throws an {@link EventLogUnavailableException} if Redis cannot be reached or cannot answer
 * now, and an {@link EventLogException} if it refuses. Nothing was added then. An add that got no answer throws an
 * {@link AddOutcomeUnknownException}: the events may have been added.
 */
public interface EventLog extends ReadableEventLog<Event> {

    /**
     * Appends an event.
     *
     * <p>Redis: {@code XADD}, with {@code MAXLEN ~} where there is a max-length; with a ttl one script of {@code XADD} and
     * {@code PEXPIRE}. One round trip, O(1) but for what is trimmed.
     *
     * @param event its fields: at least one and at most 3,900, no null among the names or values
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     * @throws AddOutcomeUnknownException if Redis did not answer: the event may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    default EventId add(Map<String, ?> event) {
        return add(event, AddOptions.none());
    }

    /**
     * Appends an event on terms: once, however often this is called, or only if the log's last id is still the one that was
     * read.
     *
     * <p>Redis: one script, in one round trip, O(1) but for what is trimmed: what {@link #add(Map)} sends, and what
     * {@link AddOptions} says.
     *
     * @param event its fields: at least one and at most 3,900, no null among the names or values
     * @param options the terms
     * @return its id; that of the first time, if it has been added before under the same idempotency key
     * @throws IllegalArgumentException if the event cannot be stored, or if the log cannot have idempotent adds because its
     *     key has a brace but no hash tag; nothing was sent
     * @throws UnexpectedLastIdException if the log's last id is another; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: the event may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    EventId add(Map<String, ?> event, AddOptions options);

    /**
     * Appends events, all of them or none, with nothing between them.
     *
     * <p>Redis: one script of {@code XADD} for each and {@code PEXPIRE} for all, in one round trip, O(N). Redis does nothing
     * else meanwhile, so add thousands in one call, not millions.
     *
     * @param events the events, in the order to append; none is allowed and does nothing
     * @return their ids, in that order
     * @throws IllegalArgumentException if one of the events cannot be stored; the message says which; nothing was sent
     * @throws AddOutcomeUnknownException if Redis did not answer: all of the events may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    default List<EventId> addAll(List<? extends Map<String, ?>> events) {
        return addAll(events, AddOptions.none());
    }

    /**
     * Appends events on terms, all of them or none, with nothing between them.
     *
     * <p>Redis: one script, in one round trip, O(N): what {@link #addAll(List)} sends, and what {@link AddOptions} says.
     *
     * @param events the events, in the order to append; none is allowed and does nothing, whatever the terms
     * @param options the terms
     * @return their ids, in that order; those of the first time, if they have been added before under the same idempotency
     *     key
     * @throws IllegalArgumentException if one of the events cannot be stored; the message says which; or if the log cannot
     *     have idempotent adds because its key has a brace but no hash tag; nothing was sent
     * @throws UnexpectedLastIdException if the log's last id is another; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: all of the events may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses, or if another number of events was added under the same idempotency key;
     *     nothing was added
     */
    List<EventId> addAll(List<? extends Map<String, ?>> events, AddOptions options);

    /**
     * Deletes the log with all its events. Followers go on: if it begins again they get its new events, and are told by
     * {@link EventBatchListener#onGap}. What is remembered of idempotent adds stays until it expires, and counts for nothing:
     * their events are gone, so the next add under such a key is a new one.
     *
     * <p>Redis: {@code UNLINK}, O(1); the server frees the memory in the background.
     *
     * @return whether it existed
     * @throws EventLogUnavailableException if Redis cannot be reached or did not answer
     * @throws EventLogException if Redis refuses; nothing was deleted
     */
    boolean delete();
}
