package dev.eventlog;

import java.util.concurrent.CompletionStage;

/**
 * A running subscription of one listener to one log. Its position advances as the listener takes batches. Thread-safe.
 */
public interface Follower extends AutoCloseable {

    /** Why a follower has ended without an error. */
    enum EndReason {
        /** Somebody closed the follower, or cancelled its subscription. */
        CLOSED,
        /** The log is complete, and the listener has been called with its completion. */
        COMPLETED,
        /** The application shut down. */
        SHUTDOWN,
        /** Another follower of the same name has continued in its place. */
        SUPERSEDED
    }

    /** {@return the name of the log} */
    String log();

    /**
     * Returns the position of the follower.
     *
     * @return the id of the last event that the listener (or recoverer) has processed; before the first one, the id
     *     after which the follower started. Resuming there loses nothing: a gap that the listener has not yet received is
     *     reported then. While a named follower waits for its lease, this is the last stored position that it knows.
     *     {@link EventId#MAX} after the listener has received the completion of the log
     */
    EventId position();

    /**
     * Returns whether the follower still runs.
     *
     * @return whether it has not ended; also true while it backs off or waits for its lease
     */
    boolean isRunning();

    /**
     * Returns the end of the follower as a stage.
     *
     * @return a stage that completes after the follower has ended and its last callback has returned: with the reason,
     *     or exceptionally with the error that ended it. If there are several reasons, the first one counts
     */
    CompletionStage<EndReason> completion();

    /**
     * Ends the follower. No callback starts after this call. It waits for a running callback, at most
     * {@code eventlog.follow.close-timeout}, then interrupts its thread and logs a warning. A callback that ignores the
     * interrupt can still run when this method returns. If the calling thread is interrupted, the wait ends early. When
     * this method is called from within a callback, it returns at once, and that callback is the last one. Closing twice
     * has no effect.
     */
    @Override
    void close();
}
