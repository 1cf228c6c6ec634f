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
 * An append-only log of events in one Redis stream. An instance is a cheap, thread-safe handle that needs no closing.
 * Any number of handles of one log can exist, in any number of processes.
 *
 * <p>An event is a map from field names to values. Text is stored as it is, numbers and booleans as plain text, and
 * anything nested (maps, collections, arrays, other objects) as JSON.
 *
 * <p>Every method that asks Redis throws an {@link EventLogUnavailableException} if Redis cannot be reached or cannot
 * answer now, and an {@link EventLogException} if Redis refuses. Nothing was added in these cases. An add that gets no
 * answer throws an {@link AddOutcomeUnknownException}, because the events may have been added.
 */
public interface EventLog extends ReadableEventLog<Event> {

    /**
     * Appends an event.
     *
     * <p>Redis: {@code XADD}, with {@code MAXLEN ~} if there is a max-length. With a ttl or a max-age, it is one script
     * with {@code XADD}, {@code MINID ~} or a separate {@code XTRIM} for the age, and {@code PEXPIRE}. One round trip,
     * O(1), plus the trimmed events.
     *
     * @param event its fields: at least one and at most 3,900, no null among the names or values
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     * @throws EventLogCompletedException if the log is complete; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: the event may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    default EventId add(Map<String, ?> event) {
        return add(event, AddOptions.none());
    }

    /**
     * Appends an event with options: only once, however often the call is repeated, or only if the last id of the log
     * is the expected one.
     *
     * <p>Redis: one script in one round trip, O(1), plus the trimmed events. It runs the commands of {@link #add(Map)}
     * and those of the {@link AddOptions}.
     *
     * @param event its fields: at least one and at most 3,900, no null among the names or values
     * @param options when to add
     * @return its id; the id of the first add if an event was already added with the same idempotency key
     * @throws IllegalArgumentException if the event cannot be stored, or if the log cannot have idempotent adds because its
     *     key has a brace but no hash tag; nothing was sent
     * @throws UnexpectedLastIdException if the last id of the log is not the expected one; nothing was added
     * @throws EventLogCompletedException if the log is complete; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: the event may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    EventId add(Map<String, ?> event, AddOptions options);

    /**
     * Appends events, all of them or none, with nothing between them.
     *
     * <p>Redis: one script in one round trip, with one {@code XADD} for each event and one {@code PEXPIRE}, O(N). Redis
     * does nothing else in the meantime, so add thousands of events in one call, not millions.
     *
     * @param events the events, in the order to append; an empty list is allowed and does nothing
     * @return their ids, in that order
     * @throws IllegalArgumentException if one of the events cannot be stored (the message says which); nothing was sent
     * @throws EventLogCompletedException if the log is complete; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: all of the events may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    default List<EventId> addAll(List<? extends Map<String, ?>> events) {
        return addAll(events, AddOptions.none());
    }

    /**
     * Appends events with options: all of them or none, with nothing between them.
     *
     * <p>Redis: one script in one round trip, O(N). It runs the commands of {@link #addAll(List)} and those of the
     * {@link AddOptions}.
     *
     * @param events the events, in the order to append; an empty list is allowed and does nothing, whatever the options
     * @param options when to add
     * @return their ids, in that order; the ids of the first add if events were already added with the same idempotency
     *     key
     * @throws IllegalArgumentException if one of the events cannot be stored (the message says which), or if the log
     *     cannot have idempotent adds because its key has a brace but no hash tag; nothing was sent
     * @throws UnexpectedLastIdException if the last id of the log is not the expected one; nothing was added
     * @throws EventLogCompletedException if the log is complete; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: all of the events may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses, or if a different number of events was added with the same
     *     idempotency key; nothing was added
     */
    List<EventId> addAll(List<? extends Map<String, ?>> events, AddOptions options);

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
            BiFunction<? super S, ? super Event, ? extends S> fold,
            Function<? super S, ? extends List<? extends Map<String, ?>>> decide) {
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
            BiFunction<? super S, ? super Event, ? extends S> fold,
            Function<? super S, ? extends List<? extends Map<String, ?>>> decide,
            RetryPolicy retry);

    /**
     * Completes the log: no more events can be added, and every follower learns this after the last event. Redis itself
     * refuses every later add of any client. Call {@link #delete} to let the log begin again.
     *
     * <p>Redis: one script with {@code XINFO STREAM}, {@code XADD} of an entry with the greatest possible id, and
     * {@code PEXPIRE} if there is a ttl, O(1). The entry is not an event: readers of this library never see it, and it
     * does not count for the max-length.
     *
     * @param completion how the log ends
     * @return whether this call completed the log; false if it was already completed in exactly this way
     * @throws EventLogCompletedException if the log was completed in another way before
     * @throws IllegalArgumentException if the kind is {@link Completion.Kind#UNKNOWN}; nothing was sent
     * @throws AddOutcomeUnknownException if Redis did not answer: the log may be complete. You can safely call this
     *     again
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was done
     * @throws EventLogException if Redis refuses; nothing was done
     */
    boolean completeAs(Completion completion);

    /**
     * Completes the log as done, as {@link #completeAs}.
     *
     * @return whether this call completed the log; false if it was already completed in this way
     * @throws EventLogCompletedException if the log was completed in another way before
     * @throws EventLogException if the log was not completed, or if the outcome is unknown, as {@link #completeAs}
     */
    default boolean complete() {
        return completeAs(Completion.done());
    }

    /**
     * Completes the log as failed, as {@link #completeAs}. A subscriber or a stream gets an
     * {@link EventLogFailedException} after the last event.
     *
     * @param reason the reason, which followers get; null for none
     * @return whether this call completed the log; false if it was already completed in this way
     * @throws EventLogCompletedException if the log was completed in another way before
     * @throws EventLogException if the log was not completed, or if the outcome is unknown, as {@link #completeAs}
     */
    default boolean completeExceptionally(@Nullable String reason) {
        return completeAs(Completion.failed(reason));
    }

    /**
     * Completes the log as cancelled, as {@link #completeAs}. This stops its producer, wherever the producer runs: its
     * next add throws an {@link EventLogCompletedException}.
     *
     * @param reason the reason, which followers get; null for none
     * @return whether this call completed the log; false if it was already completed in this way
     * @throws EventLogCompletedException if the log was completed in another way before
     * @throws EventLogException if the log was not completed, or if the outcome is unknown, as {@link #completeAs}
     */
    default boolean cancel(@Nullable String reason) {
        return completeAs(Completion.cancelled(reason));
    }

    /**
     * Appends a last event and completes the log as done, in one step. If the log was already completed as done with
     * the same last event, this does nothing and returns the id of that event, so you can safely repeat the call.
     *
     * <p>Redis: the script of {@link #completeAs}, with one more {@code XADD}.
     *
     * @param lastEvent its fields: at least one and at most 3,900, no null among the names or values
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     * @throws EventLogCompletedException if the log was completed in another way or with another event; nothing was
     *     added
     * @throws AddOutcomeUnknownException if Redis did not answer: the event may have been added, and the log may be
     *     complete
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    EventId complete(Map<String, ?> lastEvent);

    /**
     * Appends last events and completes the log as done, in one step. If the log was already completed as done with the
     * same last events, this does nothing and returns their ids, so you can safely repeat the call.
     *
     * <p>Redis: one script, as for {@link #completeAs}, with one more {@code XADD} for each event, O(N).
     *
     * @param lastEvents the fields of each event, in the order to append; an empty list has the same effect as
     *     {@link #complete()}
     * @return the ids, in the same order
     * @throws IllegalArgumentException if one of the events cannot be stored (the message says which); nothing was sent
     * @throws EventLogCompletedException if the log was completed in another way or with other events; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: the events may have been added, and the log may be
     *     complete
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    List<EventId> completeAll(List<? extends Map<String, ?>> lastEvents);

    /**
     * Creates the log without an event. Readers and followers treat it as a log that does not exist yet, and so does
     * {@link AddOptions#ifAbsent()}, until somebody adds an event. Only {@link #exists()} returns true.
     *
     * <p>Redis: one script with {@code XGROUP CREATE} and {@code MKSTREAM}, {@code XGROUP DESTROY}, and {@code PEXPIRE}
     * if the log has a ttl, O(1). The result is an empty stream that has never assigned an id.
     *
     * @return whether this call created the log; false if it existed
     * @throws EventLogUnavailableException if Redis cannot be reached or did not answer. You can safely repeat the call
     * @throws EventLogException if Redis refuses; nothing was done
     */
    boolean createIfAbsent();

    /**
     * Records the events of a source with the default options, as {@link #record(Flow.Publisher, Consumer)}.
     *
     * @param source emits the events, each in the form that {@link #add(Map)} accepts
     * @return the running recording
     * @throws AlreadyRecordedException if another source is being recorded into this log
     * @throws EventLogCompletedException if the log is complete
     * @throws EventLogException if Redis refuses or cannot be reached
     * @throws IllegalStateException if the application is shutting down
     */
    default Recording record(Flow.Publisher<? extends Map<String, ?>> source) {
        return record(source, options -> {});
    }

    /**
     * Records the events of a source: subscribes to the source at once, independently of the caller, adds its events in
     * batches, and completes the log when the source completes (as failed when the source fails). If somebody completes
     * the log earlier, in any application, for example with {@link #cancel}, the source is cancelled. No event is added
     * twice, even if the outcome of an add is unknown.
     *
     * <p>A slow Redis slows the source down: at most as many events are requested as the buffer of the options holds.
     * The source is cancelled if Redis cannot be reached for longer than {@code eventlog.record.lease}, and when this
     * application shuts down. If this process dies, an application that follows any log completes this one as failed,
     * with the reason {@code producer lost}, within two leases.
     *
     * <p>Redis: one script for each batch, as for {@link #addAll(List, AddOptions)} with an idempotency key that is
     * remembered for two leases, and one script with {@code ZADD} three times for each lease, O(log N) for N
     * recordings. The recording also follows the log, to notice its completion.
     *
     * @param source emits the events, each in the form that {@link #add(Map)} accepts. An event that cannot be stored
     *     stops the source, and the log ends as failed
     * @param customizer changes the default options
     * @return the running recording
     * @throws AlreadyRecordedException if another source is being recorded into this log. After this exception, and
     *     after each of the following ones, nobody has subscribed to the source
     * @throws EventLogCompletedException if the log is complete
     * @throws UnexpectedLastIdException if the log exists although {@link RecordOptions.Builder#ifAbsent} is set
     * @throws EventLogException if Redis refuses or cannot be reached
     * @throws IllegalStateException if the application is shutting down
     */
    Recording record(Flow.Publisher<? extends Map<String, ?>> source, Consumer<RecordOptions.Builder> customizer);

    /**
     * Deletes the log with all its events. Followers continue: if the log begins again, they get a gap through
     * {@link EventBatchListener#onGap} and the new events. A complete log is no longer complete. The records of
     * idempotent adds stay until they expire but have no effect: their events are gone, so the next add with such a key
     * is a new add.
     *
     * <p>Redis: {@code UNLINK}, O(1); the server frees the memory in the background.
     *
     * @return whether it existed
     * @throws EventLogUnavailableException if Redis cannot be reached, or did not answer: the log may have been deleted
     * @throws EventLogException if Redis refuses; nothing was deleted
     */
    boolean delete();
}
