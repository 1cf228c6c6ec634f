package dev.eventlog.follow;

import dev.eventlog.Follower.EndReason;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The end of a follower, after its last callback has returned. Does what a future does, but takes less memory until somebody waits
 * for the end: most followers of many logs are never waited for. Runs all actions outside of its lock. Thread-safe.
 */
final class FollowerEnd {

    /** An action at the end. */
    @FunctionalInterface
    interface Action {

        /**
         * The follower has ended. One of the last two arguments is null.
         *
         * @param follower the follower
         * @param why the reason of the end
         * @param failure the failure
         */
        void hasEnded(LogFollower follower, @Nullable EndReason why, @Nullable Throwable failure);
    }

    /** Two actions, the newer one first. Most followers have only one, which then needs no list. */
    private record Both(Action newer, Action older) implements Action {

        @Override
        public void hasEnded(LogFollower follower, @Nullable EndReason why, @Nullable Throwable failure) {
            run(newer, follower, why, failure);
            run(older, follower, why, failure);
        }
    }

    private static final Log logger = LogFactory.getLog(FollowerEnd.class);

    // Guarded by this.
    private @Nullable Action actions; // null if there are none
    private @Nullable EndReason reason; // null until the end, like the next field
    private @Nullable Throwable failure;
    private @Nullable CompletableFuture<EndReason> future; // null until somebody asks for it

    synchronized boolean isOver() {
        return reason != null || failure != null;
    }

    /** {@return completes at the end} */
    CompletableFuture<EndReason> future() {
        CompletableFuture<EndReason> asked;
        synchronized (this) {
            asked = Objects.requireNonNullElseGet(future, CompletableFuture::new);
            future = asked;
        }
        if (isOver()) {
            complete(asked);
        }
        return asked;
    }

    private void complete(CompletableFuture<EndReason> waiting) {
        EndReason why;
        Throwable thrown;
        synchronized (this) {
            why = reason;
            thrown = failure;
        }
        if (thrown != null) {
            waiting.completeExceptionally(thrown);
        } else if (why != null) {
            waiting.complete(why);
        }
    }

    /** Runs an action at the end, or now if the end is over. */
    void whenOver(LogFollower follower, Action action) {
        EndReason why;
        Throwable thrown;
        synchronized (this) {
            why = reason;
            thrown = failure;
            if (!isOver()) {
                actions = actions == null ? action : new Both(action, actions);
                return;
            }
        }
        run(action, follower, why, thrown);
    }

    /** The follower has ended. Only the first call has an effect. Call {@link #report} after it, outside of all locks. */
    synchronized void ended(EndReason why, @Nullable Throwable thrown) {
        if (!isOver()) {
            reason = thrown == null ? why : null;
            failure = thrown;
        }
    }

    /** Completes the future, and runs the actions that have not run yet. */
    void report(LogFollower follower) {
        CompletableFuture<EndReason> waiting;
        Action due;
        EndReason why;
        Throwable thrown;
        synchronized (this) {
            waiting = future;
            due = actions;
            actions = null;
            why = reason;
            thrown = failure;
        }
        if (waiting != null) {
            complete(waiting);
        }
        if (due != null) {
            run(due, follower, why, thrown);
        }
    }

    private static void run(Action action, LogFollower follower, @Nullable EndReason why, @Nullable Throwable thrown) {
        try {
            action.hasEnded(follower, why, thrown);
        } catch (RuntimeException | Error unforeseen) { // the other actions must still run
            logger.error("An action at the end of a follower of log '" + follower.log() + "' failed", unforeseen);
        }
    }
}
