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
     * <p>Redis: {@code XADD}, with {@code MAXLEN ~} where there is a max-length; with a ttl or max-age one script of {@code XADD}, with
     * {@code MINID ~} or a second {@code XTRIM} for the age, and {@code PEXPIRE}. One round trip, O(1) but for what is trimmed.
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
     * @throws EventLogCompletedException if the log is complete; nothing was added
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
     * @throws EventLogCompletedException if the log is complete; nothing was added
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
     * @throws EventLogCompletedException if the log is complete; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: all of the events may have been added
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses, or if another number of events was added under the same idempotency key;
     *     nothing was added
     */
    List<EventId> addAll(List<? extends Map<String, ?>> events, AddOptions options);

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
            BiFunction<? super S, ? super Event, ? extends S> fold,
            Function<? super S, ? extends List<? extends Map<String, ?>>> decide) {
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
            BiFunction<? super S, ? super Event, ? extends S> fold,
            Function<? super S, ? extends List<? extends Map<String, ?>>> decide,
            RetryPolicy retry);

    /**
     * Ends the log: nothing more comes, and whoever follows it learns it after the last event. Redis itself refuses every
     * further add, of any client. {@link #delete} lets the log begin again.
     *
     * <p>Redis: one script of {@code XINFO STREAM}, {@code XADD} of an entry with the greatest id there is, and {@code PEXPIRE}
     * where there is a ttl; O(1). The entry is no event: readers of this library never see it, and it removes no event for the
     * max-length.
     *
     * @param completion how the log ends
     * @return whether this call ended it; false if it had ended in just this way before
     * @throws EventLogCompletedException if it had ended in another way
     * @throws IllegalArgumentException if the kind is {@link Completion.Kind#UNKNOWN}; nothing was sent
     * @throws AddOutcomeUnknownException if Redis did not answer: the log may be complete. To call this again is safe
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was done
     * @throws EventLogException if Redis refuses; nothing was done
     */
    boolean completeAs(Completion completion);

    /**
     * Ends the log as done, as {@link #completeAs}.
     *
     * @return whether this call ended it; false if it had ended so before
     * @throws EventLogCompletedException if it had ended in another way
     * @throws EventLogException if the log was not ended, or if that is not known, as {@link #completeAs}
     */
    default boolean complete() {
        return completeAs(Completion.done());
    }

    /**
     * Ends the log as failed, as {@link #completeAs}. A subscriber or a stream gets an {@link EventLogFailedException} after the
     * last event.
     *
     * @param reason why, for whoever follows; null to say nothing
     * @return whether this call ended it; false if it had ended so before
     * @throws EventLogCompletedException if it had ended in another way
     * @throws EventLogException if the log was not ended, or if that is not known, as {@link #completeAs}
     */
    default boolean completeExceptionally(@Nullable String reason) {
        return completeAs(Completion.failed(reason));
    }

    /**
     * Ends the log as cancelled, as {@link #completeAs}. This stops its producer, wherever that runs: its next add is an
     * {@link EventLogCompletedException}.
     *
     * @param reason why, for whoever follows; null to say nothing
     * @return whether this call ended it; false if it had ended so before
     * @throws EventLogCompletedException if it had ended in another way
     * @throws EventLogException if the log was not ended, or if that is not known, as {@link #completeAs}
     */
    default boolean cancel(@Nullable String reason) {
        return completeAs(Completion.cancelled(reason));
    }

    /**
     * Appends an event, and ends the log as done, with nothing between them; both or nothing. If the log had ended as done with
     * the same last event before, nothing is done, and its id answered: so to repeat the call is safe.
     *
     * <p>Redis: one script, as {@link #completeAs}, with one more {@code XADD}.
     *
     * @param lastEvent its fields: at least one and at most 3,900, no null among the names or values
     * @return its id
     * @throws IllegalArgumentException if the event cannot be stored; nothing was sent
     * @throws EventLogCompletedException if the log had ended in another way, or with another event; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: the event may have been added, and the log be complete
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    EventId complete(Map<String, ?> lastEvent);

    /**
     * Appends events, and ends the log as done, with nothing between them; all of it or nothing. If the log had ended as done with
     * the same last events before, nothing is done, and their ids answered: so to repeat the call is safe.
     *
     * <p>Redis: one script, as {@link #completeAs}, with one more {@code XADD} for each event.
     *
     * @param lastEvents the events, in the order to append; none is {@link #complete()}
     * @return their ids, in that order
     * @throws IllegalArgumentException if one of the events cannot be stored; the message says which; nothing was sent
     * @throws EventLogCompletedException if the log had ended in another way, or with other events; nothing was added
     * @throws AddOutcomeUnknownException if Redis did not answer: the events may have been added, and the log be complete
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now; nothing was added
     * @throws EventLogException if Redis refuses; nothing was added
     */
    List<EventId> completeAll(List<? extends Map<String, ?>> lastEvents);

    /**
     * Lets the log exist before its first event, for where to exist and to have an event are two things. It reads and is followed
     * as a log that does not exist yet; {@link AddOptions#ifAbsent()} takes it for absent until it has had an event.
     *
     * <p>Redis: one script of {@code XGROUP CREATE} with {@code MKSTREAM}, {@code XGROUP DESTROY}, and {@code PEXPIRE} where there
     * is a ttl; O(1). What is left is an empty stream to which no id was ever given.
     *
     * @return whether this call created it; false if it existed
     * @throws EventLogUnavailableException if Redis cannot be reached or did not answer; to call this again is safe
     * @throws EventLogException if Redis refuses; nothing was done
     */
    boolean createIfAbsent();

    /**
     * Records what a source gives, with the default options, as {@link #record(Flow.Publisher, Consumer)}.
     *
     * @param source gives the events, each as {@link #add(Map)} takes it
     * @return the recording, which runs
     * @throws AlreadyRecordedException if another source is being recorded into this log
     * @throws EventLogCompletedException if the log is complete
     * @throws EventLogException if Redis refuses or cannot be reached
     */
    default Recording record(Flow.Publisher<? extends Map<String, ?>> source) {
        return record(source, options -> {});
    }

    /**
     * Records what a source gives: subscribes to it here and now, apart from whatever asks for it, adds its events in batches,
     * and completes the log when the source completes, or as failed when it fails. If somebody completes the log before, such as
     * by {@link #cancel}, in whatever application, the source is cancelled. Nothing of it is added twice, also where the outcome
     * of an add is not known.
     *
     * <p>A slow Redis slows the source: no more is requested of it than the buffer of the options holds. If Redis cannot be reached
     * for longer than {@code eventlog.record.lease}, the source is cancelled, and so it is when this application shuts down. If
     * this process dies, an application that follows any log completes this one as failed, with the reason
     * {@code producer lost}, within two leases.
     *
     * <p>Redis: for each batch one script of {@code XADD}, as {@link #addAll(List, AddOptions)} with an idempotency key that is
     * remembered for two leases; a script of {@code ZADD} three times a lease. The log is followed for its completion.
     *
     * @param source gives the events, each as {@link #add(Map)} takes it. An event that cannot be stored stops it, and the log ends
     *     as failed
     * @param customizer changes the default options
     * @return the recording, which runs
     * @throws AlreadyRecordedException if another source is being recorded into this log; this one was not subscribed to, nor is it
     *     in the cases below
     * @throws EventLogCompletedException if the log is complete
     * @throws UnexpectedLastIdException if it exists, and was not to
     * @throws EventLogException if Redis refuses or cannot be reached
     * @throws IllegalStateException if the application is shutting down
     */
    Recording record(Flow.Publisher<? extends Map<String, ?>> source, Consumer<RecordOptions.Builder> customizer);

    /**
     * Deletes the log with all its events. Followers go on: if it begins again they get its new events, and are told by
     * {@link EventBatchListener#onGap}. A complete log is not complete any more. What is remembered of idempotent adds stays until it expires, and counts for nothing:
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
