package dev.eventlog.redis;

import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventPositions;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * Positions in one Redis hash, with a field {@code <name>@<log>} for each. Thread-safe; every failure is an
 * {@link EventLogException}.
 *
 * <p>Redis: a script of {@code HGET}, and one of {@code HGET} and {@code HSET}; one round trip each, O(1).
 */
public final class RedisEventPositions implements EventPositions {

    /** A script, so that no replica is asked, also where the application reads from those. */
    private static final RedisScript<String> LOAD =
            RedisScript.of("return redis.call('HGET', KEYS[1], ARGV[1])", String.class);

    private static final RedisScript<Long> STORE = RedisScript.of("""
            -- Sets the field ARGV[1] of the hash KEYS[1] to ARGV[3], if it is ARGV[2], or absent where that is empty.
            if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
              return 0
            end
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
            return 1
            """, Long.class);

    private final Connections connections;
    private final StringRedisTemplate redis;
    private final String key;

    /**
     * Positions in a hash.
     *
     * @param redis makes the connections
     * @param key the key of the hash
     */
    public RedisEventPositions(RedisConnectionFactory redis, String key) {
        this(new ApplicationConnections(redis, ApplicationConnections::send), key);
    }

    /**
     * Positions in a hash, on the connections of the logs.
     *
     * @param connections where to ask
     * @param key the key of the hash
     */
    public RedisEventPositions(Connections connections, String key) {
        this.connections = connections;
        this.redis = connections.commands();
        this.key = key;
    }

    @Override
    public Optional<EventId> load(String name, String log) {
        @Nullable String stored;
        try {
            stored = noting(() -> redis.execute(LOAD, List.of(key), field(name, log)));
        } catch (RuntimeException failure) {
            throw RedisFailures.translate(log, key, "load the position of follower '" + name + "' of", failure);
        }
        try {
            return Optional.ofNullable(stored).map(EventId::parse);
        } catch (IllegalArgumentException malformed) {
            throw new EventLogException(
                    log,
                    "The position of follower '" + name + "' of log '" + log + "' cannot be read: "
                            + malformed.getMessage() + ". Correct or delete the field '" + field(name, log)
                            + "' of the hash '" + key + "'.",
                    malformed);
        }
    }

    @Override
    public boolean store(String name, String log, @Nullable EventId before, EventId position) {
        try {
            String expected = before == null ? "" : before.toString();
            Long stored =
                    noting(() -> redis.execute(STORE, List.of(key), field(name, log), expected, position.toString()));
            return Long.valueOf(1).equals(stored);
        } catch (RuntimeException failure) {
            throw RedisFailures.translate(log, key, "store the position of follower '" + name + "' of", failure);
        }
    }

    private <T> @Nullable T noting(Supplier<@Nullable T> question) {
        long begun = System.nanoTime();
        try {
            return question.get();
        } catch (RuntimeException failure) {
            connections.failed(failure, begun);
            throw failure;
        }
    }

    /**
     * {@return what stands for a follower of a log} A follower's name has no {@code @}, so that no two of them have one field.
     *
     * @param name the name of the follower
     * @param log the name of the log
     */
    public static String field(String name, String log) {
        return name + '@' + log;
    }
}
