package dev.eventlog;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;

/**
 * An {@link EventLog} whose events are written and read as values of a type, with the application's {@code JsonMapper}.
 * Each property is stored as one field (a null property is not stored), so an untyped log of the same name and other
 * services can read and write the same events. The value that is read is equal to the value that was written.
 *
 * <p>Thread-safe. Methods throw the same exceptions as those of {@link EventLog}, and an
 * {@link EventConversionException} if a stored event does not fit the type, unless the option
 * {@link EventLogOptions.Builder#unreadableEvents(UnreadableEvents)} is to skip such events or to hand them over.
 *
 * @param <T> the type: a class, record, or sealed interface
 */
public interface TypedEventLog<T> extends ReadableEventLog<TypedEvent<T>> {

    /** {@return the same log, with its events as they are stored} */
    EventLog untyped();

    /**
     * Appends an event, as {@link EventLog#add(Map)}.
     *
     * @param event what to append: it must have at least one property that is not null
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     * @throws EventLogException if the event was not added, or if the outcome is unknown, as {@link EventLog#add(Map)}
     */
    default EventId add(T event) {
        return add(event, AddOptions.none());
    }

    /**
     * Appends an event with options, as {@link EventLog#add(Map, AddOptions)}.
     *
     * @param event what to append: it must have at least one property that is not null
     * @param options when to add
     * @return its id; the id of the first add if an event was already added with the same idempotency key
     * @throws IllegalArgumentException if the event cannot be stored, or the log cannot have idempotent adds; nothing was
     *     sent
     * @throws UnexpectedLastIdException if the last id of the log is not the expected one; nothing was added
     * @throws EventLogException if the event was not added, or if the outcome is unknown, as {@link EventLog#add(Map)}
     */
    EventId add(T event, AddOptions options);

    /**
     * Appends events, all of them or none, as {@link EventLog#addAll(List)}.
     *
     * @param events the events, in the order to append; an empty list is allowed and does nothing
     * @return their ids, in that order
     * @throws IllegalArgumentException if one of the events cannot be stored (the message says which); nothing was sent
     * @throws EventLogException if the events were not added, or if the outcome is unknown, as
     *     {@link EventLog#addAll(List)}
     */
    default List<EventId> addAll(List<? extends T> events) {
        return addAll(events, AddOptions.none());
    }

    /**
     * Appends events with options, all of them or none, as {@link EventLog#addAll(List, AddOptions)}.
     *
     * @param events the events, in the order to append; an empty list is allowed and does nothing, whatever the options
     * @param options when to add
     * @return their ids, in that order; the ids of the first add if events were already added with the same idempotency
     *     key
     * @throws IllegalArgumentException if one of the events cannot be stored (the message says which), or if the log
     *     cannot have idempotent adds; nothing was sent
     * @throws UnexpectedLastIdException if the last id of the log is not the expected one; nothing was added
     * @throws EventLogException if the events were not added, or if the outcome is unknown, as
     *     {@link EventLog#addAll(List, AddOptions)}
     */
    List<EventId> addAll(List<? extends T> events, AddOptions options);

    /**
     * Adds events that depend on the state of the log, as {@link #update(Object, BiFunction, Function, RetryPolicy)}.
     * If others add to the log in the meantime, it tries again up to ten times: first after about 10 ms, and then after
     * twice as long each time, up to 1 second.
     *
     * @param seed the state before the first event
     * @param fold computes the next state from a state and an event
     * @param decide returns the events to add, given the state; can be an empty list
     * @param <S> the type of the state
     * @return the ids of the added events, in order; empty if there was nothing to add
     * @throws IllegalArgumentException if one of the events cannot be stored; nothing was added
     * @throws UnexpectedLastIdException if others added to the log during every attempt; nothing was added
     * @throws EventGapException if the beginning of the log is or may be gone; nothing was added
     * @throws EventLogException if the events were not added, or if the outcome is unknown, as
     *     {@link #addAll(List, AddOptions)}
     */
    default <S extends @Nullable Object> List<EventId> update(
            S seed,
            BiFunction<? super S, ? super TypedEvent<T>, ? extends S> fold,
            Function<? super S, ? extends List<? extends T>> decide) {
        return update(seed, fold, decide, Conflicts.RETRY);
    }

    /**
     * Adds events that depend on the state of the log, all of them or none, if nobody else has added in the meantime.
     * For example, it debits an account only if the balance is sufficient. If somebody else has added, the new events
     * are folded too, and {@code decide} is called again.
     *
     * <p>{@code decide} can be called several times, and must not change the state. The condition covers every add to
     * the log, by any client. If the outcome of an add is unknown, the add is not repeated.
     *
     * <p>Redis: the commands of {@link #fold}, then those of {@link #addAll(List, AddOptions)} with
     * {@link AddOptions#ifLast}. Each further attempt reads only the new events.
     *
     * @param seed the state before the first event
     * @param fold computes the next state from a state and an event
     * @param decide returns the events to add, given the state; an empty list adds nothing
     * @param retry how often and when to try again if others add in the meantime; ignored for all other failures. The
     *     calling thread waits between attempts
     * @param <S> the type of the state
     * @return the ids of the added events, in order; empty if there was nothing to add
     * @throws UnexpectedLastIdException if others added to the log during every attempt; nothing was added
     * @throws EventGapException if the beginning of the log is or may be gone; nothing was added
     * @throws IllegalArgumentException if one of the events cannot be stored; nothing was added
     * @throws EventLogException if the events were not added, or if the outcome is unknown, as
     *     {@link #addAll(List, AddOptions)}
     */
    <S extends @Nullable Object> List<EventId> update(
            S seed,
            BiFunction<? super S, ? super TypedEvent<T>, ? extends S> fold,
            Function<? super S, ? extends List<? extends T>> decide,
            RetryPolicy retry);

