package dev.eventlog;

import java.util.List;

/**
 * Takes what a {@link LogsFollower} delivers of many logs. Calls for one log never overlap, and each sees what the ones before it
 * did; calls for different logs run side by side, as many as {@link FollowOptions.Builder#concurrency} says. So it must be
 * thread-safe. A listener that blocks holds up its own log, and others only where as many calls block as may run at once.
 *
 * <p>When a call throws, what {@link EventBatchListener} says holds for that one log: it is retried, recovered or given up by
 * itself, and all other logs go on.
 *
 * @param <E> {@link Event} or {@link TypedEvent}
 */
@FunctionalInterface
public interface LogsListener<E> {

    /**
     * Takes the events of a log that came since the last call for that log.
     *
     * @param log the name of the log
     * @param batch at least one and at most {@code eventlog.follow.batch-size} events, in order; unmodifiable, and yours to keep
     * @throws Exception if the batch cannot be taken: to stop at this log, or to be called again
     */
    void onBatch(String log, List<E> batch) throws Exception;

    /**
     * What a log held when it began to be followed has been delivered. Called once for each log.
     *
     * @param log the name of the log
     * @throws Exception to stop at this log, or to be called again
     */
    default void onCaughtUp(String log) throws Exception {}

    /**
     * Events of a log left by its old end before they were delivered: see {@link EventBatchListener#onGap}. Logs a warning
     * unless implemented.
     *
     * @param gap what is known of it, with the name of the log
     * @throws Exception to stop at this log, or to be called again
     */
    default void onGap(Gap gap) throws Exception {
        ListenerDefaults.onGap(gap);
    }

    /**
     * A log is no longer followed, because of an error. The last call for that log. Logs an error unless implemented.
     *
     * @param log the name of the log
     * @param failure what was thrown
     */
    default void onFailure(String log, Throwable failure) {
        ListenerDefaults.onFailure(log, failure);
    }
}
