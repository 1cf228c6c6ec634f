package dev.eventlog;

import java.util.List;

/**
 * Takes what a {@link Follower} delivers. Calls to one follower's listener never overlap, and each sees what the ones before
 * it did; they come from different threads. A listener may block: it holds up its own follower, no other.
 *
 * <p><b>When a call throws</b>, whatever it throws, the follower stops at that batch: {@link Follower#position()} is the
 * last event of the batch before, nothing later is delivered, {@link #onFailure} is called, and
 * {@link Follower#completion()} ends with what was thrown.
 *
 * <p>{@link FollowOptions} can say otherwise. With a retry policy the same call is made again, after the policy's back-off and
 * before any other. When that is over a recoverer, if there is one, takes a batch in place of the listener, and the follower
 * goes on after it; without one, and where {@link #onGap}, {@link #onCaughtUp} or {@link #onComplete} throws, which no recoverer can take over, the
 * follower stops as said above, with what was thrown last. A call that throws after its follower was closed is not made again.
 *
 * @param <E> {@link Event} or {@link TypedEvent}
 */
@FunctionalInterface
public interface EventBatchListener<E> {

    /**
     * Takes the events that came since the last call.
     *
     * @param batch at least one and at most {@code eventlog.follow.batch-size} events, in order; unmodifiable, and yours to
     *     keep
     * @throws Exception if the batch cannot be taken: to stop the follower, or to be called again
     */
    void onBatch(List<E> batch) throws Exception;

    /**
     * What the log held when the follow began has been delivered. Called once, also for an empty log; by then newer events
     * may have been delivered too.
     *
     * @throws Exception to stop the follower, or to be called again
     */
    default void onCaughtUp() throws Exception {}

    /**
     * Events left by the old end of the log before the follower got to them: they were trimmed, or the log expired, was
     * deleted, lost or replaced, and began again. Called before anything later is delivered. An event that somebody deletes
     * by itself ({@code XDEL}) is neither delivered nor reported. Logs a warning unless implemented.
     *
     * @param gap what is known of it; {@link Gap#missed()} is the exact number of events or empty
     * @throws Exception to stop the follower, or to be called again
     */
    default void onGap(Gap gap) throws Exception {
        ListenerDefaults.onGap(gap);
    }

    /**
     * Nothing can be read at the moment, as the connection to Redis is lost. The follower goes on by itself. Called once for each
     * interruption, as soon as that is noticed; what was read before may be delivered meanwhile. A named follower that loses its
     * turn meanwhile begins anew, without {@link #onResumed()}.
     *
     * @throws Exception to stop the follower, or to be called again
     */
    default void onInterrupted() throws Exception {}

    /**
     * The log is read again after an interruption. Called once for each {@link #onInterrupted()}, before anything that came
     * since is delivered.
     *
     * @throws Exception to stop the follower, or to be called again
     */
    default void onResumed() throws Exception {}

    /**
     * The log is complete, and everything that it holds has been delivered: nothing more comes. The last call of all; then the
     * follower ends with {@link Follower.EndReason#COMPLETED}. A follower that begins when the log is complete already gets it,
     * too; one with a name gets it once.
     *
     * @param completion how the log ended
     * @throws Exception to stop the follower with an error, or to be called again
     */
    default void onComplete(Completion completion) throws Exception {}

    /**
     * The follower has ended by an error: a call of this listener threw and is not to be made again, an event does not fit
     * the type, or Redis refuses for good. The last call of all. Logs an error unless implemented.
     *
     * @param log the name of the log
     * @param failure what was thrown
     */
    default void onFailure(String log, Throwable failure) {
        ListenerDefaults.onFailure(log, failure);
    }
}
