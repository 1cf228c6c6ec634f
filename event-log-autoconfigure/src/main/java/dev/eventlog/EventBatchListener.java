package dev.eventlog;

import java.util.List;

/**
 * Receives the events and signals of a {@link Follower}. Calls for one follower never overlap, and each call sees the
 * effects of earlier calls. They come from different threads. A listener may block: this delays its own follower only.
 *
 * <p><b>If a call throws</b> anything, the follower stops at that batch: {@link Follower#position()} is the last event
 * of the previous batch, no later event is delivered, {@link #onFailure} is called, and {@link Follower#completion()}
 * ends with the exception.
 *
 * <p>{@link FollowOptions} change this. With a retry policy, the same call is repeated after the back-off of the
 * policy, before any other call. After the last attempt, a recoverer takes the batch in place of the listener, and the
 * follower continues after that batch. The follower stops with the last exception if there is no recoverer, or if any
 * other method than {@link #onBatch} throws, because a recoverer takes only batches. A call that throws
 * after its follower was closed is not repeated.
 *
 * @param <E> {@link Event} or {@link TypedEvent}
 */
@FunctionalInterface
public interface EventBatchListener<E> {

    /**
     * Receives the events since the last call.
     *
     * @param batch at least one and at most {@code eventlog.follow.batch-size} events, in order; unmodifiable, and safe
     *     to keep
     * @throws Exception if the batch cannot be processed: the follower stops, or repeats the call
     */
    void onBatch(List<E> batch) throws Exception;

    /**
     * Called once when all events that existed at the start have been delivered, even if there were none. Newer events
     * may have been delivered by then.
     *
     * @throws Exception to stop the follower, or to be called again
     */
    default void onCaughtUp() throws Exception {}

    /**
     * Called when events left the old end of the log before the follower read them: they were trimmed, or the log
     * was deleted, lost, or replaced, or it expired. Called before any later event is delivered. An event
     * that somebody deletes by its id ({@code XDEL}) is neither delivered nor reported. The default implementation logs
     * a warning.
     *
     * @param gap the gap; {@link Gap#missed()} is the exact number of events or empty
     * @throws Exception to stop the follower, or to be called again
     */
    default void onGap(Gap gap) throws Exception {
        ListenerDefaults.onGap(gap);
    }

    /**
     * Called once for each interruption, as soon as the connection to Redis is lost. The follower continues by itself
     * when Redis is back. Events that were read before may still be delivered. A named follower that loses its lease in
     * the meantime starts again, without {@link #onResumed()}.
     *
     * @throws Exception to stop the follower, or to be called again
     */
    default void onInterrupted() throws Exception {}

    /**
     * Called once for each {@link #onInterrupted()} when the log can be read again, before any new event is delivered.
     *
     * @throws Exception to stop the follower, or to be called again
     */
    default void onResumed() throws Exception {}

    /**
     * Called when the log is complete and all its events have been delivered. This is the last call. The follower then
     * ends with {@link Follower.EndReason#COMPLETED}. A follower that starts on a complete log gets this call too. A
     * named follower gets it once.
     *
     * @param completion how the log ended
     * @throws Exception to stop the follower, or to be called again
     */
    default void onComplete(Completion completion) throws Exception {}

    /**
     * Called when an error has ended the follower: a call of this listener threw and is not repeated, an event does not
     * fit the type, or Redis refuses for good. This is the last call. The default implementation logs an error.
     *
     * @param log the name of the log
     * @param failure the error
     */
    default void onFailure(String log, Throwable failure) {
        ListenerDefaults.onFailure(log, failure);
    }
}
