package dev.eventlog.redis;

import dev.eventlog.EventLogException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * The logs that are being recorded, and the end of each lease: a sorted set of their names, by the time on the clock of Redis at
 * which the lease expires. Thread-safe. Every failure is an {@link EventLogException}.
 *
 * <p>Redis: one script with {@code TIME} and {@code ZSCORE}, {@code ZADD}, {@code ZREM} or {@code ZRANGEBYSCORE}; O(log n) in the
 * number of recordings, and at most a hundred names at once.
 */
public final class RecordLeases {

    /** The state of the lease of a log. */
    public enum Claim {
        /** The caller has the lease now. */
        GRANTED,
        /** Another recording has the lease. */
        HELD,
        /** Another recording had the lease, and let it expire without completing its log. */
        RUN_OUT
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static final RedisScript<List<String>> SCRIPT =
            (RedisScript) RedisScript.of(Script.text("leases.lua"), List.class);

    private final Connections connections;
    private final String key;
    private final String leaseMillis;

    /**
     * Creates the leases of all recordings.
     *
     * @param connections the connections
     * @param key the key of the sorted set
     * @param lease how long a recording counts as alive after it renewed its lease
     */
    public RecordLeases(Connections connections, String key, Duration lease) {
        this.connections = connections;
        this.key = key;
        this.leaseMillis = Long.toString(lease.toMillis());
    }

    /**
     * {@return the state of the lease of a log after this request for it}
     *
     * @param log the log
     */
    public Claim claim(String log) {
        return Claim.valueOf(ask(log, "claim the lease of a recording of", "claim", log, leaseMillis)
                .get(0));
    }

    /**
     * Renews a lease.
     *
     * @param log the log
     */
    public void renew(String log) {
        ask(log, "renew the lease of a recording of", "renew", log, leaseMillis);
    }

    /**
     * Gives up a lease.
     *
     * @param log the log
     */
    public void release(String log) {
        ask(log, "release the lease of a recording of", "release", log);
    }

    /**
     * Removes a lease if it is still expired.
     *
     * @param log the log
     */
    public void forget(String log) {
        ask(log, "forget the lease of a recording of", "forget", log);
    }

    /** {@return some of the logs with expired leases, the oldest first} */
    public List<String> runOut() {
        return ask(key, "look for expired leases of recordings in", "runout");
    }

    private List<String> ask(String log, String what, String... arguments) {
        long begun = System.nanoTime();
        try {
            @Nullable List<String> answer = connections.commands().execute(SCRIPT, List.of(key), (Object[]) arguments);
            return answer == null ? List.of() : new ArrayList<>(answer);
        } catch (RuntimeException failure) {
            connections.failed(failure, begun);
            throw RedisFailures.translate(log, key, what, failure);
        }
    }
}
