package dev.eventlog;

/**
 * Receives the signals of a {@link ReadableEventLog#publisher(Tail, FollowSignals) publisher} that are not events.
 * Calls come from the same threads as {@code onNext}, and overlap neither {@code onNext} nor each other. They need no
 * demand. An exception ends the subscription and goes to {@code onError}.
 */
public interface FollowSignals {

    /**
     * Called once after {@code onSubscribe}, when the start is fixed.
     *
     * @param position the id after which the subscription starts. Resuming there loses nothing
     */
    default void onBegin(EventId position) {}

    /**
     * Called when all events that existed at the start have been delivered.
     *
     * @see EventBatchListener#onCaughtUp()
     */
    default void onCaughtUp() {}

    /**
     * Called when events are gone that the subscriber had not received. The default implementation throws an
     * {@link EventGapException}, which ends the subscription.
     *
     * @param gap the gap
     * @see EventBatchListener#onGap(Gap)
     */
    default void onGap(Gap gap) {
        throw new EventGapException(gap);
    }

    /**
     * Called when the connection to Redis is lost.
     *
     * @see EventBatchListener#onInterrupted()
     */
    default void onInterrupted() {}

    /**
     * Called when Redis is back.
     *
     * @see EventBatchListener#onResumed()
     */
    default void onResumed() {}

    /**
     * Called when the log is complete and all its events have been delivered. {@code onComplete} of the subscriber
     * comes next, or {@code onError} with an {@link EventLogFailedException}.
     *
     * @param completion how the log ended
     * @see EventBatchListener#onComplete(Completion)
     */
    default void onComplete(Completion completion) {}
}
