package dev.eventlog;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What can be read from an {@link EventLog} and from a {@link TypedEventLog}: for code that takes either. Thread-safe.
 *
 * <p>On a typed log an event that does not fit the type is an {@link EventConversionException}.
 *
 * @param <E> the events: {@link Event} or {@link TypedEvent}
 */
public interface ReadableEventLog<E extends LoggedEvent> {

    /** {@return the log's name, without {@code eventlog.key-prefix}} */
    String name();

    /** {@return the options by which this handle adds and reads} */
    EventLogOptions options();

    /**
     * Reads the end of the log, at most the newest max-length events.
     *
     * <p>Redis: {@code XREVRANGE}, in pages of {@code eventlog.read.page-size} events; O(N) for N events. The answer is what
     * the log held when the first page was read, except for events removed while it was being read.
     *
     * @param tail where to begin
     * @return the events, oldest first; unmodifiable
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws EventConversionException if one of the events does not fit the type
     */
    List<E> read(Tail tail);

    /**
     * Follows the log: delivers what {@link #read} would answer, then every new event as it comes, each exactly once, in the
     * order of the ids. The start is fixed when this returns: whatever is added after that is delivered. If the listener
     * throws, or an event does not fit the type, the follower stops.
     *
     * <p>Events that leave by the old end of the log before the follower gets to them are a gap: the log is trimmed, expires,
     * is deleted, or is lost or replaced. {@link EventBatchListener#onGap} reports it before anything later is delivered. An
     * event that somebody deletes by itself ({@code XDEL}) before the follower gets to it is neither delivered nor reported.
     *
     * <p>Redis: {@code XREVRANGE} or a small script to find the start; then {@code XRANGE} to catch up, O(N), and one
     * blocking {@code XREAD} for all followers of the log in this application.
     *
     * @param tail where to begin
     * @param listener takes the events
     * @return the follower, to be closed; the application's shutdown closes it too
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down
     */
    default Follower follow(Tail tail, EventBatchListener<E> listener) {
        return follow(tail, listener, options -> {});
    }

    /**
     * Follows the log, as {@link #follow(Tail, EventBatchListener)}, with options: what the follower does when the listener
     * throws, whether it has a name under which it keeps its position, how many events it delivers at once. A batch with an
     * event that does not fit the type is treated as if the listener had thrown an {@link EventConversionException}; a
     * recoverer gets the batch as it is stored.
     *
     * @param tail where to begin
     * @param listener takes the events
     * @param customizer changes the follower's options
     * @return the follower, to be closed; the application's shutdown closes it too
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down
     */
    Follower follow(Tail tail, EventBatchListener<E> listener, Consumer<FollowOptions.Builder> customizer);

    /**
     * Follows the log for subscribers that say how much they take, as {@link #publisher(Tail, FollowSignals)}. A gap is an error:
     * {@code onError} gets an {@link EventGapException}, which says where to go on.
     *
     * @param tail where to begin
     * @return the publisher
     */
    default Flow.Publisher<List<E>> publisher(Tail tail) {
        return publisher(tail, new FollowSignals() {});
    }

    /**
     * Follows the log for subscribers that say how much they take, as {@link #publisher(Tail, FollowSignals)}.
     *
     * @param tail where to begin
     * @param onGap is told of a gap before the first event after it is delivered, as {@link EventBatchListener#onGap}; what
     *     it throws goes to {@code onError}
     * @return the publisher; any number may subscribe
     */
    default Flow.Publisher<List<E>> publisher(Tail tail, Consumer<Gap> onGap) {
        if (onGap == null) {
            throw new IllegalArgumentException("The consumer of gaps in log '" + name()
                    + "' must not be null: without a consumer, a gap is an error");
        }
        return publisher(tail, new FollowSignals() {
            @Override
            public void onGap(Gap gap) {
                onGap.accept(gap);
            }
        });
    }

