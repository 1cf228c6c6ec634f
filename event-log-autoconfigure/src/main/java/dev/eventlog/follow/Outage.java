package dev.eventlog.follow;

import java.time.Duration;
import java.util.function.LongFunction;
import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * One thing that does not work at times and is tried again: backs off, and says so once. The first failure is a warning, its
 * repetitions are for debugging, and the end is told with how long it took. Not thread-safe.
 */
public final class Outage {

    private final Log logger;
    private final BackOff recovery;
    private @Nullable BackOffExecution execution;
    private long since;
    private int failures;
    private boolean said;

    /**
     * An outage that is not on.
     *
     * @param logger where it is said
     * @param recovery how long to wait before each further try
     */
    public Outage(Log logger, BackOff recovery) {
        this.logger = logger;
        this.recovery = recovery;
    }

    /** {@return one that lasts, or one that is not on: for those that are so many that none of them is to have one before} */
    static Outage or(@Nullable Outage lasting, Log logger, BackOff recovery) {
        return lasting != null ? lasting : new Outage(logger, recovery);
    }

    /**
     * It failed.
     *
     * @param why what it threw
     * @param message what to say, made of the milliseconds until the next try
     * @return after how many milliseconds to try again; {@link BackOffExecution#STOP} for never, and then nothing is said
     */
    public long failed(Throwable why, LongFunction<String> message) {
        return failed(why, 1, message);
    }

    /**
     * The same, but said only when it has failed so many times in a row, as somebody else says it before.
     *
     * @param quietly how many times; {@link Integer#MAX_VALUE} where somebody else says it now, and this time does not count
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

    /** {@return for how long it had not worked, now that it does; null if it had} */
    @Nullable
    Duration over() {
        if (execution == null) {
            return null;
        }
        execution = null;
        return Duration.ofNanos(System.nanoTime() - since);
    }

    /**
     * It works, which is said if it had not.
     *
     * @param message what to say; how long it took is added
     * @return for how long it had not worked; null if it had
     */
    public @Nullable Duration over(String message) {
        Duration lasted = over();
        if (lasted != null && said) {
            logger.info(message + " after " + lasted.toMillis() + " ms");
        }
        return lasted;
    }
}
