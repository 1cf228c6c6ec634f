package dev.eventlog;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** The live read of many logs by one listener. Thread-safe. */
public interface LogsFollower extends AutoCloseable {

    /**
     * The logs that are followed now, those among them that do not exist yet.
     *
     * @return their names; unmodifiable. Of a follower with a name that waits for its turn: none, but for a set those that it
     *     is to follow
     */
    Set<String> logs();

    /**
     * Where the follower stands in each log, as {@link Follower#position()} says.
     *
     * @return the last event taken of each log that is followed, or has stopped by an error; unmodifiable. To go on there:
     *     {@link FollowOptions.Builder#resume}. A follower with a name that waits for its turn knows only where it stood before
     */
    Map<String, EventId> positions();

    /** {@return the logs that are no longer followed because of an error, with that; unmodifiable} */
    Map<String, Throwable> failures();

    /** {@return whether it was not closed: true also while it waits to try again, or for its turn} */
    boolean isRunning();

    /**
     * The end of the follower.
     *
     * @return a stage that completes when it has ended and the last callback has returned: with the reason; exceptionally only
     *     if nothing at all can be followed any more. An error of one log does not end it
     */
    CompletionStage<Follower.EndReason> completion();

    /**
     * Ends the follower: no callback runs after this returns. Callbacks that are running are waited for, at most for
     * {@code eventlog.follow.close-timeout} in all; then their threads are interrupted, and a warning logged. Called from
     * within a callback it does not wait for that one, which is the last of its log. To close twice does nothing.
     */
    @Override
    void close();
}
