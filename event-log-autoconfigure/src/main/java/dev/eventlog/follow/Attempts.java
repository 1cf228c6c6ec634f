package dev.eventlog.follow;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.backoff.BackOffExecution;

/**
 * The attempts at one thing, as a {@link RetryPolicy} has them. By the rules of Spring's {@code RetryTemplate}, which is of no
 * use here: it sleeps on the thread between two attempts. Not thread-safe.
 */
final class Attempts {

    private final @Nullable RetryPolicy policy;
    private int count;
    private long begin;
    private @Nullable BackOffExecution backOff;

    Attempts(@Nullable RetryPolicy policy) {
        this.policy = policy;
    }

    /** An attempt begins. */
    void begin() {
        if (count++ == 0) {
            begin = System.nanoTime();
        }
    }

    /** {@return how many there were} */
    int count() {
        return count;
    }

    /**
     * The last attempt failed.
     *
     * @return after how many milliseconds to make another; {@link BackOffExecution#STOP} for none
     */
    long delayAfter(Throwable failure) {
        if (policy == null || !policy.shouldRetry(failure)) {
            return BackOffExecution.STOP;
        }
        if (backOff == null) {
            backOff = policy.getBackOff().start();
        }
        long delay = backOff.nextBackOff();
        long timeout = policy.getTimeout().toMillis();
        boolean tooLate = timeout > 0 && delay >= timeout - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        return tooLate ? BackOffExecution.STOP : delay;
    }

    /** What was attempted is done: the next attempt is at something else. */
    void done() {
        count = 0;
        backOff = null;
    }
}
