package dev.eventlog.follow;

import org.jspecify.annotations.Nullable;

/** A log among many, and its follower. Thread-safe. */
final class LogPlace {

    private volatile @Nullable LogFollower follower;
    private volatile @Nullable Throwable failure;
    private volatile boolean completed;

    /** {@return the current or last follower; null if it has not started} */
    @Nullable
    LogFollower follower() {
        return follower;
    }

    void follower(LogFollower begun) {
        completed = false;
        follower = begun;
    }

    /** {@return the failure that ended the follower; null if there is none} */
    @Nullable
    Throwable failure() {
        return failure;
    }

    void failure(@Nullable Throwable why) {
        failure = why;
    }

    /** The log is complete, and all its events have been delivered. */
    void completed() {
        completed = true;
    }

    /** {@return whether its follower has ended because the log is complete} */
    boolean hasCompleted() {
        return completed;
    }

    /** {@return whether all known events are delivered} */
    boolean isIdle() {
        LogFollower followed = follower;
        return completed
                || (followed != null && followed.isRunning() && !followed.feed().isInterrupted() && hasAll(followed));
    }

    /** {@return whether all events known at the end of the follower were delivered} */
    boolean isWhole() {
        LogFollower followed = follower;
        return completed || (followed != null && followed.hasEnded() && hasAll(followed));
    }

    private static boolean hasAll(LogFollower followed) {
        return followed.isAtEndOfFeed() && !followed.missesEvents();
    }
}
