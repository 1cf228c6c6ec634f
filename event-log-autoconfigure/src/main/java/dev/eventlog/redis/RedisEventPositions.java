package dev.eventlog.redis;

import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventPositions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * Stores positions in one Redis hash, with a field {@code <name>@<log>} for each. Thread-safe. Every failure is an
 * {@link EventLogException}.
 *
 * <p>Redis: a script with {@code HGET} to load, and a script with {@code HGET} and {@code HSET} to store; one round
 * trip each, O(1). For many logs a script with {@code HMGET}, and one with both; one round trip each, O(N) for N logs.
 */
public final class RedisEventPositions implements EventPositions {

    /** A script, so that the command never goes to a replica, even if the application reads from replicas. */
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

    @SuppressWarnings("rawtypes") // as a script says what it answers
    private static final RedisScript<List> LOAD_ALL = RedisScript.of("""
            -- The fields ARGV of the hash KEYS[1], with an empty text for those that are not there.
            local positions = redis.call('HMGET', KEYS[1], unpack(ARGV))
            for i = 1, #ARGV do
              positions[i] = positions[i] or ''
            end
            return positions
            """, List.class);

    private static final RedisScript<Long> STORE_FIRST = RedisScript.of("""
            -- Sets each field of the hash KEYS[1] that is not there: ARGV[2] to ARGV[3], and so on. None if ARGV[1] is there.
            if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], ARGV[1]) then
              return 0
            end
            for i = 2, #ARGV, 2 do
              if not redis.call('HGET', KEYS[1], ARGV[i]) then
                redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
              end
            end
            return 1
            """, Long.class);

    private static final RedisScript<Long> REMOVE = RedisScript.of("""
            -- Removes each field of the hash KEYS[1] with a certain value: ARGV[1] if it is ARGV[2], and so on.
            for i = 1, #ARGV, 2 do
              if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
                redis.call('HDEL', KEYS[1], ARGV[i])
              end
            end
            return 1
            """, Long.class);

    private final Connections connections;
    private final StringRedisTemplate redis;
    private final String key;

    /**
     * Creates positions in a hash.
     *
     * @param redis creates the connections
     * @param key the key of the hash
     */
    public RedisEventPositions(RedisConnectionFactory redis, String key) {
        this(new ApplicationConnections(redis, ApplicationConnections::send), key);
    }

    /**
     * Creates positions in a hash, on the connections of the logs.
     *
     * @param connections the connections of the logs
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
        return Optional.ofNullable(stored).map(position -> parsed(name, log, position));
    }

    private EventId parsed(String name, String log, String position) {
        try {
            return EventId.parse(position);
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
    public Map<String, EventId> loadAll(String name, Collection<String> logs) {
        List<String> asked = List.copyOf(logs);
        Object[] fields = asked.stream().map(log -> field(name, log)).toArray();
        @Nullable List<?> stored;
        try {
            stored = noting(() -> redis.execute(LOAD_ALL, List.of(key), fields));
        } catch (RuntimeException failure) {
            throw RedisFailures.translate(
                    some(asked), key, "load the positions of follower '" + name + "' of", failure);
        }
        Map<String, EventId> positions = new HashMap<>();
        for (int i = 0; stored != null && i < stored.size(); i++) {
            String position = String.valueOf(stored.get(i));
            if (!position.isEmpty()) {
                positions.put(asked.get(i), parsed(name, asked.get(i), position));
            }
        }
        return positions;
    }

    @Override
    public void storeFirst(String name, Map<String, EventId> positions, @Nullable String unless) {
        List<String> arguments = new ArrayList<>();
        arguments.add(unless == null ? "" : field(name, unless));
        arguments.addAll(fields(name, positions));
        change("store", STORE_FIRST, name, positions, arguments);
    }

    @Override
    public void remove(String name, Map<String, EventId> positions) {
        change("remove", REMOVE, name, positions, fields(name, positions));
    }

    /** {@return each field and its value} */
    private static List<String> fields(String name, Map<String, EventId> positions) {
        List<String> fields = new ArrayList<>();
        positions.forEach((log, position) -> {
            fields.add(field(name, log));
            fields.add(position.toString());
        });
        return fields;
    }

    private void change(
            String what,
            RedisScript<Long> script,
            String name,
            Map<String, EventId> positions,
            List<String> arguments) {
        try {
            noting(() -> redis.execute(script, List.of(key), arguments.toArray()));
        } catch (RuntimeException failure) {
            throw RedisFailures.translate(
                    some(positions.keySet()), key, what + " the positions of follower '" + name + "' of", failure);
        }
    }

    private static String some(Collection<String> logs) {
        String first = logs.stream().limit(3).collect(Collectors.joining(", "));
        return logs.size() > 3 ? first + ", …" : first;
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
     * {@return the field for a follower of a log} The name of a follower has no {@code @}, so each follower has its own
     * field.
     *
     * @param name the name of the follower
     * @param log the name of the log
     */
    public static String field(String name, String log) {
        return name + '@' + log;
    }
}
