package dev.eventlog;

import java.util.concurrent.CompletionStage;

/**
 * One reader's live read of a log: a cursor that moves on as its listener takes batches. Thread-safe.
 */
public interface Follower extends AutoCloseable {

    /** Why a follower has ended that no failure ended. */
    enum EndReason {
        /** Somebody closed it, or cancelled its subscription. */
        CLOSED,
        /** The log is complete, and the listener has been told so. */
        COMPLETED,
        /** The application shut down. */
        SHUTDOWN,
        /** Another follower of its name has gone on further. */
        SUPERSEDED
    }

    /** {@return the name of the log} */
    String log();

    /**
     * Where the follower stands.
     *
     * @return the id of the last event that the listener, or a recoverer in its place, has taken; before the first one, the
     *     id after which it began. To resume there loses nothing, and tells again of a gap that has not been heard. While a
     *     named follower waits for its turn, what it knows to have been stored last. {@link EventId#MAX} once the listener has been
     *     told that the log is complete
     */
    EventId position();

    /**
     * Whether the follower still delivers.
     *
     * @return whether it was neither closed nor ended by an error: true also while it waits to try again, or for its turn
     */
    boolean isRunning();

    /**
     * The end of the follower.
     *
     * @return a stage that completes when the follower has ended and its last callback has returned: with the reason, or
     *     exceptionally with the failure that ended it. If it ends for several reasons, the first one counts
     */
    CompletionStage<EndReason> completion();

    /**
     * Ends the follower: no callback runs after this returns. A callback that is running is waited for, at most for
     * {@code eventlog.follow.close-timeout}; then its thread is interrupted, and a warning logged. Called from within a
     * callback it returns at once, and that callback is the last. To close twice does nothing.
     */
    @Override
    void close();
}
