package dev.eventlog;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.stream.Stream;

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
     * Follows the log for subscribers that say how much they take, as {@link #publisher(Tail, Consumer)}; a gap is an error:
     * {@code onError} gets an {@link EventGapException}, which says where to go on.
     *
     * @param tail where to begin
     * @return the publisher
     */
    default Flow.Publisher<List<Event>> publisher(Tail tail) {
        return publisher(tail, gap -> {
            throw new EventGapException(gap);
        });
    }

    /**
     * Follows the log for subscribers that say how much they take, by the rules of Reactive Streams. Each subscriber has a
     * follower of its own, which begins at the tail when it subscribes: whatever is added after its {@code onSubscribe} was
     * called will be delivered. That happens on a thread of the library, so that subscribing waits for nothing.
     *
     * <p>Each batch requested is one {@code onNext} of at least one and at most {@code eventlog.follow.batch-size} events,
     * unmodifiable. As long as nothing is requested the follower looks for nothing, and holds neither thread nor event.
     * Calls of a subscriber never overlap; they come from different threads, and may block.
     *
     * <p>{@code onError} gets what would end a follower: Redis refuses, also at the start, or the consumer of gaps threw.
     * Redis being away is an error at the start, and later a pause. {@code onComplete} is called when the application shuts
     * down. To cancel closes the follower, and waits for nothing; a call that runs just then is the last.
     *
     * @param tail where to begin
     * @param onGap is told of events that are gone before the first event after them is delivered, as
     *     {@link EventBatchListener#onGap}; what it throws goes to {@code onError}
     * @return the publisher; any number may subscribe
     */
    Flow.Publisher<List<Event>> publisher(Tail tail, Consumer<Gap> onGap);

    /**
     * Follows the log for a thread that waits: a stream without end, whose terminal operation or iterator waits for each
     * next event. The start is fixed when this returns. Events are fetched as they are used, at most
     * {@code eventlog.follow.batch-size} ahead.
     *
     * <p>The stream ends when it is closed, which another thread may do, and when the application shuts down. Waiting throws
     * what would end a follower, also an exception at the start; an {@link EventGapException}, if events are gone; and a
     * {@link java.util.concurrent.CancellationException}, with the thread's interrupt status set, if it is interrupted.
     *
     * @param tail where to begin
     * @return the stream, to be closed
     */
    default Stream<Event> stream(Tail tail) {
        return BlockingEvents.stream(name(), publisher(tail), null);
    }

    /**
     * Follows the log for a thread that waits, as {@link #stream(Tail)}, but not forever.
     *
     * @param tail where to begin
     * @param timeout the stream ends when nothing has come for this long, above 0; also if Redis was away
     * @return the stream, to be closed
     * @throws IllegalArgumentException if the time-out is not above 0
     */
    default Stream<Event> stream(Tail tail, Duration timeout) {
        return BlockingEvents.stream(name(), publisher(tail), timeout);
    }

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
