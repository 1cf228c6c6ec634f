package dev.eventlog.follow;

import org.jspecify.annotations.Nullable;

/** A log among many, and how it is followed. Thread-safe. */
final class LogPlace {

    private volatile @Nullable LogFollower follower;
    private volatile @Nullable Throwable failure;
    private volatile boolean completed;

    /** {@return what follows it, or did; null before that has begun} */
    @Nullable
    LogFollower follower() {
        return follower;
    }

    void follower(LogFollower begun) {
        completed = false;
        follower = begun;
    }

    /** {@return why it is no longer followed; null if it is} */
    @Nullable
    Throwable failure() {
        return failure;
    }

    void failure(@Nullable Throwable why) {
        failure = why;
    }

    /** The log is complete, and all of it was delivered. */
    void completed() {
        completed = true;
    }

    /** {@return whether its follower has ended because the log is complete} */
    boolean hasCompleted() {
        return completed;
    }

    /** {@return whether all of it is delivered that is known} */
    boolean isIdle() {
        LogFollower followed = follower;
        return completed
                || (followed != null
                        && followed.isRunning()
                        && !followed.feed().isInterrupted()
                        && followed.isAtEndOfFeed());
    }

    /** {@return whether all of it was delivered that was known when it was no longer followed} */
    boolean isWhole() {
        LogFollower followed = follower;
        return completed
                || (followed != null
                        && followed.completion().toCompletableFuture().isDone()
                        && followed.isAtEndOfFeed());
    }
}
