package dev.eventlog.redis;

import dev.eventlog.EventLogException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * Which logs are being recorded, and until when without a sign of life: a sorted set of their names, by the time at which their
 * lease runs out on the clock of Redis. Thread-safe; every failure is an {@link EventLogException}.
 *
 * <p>Redis: one script of {@code TIME} and {@code ZSCORE}, {@code ZADD}, {@code ZREM} or {@code ZRANGEBYSCORE}; O(log n) in the
 * number of recordings, and at most a hundred names at once.
 */
public final class RecordLeases {

    /** What is known of the lease of a log. */
    public enum Claim {
        /** It is the caller's now. */
        GRANTED,
        /** Another has it. */
        HELD,
        /** Another had it, and let it run out without completing its log. */
        RUN_OUT
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static final RedisScript<List<String>> SCRIPT =
            (RedisScript) RedisScript.of(Script.text("leases.lua"), List.class);

    private final Connections connections;
    private final String key;
    private final String leaseMillis;

    /**
     * The leases of all recordings.
     *
     * @param connections where to ask
     * @param key the key of the sorted set
     * @param lease how long a recording is taken for alive after its last sign of life
     */
    public RecordLeases(Connections connections, String key, Duration lease) {
        this.connections = connections;
        this.key = key;
        this.leaseMillis = Long.toString(lease.toMillis());
    }

    /**
     * {@return whose the lease of a log is, after it was asked for by this}
     *
     * @param log the log
     */
    public Claim claim(String log) {
        return Claim.valueOf(ask(log, "claim", log, leaseMillis).get(0));
    }

    /**
     * Prolongs a lease.
     *
     * @param log the log
     */
    public void renew(String log) {
        ask(log, "renew", log, leaseMillis);
    }

    /**
     * Gives a lease up.
     *
     * @param log the log
     */
    public void release(String log) {
        ask(log, "release", log);
    }

    /**
     * Forgets a lease if it still has run out.
     *
     * @param log the log
     */
    public void forget(String log) {
        ask(log, "forget", log);
    }

    /** {@return some of the logs whose lease has run out, the oldest first} */
    public List<String> runOut() {
        return ask(key, "runout");
    }

    private List<String> ask(String log, String... arguments) {
        long begun = System.nanoTime();
        try {
            @Nullable List<String> answer = connections.commands().execute(SCRIPT, List.of(key), (Object[]) arguments);
            return answer == null ? List.of() : new ArrayList<>(answer);
        } catch (RuntimeException failure) {
            connections.failed(failure, begun);
            throw RedisFailures.translate(log, key, arguments[0] + " the lease of a recording of", failure);
        }
    }
}
