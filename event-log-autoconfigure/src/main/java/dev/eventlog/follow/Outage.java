package dev.eventlog.follow;

import java.time.Duration;
import java.util.function.LongFunction;
import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * An operation that fails at times and is tried again. It backs off and logs the outage once: the first failure at WARN,
 * repetitions at DEBUG, and the end at INFO with the duration. Not thread-safe.
 */
public final class Outage {

    private final Log logger;
    private final BackOff recovery;
    private @Nullable BackOffExecution execution;
    private long since;
    private int failures;
    private boolean said;

    /**
     * Creates an outage that has not begun.
     *
     * @param logger logs the outage
     * @param recovery the back-off between attempts
     */
    public Outage(Log logger, BackOff recovery) {
        this.logger = logger;
        this.recovery = recovery;
    }

    /**
     * {@return the current outage, or a new one} Used by objects that are so numerous that they create an outage only when they
     * need it.
     */
    static Outage or(@Nullable Outage lasting, Log logger, BackOff recovery) {
        return lasting != null ? lasting : new Outage(logger, recovery);
    }

    /**
     * Records a failure.
     *
     * @param why the failure
     * @param message creates the message from the milliseconds until the next attempt
     * @return the delay until the next attempt in milliseconds; {@link BackOffExecution#STOP} if there is none, and then nothing
     *         is logged
     */
    public long failed(Throwable why, LongFunction<String> message) {
        return failed(why, 1, message);
    }

    /**
     * Records a failure, but logs it only after several failures in a row, because another object logs it first.
     *
     * @param quietly the number of failures that are not logged; {@link Integer#MAX_VALUE} if another object logs this one, which
     *         then does not count
     */
    long failed(Throwable why, int quietly, LongFunction<String> message) {
        BackOffExecution running = execution;
        if (running == null) {
            running = recovery.start();
            execution = running;
            since = System.nanoTime();
            failures = 0;
            said = false;
        }
        long delay = running.nextBackOff();
        if (delay == BackOffExecution.STOP) {
            return delay;
        }
        failures = quietly == Integer.MAX_VALUE ? 0 : failures + 1;
        if (failures >= quietly && !said) {
            said = true;
            logger.warn(message.apply(delay) + ": " + (why.getMessage() == null ? why : why.getMessage()));
        } else if (logger.isDebugEnabled()) {
            logger.debug(message.apply(delay), why);
        }
        return delay;
    }

    /** {@return the duration of the outage that ends now; null if there was none} */
    @Nullable
    Duration over() {
        if (execution == null) {
            return null;
        }
        execution = null;
        return Duration.ofNanos(System.nanoTime() - since);
    }

    /**
     * Records success, and logs the end of the outage if there was one.
     *
     * @param message the message; the duration is appended
     * @return the duration of the outage; null if there was none
     */
    public @Nullable Duration over(String message) {
        Duration lasted = over();
        if (lasted != null && said) {
            logger.info(message + " after " + lasted.toMillis() + " ms");
        }
        return lasted;
    }
}
