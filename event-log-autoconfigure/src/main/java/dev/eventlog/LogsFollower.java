package dev.eventlog;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** A running subscription of one listener to many logs. Thread-safe. */
public interface LogsFollower extends AutoCloseable {

    /**
     * Returns the logs that are followed now, including those that do not exist yet.
     *
     * @return their names; unmodifiable. While a named follower waits for its lease, these are the logs of its set,
     *     or none for a pattern
     */
    Set<String> logs();

    /**
     * Returns the position in each log, as {@link Follower#position()} does for one.
     *
     * @return the last processed event of each log that is followed or has stopped with an error; unmodifiable. Use
     *     {@link FollowOptions.Builder#resume} to continue there. A named follower that waits for its lease knows only
     *     its earlier positions
     */
    Map<String, EventId> positions();

    /** {@return the errors of the logs that are no longer followed because of one, by log name; unmodifiable} */
    Map<String, Throwable> failures();

    /** {@return whether it has not ended; also true while it backs off} */
    boolean isRunning();

    /**
     * Returns the end of the follower as a stage.
     *
     * @return a stage that completes with the reason after the follower has ended and its last callback has returned.
     *     It completes exceptionally only if no log at all can be followed any longer. An error of one log does not end
     *     the follower
     */
    CompletionStage<Follower.EndReason> completion();

    /**
     * Ends the follower. No callback starts after this call. It waits for running callbacks, at most
     * {@code eventlog.follow.close-timeout} in total, then interrupts their threads and logs a warning. A callback that
     * ignores the interrupt can still run when this method returns. When it is
     * called from within a callback, it does not wait for that one, which is the last of its log. Closing twice has no
     * effect.
     */
    @Override
    void close();
}
