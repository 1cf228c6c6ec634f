package dev.eventlog.durable;

import dev.eventlog.follow.Waits;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread at a time do the work that a state requires, until there is none. After each change of the state, call
 * {@link #act}: if another thread is at work, it sees the change. Work that throws ends the call, and the next call continues.
 * Thread-safe.
 */
final class Actor {

    private final Supplier<@Nullable Runnable> next;
    private @Nullable Thread acting; // guarded by this

    /**
     * Creates an actor.
     *
     * @param next returns the work that the state requires now; null for none. Called by one thread at a time; must not block
     */
    Actor(Supplier<@Nullable Runnable> next) {
        this.next = next;
    }

    /** Does the work that the state requires, unless another thread is already doing it. */
    void act() {
        synchronized (this) {
            if (acting != null) {
                return;
            }
            acting = Thread.currentThread();
        }
        boolean returned = false;
        try {
            for (Runnable step = next(); step != null; step = next()) {
                step.run();
            }
            returned = true;
        } finally {
            if (!returned) {
                rest();
            }
        }
    }

    private synchronized @Nullable Runnable next() {
        Runnable step = next.get();
        if (step == null) {
            rest();
        }
        return step;
    }

    private synchronized void rest() {
        acting = null;
        notifyAll();
    }

    /** Waits until no other thread is at work. Returns early if this takes too long, or if this thread is interrupted. */
    synchronized void awaitOthers(Duration most) {
        try {
            boolean unused = Waits.until(
                    this, () -> acting == null || acting == Thread.currentThread(), System.nanoTime() + most.toNanos());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
