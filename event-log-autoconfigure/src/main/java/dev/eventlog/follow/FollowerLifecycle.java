package dev.eventlog.follow;

import dev.eventlog.Follower.EndReason;
import dev.eventlog.follow.FollowerState.Signal;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The state of a follower, its timer, and the thread that calls its listener, under one lock. The listener of a closed follower
 * is never called, and the follower ends when the last call has returned. Thread-safe.
 */
final class FollowerLifecycle {

    private final FollowerEnd end = new FollowerEnd();

    // Guarded by this.
    private FollowerState state;
    private EndReason reason = EndReason.CLOSED; // for an end without a failure
    private @Nullable Thread caller;
    private @Nullable CompletableFuture<Void> timer;

    FollowerLifecycle(FollowerState state) {
        this.state = state;
    }

    synchronized FollowerState state() {
        return state;
    }

    /** {@return whether the follower has not been closed} */
    synchronized boolean isOpen() {
        return !state.isOver();
    }

    /** Changes the state as its table says, and cancels the timer of a back-off that ends. {@return the state before} */
    synchronized FollowerState on(Signal signal) {
        FollowerState before = state;
        state = before.on(signal);
        if (state == FollowerState.SCHEDULED && before != FollowerState.SCHEDULED && timer != null) {
            timer.cancel(false);
            timer = null;
        }
        return before;
    }

    /** Keeps the timer of a back-off. {@return false if the follower has been woken or closed in the meantime} */
    synchronized boolean waits(CompletableFuture<Void> time) {
        if (!state.isBackingOff()) {
            return false;
        }
        timer = time;
        return true;
    }

    /** {@return whether this thread may call the listener} */
    synchronized boolean enter() {
        if (state.isOver()) {
            return false;
        }
        caller = Thread.currentThread();
        return true;
    }

    /**
     * A call of the listener has returned.
     *
     * @param oneMoreCallback whether this thread makes another call at once, unless the follower was closed
     * @return false if the follower was closed during the call, which was the last one
     */
    synchronized boolean leave(boolean oneMoreCallback) {
        boolean open = !state.isOver();
        if (!open || !oneMoreCallback) {
            returned(null);
        }
        return open;
    }

    /**
     * The callback has returned, and the follower has ended if it is closed. Whoever waits in {@link #returnsWithin} then also
     * finds that it has ended.
     *
     * @param failure the failure that ended it, if there is one
     */
    synchronized void returned(@Nullable Throwable failure) {
        caller = null;
        state = state.on(Signal.RETURNED);
        if (state.isOver()) {
            end.ended(reason, failure);
        }
        notifyAll();
    }

    /**
     * Allows no more callbacks.
     *
     * @param lastCaller the thread that still has one callback to make, which {@link #returnsWithin} waits for
     * @return whether this call closed the follower
     */
    synchronized boolean close(EndReason why, @Nullable Thread lastCaller) {
        if (state.isOver()) {
            return false;
        }
        state = state.on(Signal.END);
        reason = why;
        caller = lastCaller != null ? lastCaller : caller;
        if (timer != null) {
            timer.cancel(false);
        }
        return true;
    }

    /** {@return whether a closed follower has ended, because no thread is in a callback} */
    synchronized boolean endsIfIdle() {
        if (caller != null) {
            return false;
        }
        state = state.on(Signal.RETURNED);
        end.ended(reason, null);
        return true;
    }

    /** Waits for the last callback, unless this thread makes it. {@return whether it has returned in time} */
    synchronized boolean returnsWithin(long nanos) throws InterruptedException {
        return Waits.until(this, () -> caller == null || caller == Thread.currentThread(), System.nanoTime() + nanos);
    }

    /** Interrupts the thread that is in a callback. */
    synchronized void interruptCaller() {
        if (caller != null) {
            caller.interrupt();
        }
    }

    /** {@return what happens at the end} */
    FollowerEnd end() {
        return end;
    }
}