    /**
     * Completes the log, as {@link EventLog#completeAs}.
     *
     * @param completion how the log ends
     * @return whether this call completed the log; false if it was already completed in exactly this way
     * @throws EventLogCompletedException if the log was completed in another way before
     * @throws EventLogException if the log was not completed, or if the outcome is unknown, as
     *     {@link EventLog#completeAs}
     */
    default boolean completeAs(Completion completion) {
        return untyped().completeAs(completion);
    }

    /**
     * Completes the log as done, as {@link EventLog#complete()}.
     *
     * @return whether this call completed the log; false if it was already completed in this way
     * @throws EventLogCompletedException if the log was completed in another way before
     * @throws EventLogException if the log was not completed, or if the outcome is unknown, as
     *     {@link EventLog#completeAs}
     */
    default boolean complete() {
        return untyped().complete();
    }

    /**
     * Completes the log as failed, as {@link EventLog#completeExceptionally}.
     *
     * @param reason the reason, which followers get; null for none
     * @return whether this call completed the log; false if it was already completed in this way
     * @throws EventLogCompletedException if the log was completed in another way before
     * @throws EventLogException if the log was not completed, or if the outcome is unknown, as
     *     {@link EventLog#completeAs}
     */
    default boolean completeExceptionally(@Nullable String reason) {
        return untyped().completeExceptionally(reason);
    }

    /**
     * Completes the log as cancelled, as {@link EventLog#cancel}: the next add of its producer throws an
     * {@link EventLogCompletedException}.
     *
     * @param reason the reason, which followers get; null for none
     * @return whether this call completed the log; false if it was already completed in this way
     * @throws EventLogCompletedException if the log was completed in another way before
     * @throws EventLogException if the log was not completed, or if the outcome is unknown, as
     *     {@link EventLog#completeAs}
     */
    default boolean cancel(@Nullable String reason) {
        return untyped().cancel(reason);
    }

    /**
     * Appends a last event and completes the log as done, as {@link EventLog#complete(java.util.Map)}.
     *
     * @param lastEvent what to append: it must have at least one property that is not null
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     * @throws EventLogCompletedException if the log was completed in another way or with another event; nothing was
     *     added
     * @throws EventLogException if nothing was done, or if the outcome is unknown, as
     *     {@link EventLog#complete(java.util.Map)}
     */
    EventId complete(T lastEvent);

    /**
     * Records the events of a source with the default options, as {@link EventLog#record(Flow.Publisher, Consumer)}.
     *
     * @param source emits the events
     * @return the running recording
     * @throws AlreadyRecordedException if another source is being recorded into this log
     * @throws EventLogCompletedException if the log is complete
     * @throws EventLogException if Redis refuses or cannot be reached
     * @throws IllegalStateException if the application is shutting down
     */
    default Recording record(Flow.Publisher<? extends T> source) {
        return record(source, options -> {});
    }

    /**
     * Records the events of a source, as {@link EventLog#record(Flow.Publisher, Consumer)}.
     *
     * @param source emits the events
     * @param customizer changes the default options
     * @return the running recording
     * @throws AlreadyRecordedException if another source is being recorded into this log
     * @throws EventLogCompletedException if the log is complete
     * @throws UnexpectedLastIdException if the log exists although {@link RecordOptions.Builder#ifAbsent} is set
     * @throws EventLogException if Redis refuses or cannot be reached
     * @throws IllegalStateException if the application is shutting down
     */
    Recording record(Flow.Publisher<? extends T> source, Consumer<RecordOptions.Builder> customizer);

    /**
     * Deletes the log with all its events, as {@link EventLog#delete}.
     *
     * @return whether it existed
     * @throws EventLogException if Redis refuses, cannot be reached, or does not answer
     */
    boolean delete();

    /**
     * Returns the fields with which this log stores an event, without adding it. For example, an outbox keeps them in a
     * table, and adds them to the {@linkplain #untyped() untyped} log later.
     *
     * @param event the event
     * @return its fields, in order
     * @throws IllegalArgumentException if the event cannot be stored
     */
    Map<String, String> fields(T event);

    /**
     * Converts an event of the {@linkplain #untyped() untyped} log. Ignores {@link EventLogOptions#unreadableEvents()}.
     *
     * @param event the event as it is stored
     * @return the event with its value
     * @throws EventConversionException if the event does not fit the type
     */
    TypedEvent<T> typed(Event event);

    /**
     * Converts an event of the {@linkplain #untyped() untyped} log in the same way as the reads of this log, with the
     * rule of its {@linkplain EventLogOptions#unreadableEvents() options}.
     *
     * @param event the event as it is stored
     * @return the event with its value; empty if it does not fit the type and was skipped or handed over
     * @throws EventConversionException if the event does not fit the type, and the rule is {@link UnreadableEvents#FAIL}
     */
    Optional<TypedEvent<T>> typedIfReadable(Event event);
}
