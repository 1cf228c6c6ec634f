package dev.eventlog;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The reading side that {@link EventLog} and {@link TypedEventLog} have in common, for code that accepts either.
 * Thread-safe.
 *
 * <p>On a typed log, an event that does not fit the type causes an {@link EventConversionException}. If the options of
 * the log say so, the event is left out instead, and the reader continues after it: see {@link UnreadableEvents}. A
 * page can then have fewer events than its limit, or none, although there are more.
 *
 * @param <E> {@link Event} or {@link TypedEvent}
 */
public interface ReadableEventLog<E extends LoggedEvent> {

    /** {@return the log's name, without {@code eventlog.key-prefix}} */
    String name();

    /** {@return the options of this handle, which apply to its adds and reads} */
    EventLogOptions options();

    /**
     * Reads the end of the log, at most the newest max-length events, and none older than max-age.
     *
     * <p>Redis: {@code XREVRANGE}, in pages of {@code eventlog.read.page-size} events, O(N) for N events. The result is
     * the content of the log when the first page was read, without events that were removed during the call.
     *
     * @param tail where to start
     * @return the events, oldest first; unmodifiable
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws EventConversionException if one of the events does not fit the type
     */
    List<E> read(Tail tail);

    /**
     * Reads a page of a range of the log, within the newest max-length events, and none older than max-age.
     *
     * <p>Redis: {@code XREVRANGE} for newest first, or a script with {@code XRANGE} for oldest first. O(N) for N
     * events, at most {@code eventlog.read.page-size} per command. With a max-length or max-age, one script finds the
     * start of the log first. A page has no holes: if events of the range are removed during the call, the page ends
     * before them.
     *
     * @param range the events to read
     * @return the events, and whether there are more
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws EventConversionException if one of the events does not fit the type
     */
    EventPage<E> read(EventRange range);

    /**
     * Computes a state from all events that Redis holds, oldest first: for example, the balance of an account or the
     * current state of an order. The max-length and max-age of this handle do not limit it, so a log that its writer
     * does not trim is always folded completely.
     *
     * <p>A state from only a part of the log would be wrong, so this method throws an {@link EventGapException} if the
     * beginning of the log is gone, or is removed during the call. On Redis 7 and later, this is exact unless several
     * events were deleted by their ids ({@code XDEL}), or the stream has consumer groups: then the beginning may be
     * gone, and counts as gone. Redis 6.2 does not count added events. There, the beginning counts as gone if the log
     * holds at least as many events as the max-length of this handle, or if it had events and holds none.
     *
     * <p>Redis: one script with {@code XINFO STREAM} and {@code XRANGE} for each page of at most a thousand events or
     * about a megabyte, O(N) for N events.
     *
     * @param seed the state before the first event
     * @param fold computes the next state from a state and an event; its exceptions go to the caller
     * @param <S> the type of the state
     * @return the state, and the last id of the log
     * @throws EventGapException if the beginning of the log is or may be gone
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws EventConversionException if one of the events does not fit the type
     */
    <S extends @Nullable Object> Folded<S> fold(S seed, BiFunction<? super S, ? super E, ? extends S> fold);

    /**
     * Reads the first events of a tail. Use it in code that passes a log on part by part and keeps no state in between,
     * such as an HTTP endpoint. {@link Tail#after} the {@link TailPage#position()} of a page reads the next page. Its
     * {@link TailPage#gap()} is the gap that a follower would report if it resumed there.
     *
     * <p>Redis: one script with {@code XINFO STREAM}, {@code XRANGE}, and {@code XREVRANGE} of three events, in one
     * round trip, O(N) for N events. {@link Tail#last}, and {@link Tail#all} of a log that holds more than its
     * max-length, can take more round trips, one for each thousand events. {@link Tail#after} also reads events beyond
     * the max-length.
     *
     * @param tail where to start
     * @param limit the maximum number of events, 0 for none; fewer events are returned if they are large
     * @return the page
     * @throws IllegalArgumentException if the limit is negative
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws EventConversionException if one of the events does not fit the type
     */
    TailPage<E> page(Tail tail, int limit);

    /**
     * Follows the log: delivers the events that {@link #read} would return, and then every new event as it arrives,
     * each exactly once, in the order of the ids. The start is fixed when this method returns: every event that is
     * added later is delivered. If the listener throws, or an event does not fit the type, the follower stops.
     *
     * <p>Events that leave the old end of the log before the follower reads them are a gap: the log is trimmed,
     * expires, is deleted, or is lost or replaced. {@link EventBatchListener#onGap} reports the gap before any later
     * event is delivered. An event that somebody deletes by its id ({@code XDEL}) before the follower reads it is
     * neither delivered nor reported.
     *
     * <p>Redis: {@code XREVRANGE} or a small script to find the start, {@code XRANGE} to catch up, O(N), and then one
     * reader for all followers of the log in this application: a blocking {@code XREAD}, or {@code CLIENT TRACKING} on
     * a shared connection.
     *
     * @param tail where to start
     * @param listener receives the events
     * @return the follower, which the caller closes; the shutdown of the application closes it too
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down
     */
    default Follower follow(Tail tail, EventBatchListener<E> listener) {
        return follow(tail, listener, options -> {});
    }

    /**
     * Follows the log, as {@link #follow(Tail, EventBatchListener)}, with options. The options set what happens when
     * the listener throws, whether the follower has a name and stores its position, and how many events it delivers at
     * once. A batch with an event that does not fit the type is treated as if the listener had thrown an
     * {@link EventConversionException}. A recoverer gets the events as they are stored.
     *
     * @param tail where to start
     * @param listener receives the events
     * @param customizer changes the follower's options
     * @return the follower, which the caller closes; the shutdown of the application closes it too
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down, or if there are no locks and a follower of this
     *     name already runs here
     */
    Follower follow(Tail tail, EventBatchListener<E> listener, Consumer<FollowOptions.Builder> customizer);

