package dev.eventlog.follow;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/** Waits for a thread while an executor has none, and logs this once. Thread-safe. */
final class FullExecutor {

    private static final long SELDOM = 5_000; // milliseconds, after the back-off has given up

    private final String description;
    private final Outage outage; // guarded by this

    /**
     * Creates an instance that does not wait.
     *
     * @param logger logs the wait
     * @param description who waits, as in "… waits for a thread"
     * @param recovery the back-off between attempts
     */
    FullExecutor(Log logger, String description, BackOff recovery) {
        this.description = description;
        this.outage = new Outage(logger, recovery);
    }

    /** The executor has rejected a task. Calls {@code again} later, on the thread of a timer. */
    synchronized void rejected(RejectedExecutionException full, Runnable again) {
        long delay = outage.failed(full, next -> description + " waits " + next + " ms for a thread");
        CompletableFuture.delayedExecutor(
                        delay == BackOffExecution.STOP ? SELDOM : delay, TimeUnit.MILLISECONDS, Runnable::run)
                .execute(again);
    }

    /** The executor has a thread. */
    synchronized void accepted() {
        outage.over(description + " has a thread");
    }
}
