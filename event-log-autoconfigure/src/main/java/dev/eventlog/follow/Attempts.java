package dev.eventlog.follow;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.backoff.BackOffExecution;

/**
 * Counts the attempts at one task, according to a {@link RetryPolicy}. It follows the rules of Spring's {@code RetryTemplate},
 * which cannot be used here because it sleeps on the thread between attempts. Not thread-safe.
 */
final class Attempts {

    private final @Nullable RetryPolicy policy;
    private int count;
    private long begin;
    private @Nullable BackOffExecution backOff;

    Attempts(@Nullable RetryPolicy policy) {
        this.policy = policy;
    }

    /** Starts an attempt. */
    void begin() {
        if (count++ == 0) {
            begin = System.nanoTime();
        }
    }

    /** {@return the number of attempts} */
    int count() {
        return count;
    }

    /**
     * Records that the last attempt failed.
     *
     * @return the delay until the next attempt in milliseconds; {@link BackOffExecution#STOP} if there is none
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
}
