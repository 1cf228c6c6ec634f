package dev.eventlog;

/**
 * What a subscriber of {@link ReadableEventLog#publisher(Tail, FollowSignals)} is told besides its events. Calls come from the
 * same threads as {@code onNext} and never overlap with it, nor with each other. They need no demand. What one throws ends the
 * subscription and goes to {@code onError}.
 */
public interface FollowSignals {

    /**
     * The start is fixed. Called once, after {@code onSubscribe}.
     *
     * @param position the id after which the subscription begins: to resume there loses nothing
     */
    default void onBegin(EventId position) {}

    /**
     * What the log held when the subscription began has been delivered.
     *
     * @see EventBatchListener#onCaughtUp()
     */
    default void onCaughtUp() {}

    /**
     * Events are gone that the subscriber had not got.
     *
     * @param gap what is known of it
     * @see EventBatchListener#onGap(Gap)
     */
    default void onGap(Gap gap) {
        throw new EventGapException(gap);
    }

    /**
     * Redis is lost at the moment.
     *
     * @see EventBatchListener#onInterrupted()
     */
    default void onInterrupted() {}

    /**
     * Redis is back.
     *
     * @see EventBatchListener#onResumed()
     */
    default void onResumed() {}

    /**
     * The log is complete, and everything that it holds has been delivered. {@code onComplete} comes next, or {@code onError} with an
     * {@link EventLogFailedException}.
     *
     * @param completion how the log ended
     * @see EventBatchListener#onComplete(Completion)
     */
    default void onComplete(Completion completion) {}
}
