package dev.eventlog.follow;

import java.time.Duration;
import org.springframework.util.backoff.BackOff;

/**
 * How logs are followed. Immutable.
 *
 * @param batchSize how many events a listener gets at most in one call, above 0
 * @param pollTimeout how long Redis holds one blocking read; also how soon it is noticed that a log began again
 * @param windowSize how many of the newest events of a followed log are kept in memory for its followers, above 0
 * @param closeTimeout how long {@code close()} waits for a running callback before it interrupts it
 * @param recovery how long to wait before asking again, after Redis could not be reached
 * @param dedicatedConnections how many logs at most are read on a connection of their own, where others can share one
 * @param sweepInterval how often each log that shares a connection is read without having been told of
 * @param lease how long a follower with a name keeps its turn, and stands back when another of its name has gone on
 * @param concurrency for how many logs the listener of a follower of many logs is called at once, above 0
 * @param scanInterval how often logs that have begun are looked for, where Redis does not tell
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
     * Asks for no more than a million events at once, which Redis and this heap would have to hold.
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
}
