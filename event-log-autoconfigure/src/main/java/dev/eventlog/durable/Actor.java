package dev.eventlog.durable;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread at a time do what a state calls for, until it calls for nothing. Whoever changes the state calls
 * {@link #act} then: if another thread is at work, that one sees the change. Thread-safe.
 */
final class Actor {

    private final Supplier<@Nullable Runnable> next;
    private @Nullable Thread acting; // guarded by this

    /**
     * An actor.
     *
     * @param next looks what the state calls for now; null for nothing. Called by one thread at a time; must not block
     */
    Actor(Supplier<@Nullable Runnable> next) {
        this.next = next;
    }

    /** Does what the state calls for, unless a thread is at it already. */
    void act() {
        synchronized (this) {
            if (acting != null) {
                return;
            }
            acting = Thread.currentThread();
        }
        for (Runnable step = next(); step != null; step = next()) {
            step.run();
        }
    }

    private synchronized @Nullable Runnable next() {
        Runnable step = next.get();
        if (step == null) {
            acting = null;
            notifyAll();
        }
        return step;
    }

    /** Waits until no other thread is at work. Returns early if it takes too long, or if this thread is interrupted. */
    synchronized void awaitOthers(Duration most) {
        long deadline = System.nanoTime() + most.toNanos();
        try {
            for (long left = 1; acting != null && acting != Thread.currentThread() && left > 0; ) {
                left = deadline - System.nanoTime();
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
