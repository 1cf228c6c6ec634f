package dev.eventlog.follow;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits with a deadline until other threads have made a condition true. */
public final class Waits {

    private Waits() {}

    /**
     * Waits on a lock that the calling thread holds, and that guards what the condition reads.
     *
     * @param lock the lock; a thread that may have made the condition true notifies all
     * @param condition the condition
     * @param deadline the time to stop waiting, as in {@link System#nanoTime()}
     * @return whether the condition is true
     * @throws InterruptedException if this thread is interrupted
     */
    public static boolean until(Object lock, BooleanSupplier condition, long deadline) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(lock, left);
        }
        return true;
    }
}