    /**
     * Follows the log as a publisher, as {@link #publisher(Tail, FollowSignals)}. A gap is an error: {@code onError}
     * gets an {@link EventGapException}, which says where to continue.
     *
     * @param tail where to start
     * @return the publisher
     */
    default Flow.Publisher<List<E>> publisher(Tail tail) {
        return publisher(tail, new FollowSignals() {});
    }

    /**
     * Follows the log as a publisher, as {@link #publisher(Tail, FollowSignals)}, and passes gaps to a consumer.
     *
     * @param tail where to start
     * @param onGap receives each gap before the first event after it is delivered, as {@link EventBatchListener#onGap};
     *     an exception that it throws goes to {@code onError}
     * @return the publisher; any number may subscribe
     * @throws IllegalArgumentException if the consumer is null
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
     * Follows the log as a publisher of Reactive Streams, whose subscribers control how much they take. Each subscriber
     * has its own follower, which starts at the tail when the subscriber subscribes: every event that is added after
     * the call of {@code onSubscribe} is delivered. The library calls {@code onSubscribe} on one of its threads, so
     * subscribing does not block.
     *
     * <p>Each requested batch is one {@code onNext} with an unmodifiable list of at least one and at most
     * {@code eventlog.follow.batch-size} events. While nothing is requested, the follower reads nothing and holds no
     * thread and no event. Calls to one subscriber never overlap. They come from different threads, and may block.
     *
     * <p>{@code onError} gets every failure that would end a follower: Redis refuses, or a signal threw. If Redis
     * cannot be reached, this is an error at the start and a pause later. If an event does not fit the type, the events
     * before it are delivered, and {@code onError} gets an {@link EventConversionException}: {@link Tail#after} with
     * its id continues after that event. {@code onComplete} is called when the log is complete and when the application
     * shuts down. Cancelling closes the follower without waiting. A call that is running at that moment is the last
     * one.
     *
     * <p>Redis: nothing until somebody subscribes, then for each subscriber the commands of {@link #follow(Tail,
     * EventBatchListener)}.
     *
     * @param tail where to start
     * @param signals receives all signals except the events, for each subscription; a gap comes before the first event
     *     after it
     * @return the publisher; any number may subscribe
     */
    Flow.Publisher<List<E>> publisher(Tail tail, FollowSignals signals);

    /**
     * Follows the log as a blocking stream, whose terminal operation or iterator waits for each next event.
     * The start is fixed when this method returns. Events are fetched as they are used, at most
     * {@code eventlog.follow.batch-size} ahead.
     *
     * <p>The stream ends when somebody closes it (another thread may do so), when the log is complete, and when the
     * application shuts down. Waiting throws every failure that would end a follower: an
     * {@link EventConversionException} at an event that does not fit the type, after the events before it; an
     * {@link EventGapException} at a gap; an {@link EventLogFailedException} at the end of a log that failed; and a
     * {@link java.util.concurrent.CancellationException}, with the thread's interrupt status set, if the thread is
     * interrupted.
     *
     * <p>Redis: the commands of {@link #follow(Tail, EventBatchListener)}.
     *
     * @param tail where to start
     * @return the stream, which the caller closes
     */
    default Stream<E> stream(Tail tail) {
        return BlockingEvents.stream(name(), publisher(tail), null);
    }

    /**
     * Follows the log as a blocking stream with a time-out, as {@link #stream(Tail)}.
     *
     * @param tail where to start
     * @param timeout the stream ends when no event has arrived for this time, even if Redis could not be reached; must
     *     be positive
     * @return the stream, which the caller closes
     * @throws IllegalArgumentException if the time-out is not positive
     */
    default Stream<E> stream(Tail tail, Duration timeout) {
        return BlockingEvents.stream(name(), publisher(tail), timeout);
    }

    /**
     * Returns the number of events that Redis holds. It can be more than max-length, because trimming is approximate.
     *
     * <p>Redis: {@code XINFO STREAM} in a script, O(1).
     *
     * @return the number of events, 0 for a log that does not exist
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    long size();

    /**
     * Returns the last id that an event got, even if that event has been removed in the meantime.
     *
     * <p>Redis: {@code XINFO STREAM} in a script, O(1). If another program completed the log, or somebody deleted its
     * closing entry, {@code XREVRANGE} finds the id of the newest event that it holds.
     *
     * @return the id; {@link EventId#MIN} if the log was created but never had an event; empty if the log does not exist,
     *     or if it was completed before it had an event
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    Optional<EventId> lastId();

    /**
     * Returns whether the log exists: somebody added to it or {@linkplain EventLog#createIfAbsent() created} it, and it
     * has neither been deleted nor expired.
     *
     * <p>Redis: {@code EXISTS}, O(1).
     *
     * @return whether it exists
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    boolean exists();

    /**
     * Returns whether the log is complete: somebody completed it, and it has neither been deleted nor expired. Nobody
     * can add an event to a complete log. A complete log can become incomplete only if Redis loses the completion, or
     * if the log is deleted.
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
     * Returns how the log was completed.
     *
     * <p>Redis: {@code XINFO STREAM} in a script, O(1).
     *
     * @return the completion, which can be of the kind {@link Completion.Kind#UNKNOWN}; empty if the log is not
     *     complete
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     */
    Optional<Completion> completion();
}
