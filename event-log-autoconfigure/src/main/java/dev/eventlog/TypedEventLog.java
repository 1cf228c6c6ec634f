package dev.eventlog;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * An {@link EventLog} whose events are written and read as a type, through the application's {@code JsonMapper}. Stored the
 * same way, a field for each property (a null property is left out), so that an untyped log of the same name and other
 * services can read and write it. What was written as a type comes back equal as that type.
 *
 * <p>Thread-safe; throws what {@link EventLog} throws, and an {@link EventConversionException} where a stored event does not
 * fit the type.
 *
 * @param <T> the type: a class, record or sealed interface
 */
public interface TypedEventLog<T> {

    /** {@return the log's name, without {@code eventlog.key-prefix}} */
    String name();

    /** {@return the same log with events as they are stored} */
    EventLog untyped();

    /**
     * Appends an event, as {@link EventLog#add(Map)}.
     *
     * @param event what to append: it must have at least one property that is not null
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     */
    default EventId add(T event) {
        return add(event, AddOptions.none());
    }

    /**
     * Appends an event on terms, as {@link EventLog#add(Map, AddOptions)}.
     *
     * @param event what to append: it must have at least one property that is not null
     * @param options the terms
     * @return its id; that of the first time, if it has been added before under the same idempotency key
     * @throws IllegalArgumentException if the event cannot be stored, or the log cannot have idempotent adds; nothing was
     *     sent
     * @throws UnexpectedLastIdException if the log's last id is another; nothing was added
     */
    EventId add(T event, AddOptions options);

    /**
     * Appends events, all of them or none, as {@link EventLog#addAll(List)}.
     *
     * @param events the events, in the order to append; none is allowed and does nothing
     * @return their ids, in that order
     * @throws IllegalArgumentException if one of the events cannot be stored; the message says which; nothing was sent
     */
    default List<EventId> addAll(List<? extends T> events) {
        return addAll(events, AddOptions.none());
    }

    /**
     * Appends events on terms, all of them or none, as {@link EventLog#addAll(List, AddOptions)}.
     *
     * @param events the events, in the order to append; none is allowed and does nothing, whatever the terms
     * @param options the terms
     * @return their ids, in that order; those of the first time, if they have been added before under the same idempotency
     *     key
     * @throws IllegalArgumentException if one of the events cannot be stored; the message says which; or if the log cannot
     *     have idempotent adds; nothing was sent
     * @throws UnexpectedLastIdException if the log's last id is another; nothing was added
     * @throws EventLogException if another number of events was added under the same idempotency key; nothing was added
     */
    List<EventId> addAll(List<? extends T> events, AddOptions options);

    /**
     * Reads the end of the log, as {@link EventLog#read}.
     *
     * @param tail where to begin
     * @return the events, oldest first; unmodifiable
     * @throws EventConversionException if one of them does not fit the type
     */
    List<TypedEvent<T>> read(Tail tail);

    /**
     * Follows the log, as {@link EventLog#follow(Tail, EventBatchListener)}. An event that does not fit the type ends the follower with an
     * {@link EventConversionException}, as if the listener had thrown it.
     *
     * @param tail where to begin
     * @param listener takes the events
     * @return the follower, to be closed
     * @throws IllegalStateException if the application is shutting down
     */
    default Follower follow(Tail tail, EventBatchListener<TypedEvent<T>> listener) {
        return follow(tail, listener, options -> {});
    }

    /**
     * Follows the log, as {@link EventLog#follow(Tail, EventBatchListener, Consumer)}. A batch with an event that does not
     * fit the type is treated as if the listener had thrown an {@link EventConversionException}; a recoverer gets it as it is
     * stored.
     *
     * @param tail where to begin
     * @param listener takes the events
     * @param customizer changes the options by which a follower stops
     * @return the follower, to be closed
     * @throws IllegalStateException if the application is shutting down
     */
    Follower follow(Tail tail, EventBatchListener<TypedEvent<T>> listener, Consumer<FollowOptions.Builder> customizer);

    /**
     * Follows the log for subscribers that say how much they take, as {@link EventLog#publisher(Tail)}.
     *
     * @param tail where to begin
     * @return the publisher
     */
    default Flow.Publisher<List<TypedEvent<T>>> publisher(Tail tail) {
        return publisher(tail, gap -> {
            throw new EventGapException(gap);
        });
    }

    /**
     * Follows the log for subscribers that say how much they take, as {@link EventLog#publisher(Tail, Consumer)}. If an event
     * does not fit the type, those before it are delivered, and {@code onError} gets an {@link EventConversionException}:
     * {@link Tail#after} its id leaves out nothing but that event.
     *
     * @param tail where to begin
     * @param onGap is told of events that are gone, before the first event after them is delivered; what it throws goes to
     *     {@code onError}
     * @return the publisher; any number may subscribe
     */
    Flow.Publisher<List<TypedEvent<T>>> publisher(Tail tail, Consumer<Gap> onGap);

    /**
     * Follows the log for a thread that waits, as {@link EventLog#stream(Tail)}; it throws an
     * {@link EventConversionException} at an event that does not fit the type, after those before it.
     *
     * @param tail where to begin
     * @return the stream, to be closed
     */
    default Stream<TypedEvent<T>> stream(Tail tail) {
        return BlockingEvents.stream(name(), publisher(tail), null);
    }

    /**
     * Follows the log for a thread that waits, as {@link EventLog#stream(Tail, Duration)}.
     *
     * @param tail where to begin
     * @param timeout the stream ends when nothing has come for this long, above 0; also if Redis was away
     * @return the stream, to be closed
     * @throws IllegalArgumentException if the time-out is not above 0
     */
    default Stream<TypedEvent<T>> stream(Tail tail, Duration timeout) {
        return BlockingEvents.stream(name(), publisher(tail), timeout);
    }

    /** {@return how many events Redis holds, as {@link EventLog#size}} */
    default long size() {
        return untyped().size();
    }

    /** {@return the id given last, as {@link EventLog#lastId}} */
    default Optional<EventId> lastId() {
        return untyped().lastId();
    }

    /** {@return whether the log exists, as {@link EventLog#exists}} */
    default boolean exists() {
        return untyped().exists();
    }

    /**
     * Deletes the log, as {@link EventLog#delete}.
     *
     * @return whether it existed
     */
    default boolean delete() {
        return untyped().delete();
    }
}
