package dev.eventlog;

import java.util.List;

/**
 * Receives the events and signals of a {@link LogsFollower}. Calls for one log never overlap, and each call sees the
 * effects of earlier calls. Calls for different logs run side by side, up to {@link FollowOptions.Builder#concurrency},
 * so a listener must be thread-safe. A call that blocks delays its own log. It delays other logs only if as many calls
 * block as may run at the same time.
 *
 * <p>If a call throws, the rules of {@link EventBatchListener} apply to that log only: it is retried, recovered, or
 * stopped on its own, and all other logs continue.
 *
 * @param <E> {@link Event} or {@link TypedEvent}
 */
@FunctionalInterface
public interface LogsListener<E> {

    /**
     * Receives the events of a log since the last call for that log.
     *
     * @param log the name of the log
     * @param batch at least one and at most {@code eventlog.follow.batch-size} events, in order; unmodifiable, and safe
     *     to keep
     * @throws Exception if the batch cannot be processed: the follower stops at this log, or repeats the call
     */
    void onBatch(String log, List<E> batch) throws Exception;

    /**
     * Called once for each log when all of its events that existed at the start have been delivered.
     *
     * @param log the name of the log
     * @throws Exception to stop at this log, or to be called again
     */
    default void onCaughtUp(String log) throws Exception {}

    /**
     * Called when events left the old end of a log before they were delivered: see {@link EventBatchListener#onGap}.
     * The default implementation logs a warning.
     *
     * @param gap the gap, with the name of the log
     * @throws Exception to stop at this log, or to be called again
     */
    default void onGap(Gap gap) throws Exception {
        ListenerDefaults.onGap(gap);
    }

    /**
     * Called as soon as Redis cannot be reached, for one of the logs or for the search for new logs, even if no log is followed.
     * Called once for all logs, and not again until {@link #onResumed()}. The follower continues by itself when Redis is back.
     * Events of logs that can be read may still be delivered. A named follower that loses its lease in the meantime calls
     * {@link #onResumed()} when it has the lease again. If {@code follow} itself throws, {@link #onResumed()} may be missing. An
     * exception is logged and has no other effect.
     */
    default void onInterrupted() {}

    /**
     * Called once for each {@link #onInterrupted()} when all logs can be read and found again. Never overlaps {@link
     * #onInterrupted()}. An exception is logged and has no other effect.
     */
    default void onResumed() {}

    /**
     * Called when a log is complete and all its events have been delivered: see {@link EventBatchListener#onComplete}. This is
     * the last call for that log, unless the log is deleted and begins again.
     *
     * @param log the name of the log
     * @param completion how the log ended
     * @throws Exception to stop at this log, or to be called again
     */
    default void onComplete(String log, Completion completion) throws Exception {}

    /**
     * Called when a log is no longer followed because of an error. This is the last call for that log, unless it is added again,
     * or a log of a pattern is deleted and begins again. The default implementation logs an error.
     *
     * @param log the name of the log
     * @param failure the error
     */
    default void onFailure(String log, Throwable failure) {
        ListenerDefaults.onFailure(log, failure);
    }
}
