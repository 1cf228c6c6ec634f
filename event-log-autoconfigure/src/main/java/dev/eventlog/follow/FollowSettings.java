package dev.eventlog.follow;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * Settings of followers. Immutable.
 *
 * @param batchSize the maximum number of events in one call of a listener, at least 1
 * @param pollTimeout how long Redis blocks one read; also the longest time until a log that began again is noticed
 * @param windowSize the number of the newest events of a followed log that are kept in memory for its followers, at
 *     least 1
 * @param closeTimeout how long {@code close()} waits for a running callback before it interrupts its thread
 * @param recovery the back-off after Redis could not be reached
 * @param dedicatedConnections the maximum number of logs with a dedicated connection, if the others can share one
 * @param sweepInterval the interval at which each log on the shared connection is read even without a reported change
 * @param lease how long a named follower keeps its lease, and how long it pauses when another one of its name has
 *     continued
 * @param concurrency the maximum number of logs for which the listener of a follower of many logs runs at the same
 *     time, at least 1
 * @param scanInterval the interval of the search for new logs if Redis does not report them
 */
public record FollowSettings(
        int batchSize,
        Duration pollTimeout,
        int windowSize,
        Duration closeTimeout,
        BackOff recovery,
        int dedicatedConnections,
        Duration sweepInterval,
        Duration lease,
        int concurrency,
        Duration scanInterval) {

    private static final int MOST = 1_000_000;

    /**
     * Limits the batch size to a million events, because Redis and the heap must hold a batch.
     *
     * @param batchSize as above, as are all others
     * @param pollTimeout as above
     * @param windowSize as above
     * @param closeTimeout as above
     * @param recovery as above
     * @param dedicatedConnections as above
     * @param sweepInterval as above
     * @param lease as above
     * @param concurrency as above
     * @param scanInterval as above
     */
    public FollowSettings {
        batchSize = Math.min(batchSize, MOST);
    }

    /** {@return the nanoseconds of a pause of this many milliseconds; the sweep interval if no attempt of a back-off is left} */
    long pauseNanos(long delay) {
        return delay == BackOffExecution.STOP ? sweepInterval.toNanos() : TimeUnit.MILLISECONDS.toNanos(delay);
    }
}
