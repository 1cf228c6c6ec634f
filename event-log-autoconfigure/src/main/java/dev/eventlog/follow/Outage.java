package dev.eventlog.follow;

import java.time.Duration;
import java.util.function.LongFunction;
import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * An operation that fails at times and is tried again. It backs off and logs the outage once: the first failure at WARN,
 * repetitions at DEBUG, and the end at INFO with the duration. If the operation is one of many, a {@link CommonOutage} logs the
 * beginning and the end. Not thread-safe.
 */
public final class Outage {

    private final Log logger;
    private final BackOff recovery;
    private final CommonOutage.@Nullable Part part;
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
        this(logger, recovery, null);
    }

    /**
     * Creates an outage that is logged together with those of other parts.
     *
     * @param part the part that may fail
     * @param recovery the back-off between attempts
     */
    public Outage(CommonOutage.Part part, BackOff recovery) {
        this(part.logger(), recovery, part);
    }

    private Outage(Log logger, BackOff recovery, CommonOutage.@Nullable Part part) {
        this.logger = logger;
        this.recovery = recovery;
        this.part = part;
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
        boolean first = failures >= quietly && !said;
        said |= first;
        String reason = why.getMessage() == null ? why.toString() : why.getMessage();
        if (first && part != null) {
            part.fails(reason);
        }
        if (first && part == null) {
            logger.warn(message.apply(delay) + ": " + reason);
        } else if (logger.isDebugEnabled()) {
            logger.debug(message.apply(delay), why);
        }
        return delay;
    }

    /** {@return the duration of the outage until now; null if there is none} */
    @Nullable
    Duration lasted() {
        return execution == null ? null : Duration.ofNanos(System.nanoTime() - since);
    }

    /** {@return the duration of the outage that ends now; null if there was none} */
    @Nullable
    Duration over() {
        Duration lasted = lasted();
        execution = null;
        return lasted;
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
            String told = message + " after " + lasted.toMillis() + " ms";
            if (part == null) {
                logger.info(told);
            } else {
                logger.debug(told);
                part.continues();
            }
        }
        return lasted;
    }
}
