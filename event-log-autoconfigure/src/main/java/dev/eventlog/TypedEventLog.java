package dev.eventlog;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;

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
public interface TypedEventLog<T> extends ReadableEventLog<TypedEvent<T>> {

    /** {@return the same log with events as they are stored} */
    EventLog untyped();

    /**
     * Appends an event, as {@link EventLog#add(Map)}.
     *
     * @param event what to append: it must have at least one property that is not null
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     * @throws EventLogException if the event was not added, or if that is not known, as {@link EventLog#add(Map)}
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
     * @throws EventLogException if the event was not added, or if that is not known, as {@link EventLog#add(Map)}
     */
    EventId add(T event, AddOptions options);

    /**
     * Appends events, all of them or none, as {@link EventLog#addAll(List)}.
     *
     * @param events the events, in the order to append; none is allowed and does nothing
     * @return their ids, in that order
     * @throws IllegalArgumentException if one of the events cannot be stored; the message says which; nothing was sent
     * @throws EventLogException if the events were not added, or if that is not known, as {@link EventLog#addAll(List)}
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
     * @throws EventLogException if the events were not added, or if that is not known, as
     *     {@link EventLog#addAll(List, AddOptions)}
     */
    List<EventId> addAll(List<? extends T> events, AddOptions options);

    /**
     * Decides by the state of the log what to add, as {@link #update(Object, BiFunction, Function, RetryPolicy)}, and tries again up
     * to ten times where others add to it meanwhile, after 10 ms at first and then twice as long each time.
     *
     * @param seed the state before the first event
     * @param fold makes the next state of a state and an event
     * @param decide answers what to add, by the state; nothing is allowed
     * @param <S> the type of the state
     * @return the ids of what was added, in that order
     * @throws UnexpectedLastIdException if others added to the log at each try; nothing was added
     * @throws EventGapException if the beginning of the log is gone, or may be; nothing was added
     * @throws EventLogException if nothing was added, or if that is not known, as {@link #addAll(List, AddOptions)}
     */
    default <S extends @Nullable Object> List<EventId> update(
            S seed,
            BiFunction<? super S, ? super TypedEvent<T>, ? extends S> fold,
            Function<? super S, ? extends List<? extends T>> decide) {
        return update(seed, fold, decide, Conflicts.RETRY);
    }

    /**
     * Decides by the state of the log what to add, and adds it on the condition that nobody else has added meanwhile, all of it or
     * none: an account is debited only if it has enough. If somebody has, what came is folded too, and it is decided anew.
     *
     * <p>{@code decide} may be called several times, and must not change the state. The condition, and so the decision, holds
     * among all that add to the log, by whichever client. An add whose outcome is not known is not tried again.
     *
     * <p>Redis: what {@link #fold} sends, then what {@link #addAll(List, AddOptions)} sends with {@link AddOptions#ifLast}; at each
     * further try only what came since is read.
     *
     * @param seed the state before the first event
     * @param fold makes the next state of a state and an event
     * @param decide answers what to add, by the state; an empty list adds nothing
     * @param retry how often to try again, and after how long, where others add meanwhile; asked about no other failure. The
     *     calling thread waits
     * @param <S> the type of the state
     * @return the ids of what was added, in that order; none if there was nothing to add
     * @throws UnexpectedLastIdException if others added to the log at each try; nothing was added
     * @throws EventGapException if the beginning of the log is gone, or may be; nothing was added
     * @throws IllegalArgumentException if one of the events cannot be stored; nothing was added
     * @throws EventLogException if nothing was added, or if that is not known, as {@link #addAll(List, AddOptions)}
     */
    <S extends @Nullable Object> List<EventId> update(
            S seed,
            BiFunction<? super S, ? super TypedEvent<T>, ? extends S> fold,
            Function<? super S, ? extends List<? extends T>> decide,
            RetryPolicy retry);

    /**
     * Ends the log, as {@link EventLog#completeAs}.
     *
     * @param completion how the log ends
     * @return whether this call ended it; false if it had ended in just this way before
     * @throws EventLogCompletedException if it had ended in another way
     * @throws EventLogException if the log was not ended, or if that is not known, as {@link EventLog#completeAs}
     */
    default boolean completeAs(Completion completion) {
        return untyped().completeAs(completion);
    }

    /**
     * Ends the log as done, as {@link EventLog#complete()}.
     *
     * @return whether this call ended it; false if it had ended so before
     * @throws EventLogCompletedException if it had ended in another way
     * @throws EventLogException if the log was not ended, or if that is not known, as {@link EventLog#completeAs}
     */
    default boolean complete() {
        return untyped().complete();
    }

    /**
     * Ends the log as failed, as {@link EventLog#completeExceptionally}.
     *
     * @param reason why, for whoever follows; null to say nothing
     * @return whether this call ended it; false if it had ended so before
     * @throws EventLogCompletedException if it had ended in another way
     * @throws EventLogException if the log was not ended, or if that is not known, as {@link EventLog#completeAs}
     */
    default boolean completeExceptionally(@Nullable String reason) {
        return untyped().completeExceptionally(reason);
    }

    /**
     * Ends the log as cancelled, as {@link EventLog#cancel}: the next add of its producer is an
     * {@link EventLogCompletedException}.
     *
     * @param reason why, for whoever follows; null to say nothing
     * @return whether this call ended it; false if it had ended so before
     * @throws EventLogCompletedException if it had ended in another way
     * @throws EventLogException if the log was not ended, or if that is not known, as {@link EventLog#completeAs}
     */
    default boolean cancel(@Nullable String reason) {
        return untyped().cancel(reason);
    }

    /**
     * Appends an event, and ends the log as done, as {@link EventLog#complete(java.util.Map)}.
     *
     * @param lastEvent what to append: it must have at least one property that is not null
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     * @throws EventLogCompletedException if the log had ended in another way, or with another event; nothing was added
     * @throws EventLogException if nothing was done, or if that is not known, as {@link EventLog#complete(java.util.Map)}
     */
    EventId complete(T lastEvent);

    /**
     * Records what a source gives, with the default options, as {@link EventLog#record(Flow.Publisher, Consumer)}.
     *
     * @param source gives the events
     * @return the recording, which runs
     * @throws AlreadyRecordedException if another source is being recorded into this log
     * @throws EventLogCompletedException if the log is complete
     * @throws EventLogException if Redis refuses or cannot be reached
     */
    default Recording record(Flow.Publisher<? extends T> source) {
        return record(source, options -> {});
    }

    /**
     * Records what a source gives, as {@link EventLog#record(Flow.Publisher, Consumer)}.
     *
     * @param source gives the events
     * @param customizer changes the default options
     * @return the recording, which runs
     * @throws AlreadyRecordedException if another source is being recorded into this log
     * @throws EventLogCompletedException if the log is complete
     * @throws UnexpectedLastIdException if it exists, and was not to
     * @throws EventLogException if Redis refuses or cannot be reached
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
     * Converts an event of the {@linkplain #untyped() untyped} log.
     *
     * @param event the event as it is stored
     * @return the event with its value
     * @throws EventConversionException if the event does not fit the type
     */
    TypedEvent<T> typed(Event event);
}