    /**
     * Follows the log for subscribers that say how much they take, by the rules of Reactive Streams. Each subscriber has a
     * follower of its own, which begins at the tail when it subscribes: whatever is added after its {@code onSubscribe} was
     * called is delivered. {@code onSubscribe} is called on a thread of the library, so subscribing waits for nothing.
     *
     * <p>Each batch requested is one {@code onNext} of at least one and at most {@code eventlog.follow.batch-size} events,
     * unmodifiable. As long as nothing is requested the follower looks for nothing, and holds neither thread nor event.
     * Calls of a subscriber never overlap; they come from different threads, and may block.
     *
     * <p>{@code onError} gets what would end a follower: Redis refuses, also at the start, or the signals threw.
     * Redis being away is an error at the start, and later a pause. If an event does not fit the type, the events before it
     * are delivered, and {@code onError} gets an {@link EventConversionException}: {@link Tail#after} its id leaves out
     * nothing but that event. {@code onComplete} is called when the application shuts down. To cancel closes the follower,
     * and waits for nothing; a call that runs just then is the last.
     *
     * <p>Redis: nothing by itself; for each subscriber what {@link #follow(Tail, EventBatchListener)} sends.
     *
     * @param tail where to begin
     * @param signals is told all else, of each subscription; a gap before the first event after it
     * @return the publisher; any number may subscribe
     */
    Flow.Publisher<List<E>> publisher(Tail tail, FollowSignals signals);

    /**
     * Follows the log for a thread that waits: a stream without end, whose terminal operation or iterator waits for each
     * next event. The start is fixed when this returns. Events are fetched as they are used, at most
     * {@code eventlog.follow.batch-size} ahead.
     *
     * <p>The stream ends when it is closed, which another thread may do, and when the application shuts down. Waiting throws
     * what would end a follower, also an exception at the start; an {@link EventConversionException} at an event that does
     * not fit the type, after the events before it; an {@link EventGapException} at a gap; and a
     * {@link java.util.concurrent.CancellationException}, with the thread's interrupt status set, if it is interrupted.
     *
     * <p>Redis: what {@link #follow(Tail, EventBatchListener)} sends.
     *
     * @param tail where to begin
     * @return the stream, to be closed
     */
    default Stream<E> stream(Tail tail) {
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
    default Stream<E> stream(Tail tail, Duration timeout) {
        return BlockingEvents.stream(name(), publisher(tail), timeout);
    }

    /**
     * How many events Redis holds. As trimming is approximate, it can be more than max-length.
     *
     * <p>Redis: {@code XINFO STREAM} in a script, O(1).
     *
     * @return the number of events, 0 for a log that does not exist
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    long size();

    /**
     * The id that an event was given last, also if that event has been removed since.
     *
     * <p>Redis: {@code XINFO STREAM} in a script, O(1). Of a log that another program completed, or whose closing entry somebody
     * deleted: the id of the newest event it holds, by {@code XREVRANGE}.
     *
     * @return the id, or nothing for a log that does not exist, or that was completed before it had an event
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    Optional<EventId> lastId();

    /**
     * Whether the log exists: whether it was ever added to, and neither deleted nor expired since.
     *
     * <p>Redis: {@code EXISTS}, O(1).
     *
     * @return whether it exists
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    boolean exists();

    /**
     * Whether the log is complete: whether it was ended, and neither deleted nor expired since. No event is added to it any more,
     * by anybody. Once true for a follower it can be false again only where Redis lost the completion or the log was deleted.
     *
     * <p>Redis: {@code XINFO STREAM} in a script, O(1).
     *
     * @return whether it is complete; false for a log that does not exist
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    default boolean isComplete() {
        return completion().isPresent();
    }

    /**
     * How the log ended.
     *
     * <p>Redis: {@code XINFO STREAM} in a script, O(1).
     *
     * @return how it ended, {@link Completion.Kind#UNKNOWN} among others; nothing for a log that is not complete
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    Optional<Completion> completion();
}
