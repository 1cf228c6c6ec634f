package dev.eventlog.redis;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/** The parts that the connections of all drivers share. */
final class Drivers {

    /** A class that exists if Lettuce is on the classpath. */
    static final String LETTUCE = "io.lettuce.core.RedisClient";

    /** A class that exists if Jedis is on the classpath. */
    static final String JEDIS = "redis.clients.jedis.Jedis";

    private static final Duration LONGEST_OVER = Duration.ofSeconds(10);

    private Drivers() {}

    /**
     * Returns how long to wait for the answer to a blocking read. It is at most ten seconds longer than the poll, because
     * otherwise a dead server would go unnoticed. This also holds for an application that waits without a limit, which drivers
     * represent as zero.
     */
    static Duration patience(Duration application, Duration pollTimeout) {
        boolean limited = !application.isZero() && application.compareTo(LONGEST_OVER) < 0;
        Duration over = limited ? application : LONGEST_OVER;
        return pollTimeout.plus(over);
    }

    /** {@return a line that takes a connection from a template for each question} */
    static Line line(StringRedisTemplate redis, RawReplies raw) {
        return commands -> Objects.requireNonNull(
                redis.execute((RedisCallback<List<@Nullable Object>>) connection -> raw.send(connection, commands)));
    }
}
