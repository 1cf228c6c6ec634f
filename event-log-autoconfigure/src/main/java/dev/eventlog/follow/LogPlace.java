package dev.eventlog.follow;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A log among many, and its followers, one after the other. Thread-safe. */
final class LogPlace {

    private volatile @Nullable LogFollower follower;
    private volatile @Nullable Throwable failure;
    private volatile boolean completed;
    private volatile boolean caughtUp;

    // Guarded by this.
    private boolean beginning;
    private int followers; // that are beginning or have not ended: usually one
    private @Nullable CompletableFuture<Void> left; // null until the log is removed

    /** A follower is about to begin. {@return false if it must not, because the log was removed} */
    synchronized boolean begins() {
        if (left == null) {
            beginning = true;
            followers++;
        }
        return left == null;
    }

    /** The follower could not begin. */
    void couldNotBegin() {
        synchronized (this) {
            beginning = false;
            notifyAll();
        }
        ended();
    }

    /** A follower has ended. */
    void ended() {
        CompletableFuture<Void> waiting;
        synchronized (this) {
            followers--;
            waiting = followers == 0 ? left : null;
        }
        if (waiting != null) {
            waiting.complete(null);
        }
    }

    /** Lets no more followers begin. {@return completes when the last callback has returned} */
    synchronized CompletableFuture<Void> remove() {
        CompletableFuture<Void> leaving = left;
        if (leaving == null) {
            leaving = new CompletableFuture<>();
            left = leaving;
            if (followers == 0) {
                leaving.complete(null);
            }
        }
        return leaving;
    }

    synchronized boolean isRemoved() {
        return left != null;
    }

    /** Waits until a follower that is about to begin has begun, until this time at the latest. */
    synchronized void awaitBegun(long deadline) throws InterruptedException {
        boolean unused = Waits.until(this, () -> !beginning, deadline);
    }

    /** {@return the current or last follower; null if it has not started} */
    @Nullable
    LogFollower follower() {
        return follower;
    }

    synchronized void follower(LogFollower begun) {
        completed = false;
        follower = begun;
        beginning = false;
        notifyAll();
    }

    /** {@return the failure that ended the follower; null if there is none} */
    @Nullable
    Throwable failure() {
        return failure;
    }

    void failure(@Nullable Throwable why) {
        failure = why;
    }

    /** The listener was told that the log caught up: later followers do not repeat that. */
    void caughtUp() {
        caughtUp = true;
    }

    boolean hasCaughtUp() {
        return caughtUp;
    }

    /** The log is complete, and all its events have been delivered. */
    void completed() {
        completed = true;
    }

    /** {@return whether its follower has ended because the log is complete} */
    boolean hasCompleted() {
        return completed;
    }

    /** {@return whether this can be forgotten as soon as the log is gone} */
    boolean isForgettable() {
        return failure != null || isIdle() || hasOnlyLost();
    }

    /** {@return whether all known events are delivered} */
    boolean isIdle() {
        LogFollower followed = follower;
        return completed || (followed != null && isAtEnd(followed) && !followed.missesEvents());
    }

    /** {@return whether all known events are delivered, except those that are gone and not reported yet} */
    boolean hasOnlyLost() {
        LogFollower followed = follower;
        return followed != null && isAtEnd(followed) && followed.missesEvents();
    }

    private static boolean isAtEnd(LogFollower followed) {
        return followed.isRunning() && !followed.feed().isInterrupted() && followed.isAtEndOfFeed();
    }

    /** {@return whether all events known at the end of the follower were delivered} */
    boolean isWhole() {
        LogFollower followed = follower;
        return completed
                || (followed != null && followed.hasEnded() && followed.isAtEndOfFeed() && !followed.missesEvents());
    }
}
