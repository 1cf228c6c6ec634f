package dev.eventlog;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An append-only log of events, kept in one Redis stream. A cheap handle: thread-safe, nothing to close, as many of one log
 * as you like, in any number of processes.
 *
 * <p>An event is a map of field to value. Text is stored as it is, numbers and booleans as their plain text, anything nested
 * (maps, collections, arrays, other objects) as JSON.
 *
 * <p>Every method that asks Redis throws an {@link EventLogUnavailableException} if Redis cannot be reached or cannot answer
 * now, and an {@link EventLogException} if it refuses.
 */
public interface EventLog {

    /** {@return the log's name, without {@code eventlog.key-prefix}} */
    String name();

    /** {@return the options by which this handle adds and reads} */
    EventLogOptions options();

    /**
     * Appends an event.
     *
     * <p>Redis: {@code XADD}, with {@code MAXLEN ~} where there is a max-length; with a ttl one script of {@code XADD} and
     * {@code PEXPIRE}. One round trip, O(1) but for what is trimmed.
     *
     * @param event its fields: at least one and at most 3,900, no null among the names or values
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
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
     * @throws EventLogException if another number of events was added under the same idempotency key; nothing was added
     */
    List<EventId> addAll(List<? extends Map<String, ?>> events, AddOptions options);

    /**
     * Reads the end of the log, at most the newest max-length events.
     *
     * <p>Redis: {@code XREVRANGE}, in pages of {@code eventlog.read.page-size} events; O(N) for N events. The answer is what
     * the log held when the first page was read, but for events removed while it was being read, all of them its oldest.
     *
     * @param tail where to begin
     * @return the events, oldest first; unmodifiable
     */
    List<Event> read(Tail tail);

    /**
     * Follows the log: delivers what {@link #read} would answer, then every new event as it comes, each exactly once, in
     * order. The start is fixed when this returns: whatever is added after that will be delivered. If the listener throws, the
     * follower stops.
     *
     * <p>Redis: {@code XREVRANGE} or a small script to find the start; then {@code XRANGE} to catch up, O(N), and one
     * blocking {@code XREAD} for all followers of the log in this application.
     *
     * @param tail where to begin
     * @param listener takes the events
     * @return the follower, to be closed; the application's shutdown closes it too
     * @throws IllegalStateException if the application is shutting down
     */
    default Follower follow(Tail tail, EventBatchListener<Event> listener) {
        return follow(tail, listener, options -> {});
    }

    /**
     * Follows the log, as {@link #follow(Tail, EventBatchListener)}, and says what to do when the listener throws: to call it
     * again, to go on without it, or both.
     *
     * @param tail where to begin
     * @param listener takes the events
     * @param customizer changes the options by which a follower stops
     * @return the follower, to be closed; the application's shutdown closes it too
     * @throws IllegalStateException if the application is shutting down
     */
    Follower follow(Tail tail, EventBatchListener<Event> listener, Consumer<FollowOptions.Builder> customizer);

    /**
     * How many events Redis holds. As trimming is approximate these may be more than max-length.
     *
     * <p>Redis: {@code XLEN}, O(1).
     *
     * @return the number of events, 0 for a log that does not exist
     */
    long size();

    /**
     * The id given last, also if its event has been removed since.
     *
     * <p>Redis: {@code XINFO STREAM} in a script, O(1).
     *
     * @return the id, or nothing for a log that does not exist
     */
    Optional<EventId> lastId();

    /**
     * Whether the log exists: whether it was ever added to, and neither deleted nor expired since.
     *
     * <p>Redis: {@code EXISTS}, O(1).
     *
     * @return whether it exists
     */
    boolean exists();

    /**
     * Deletes the log with all its events. Followers go on: if it begins again they get its new events, and are told by
     * {@link EventBatchListener#onGap}. What is remembered of idempotent adds stays until it expires, and counts for nothing:
     * their events are gone, so the next add under such a key is a new one.
     *
     * <p>Redis: {@code DEL}, O(N).
     *
     * @return whether it existed
     */
    boolean delete();
}
