package dev.eventlog.redis;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/** What the connections of all drivers have in common. */
final class Drivers {

    /** A class that is there if Lettuce is. */
    static final String LETTUCE = "io.lettuce.core.RedisClient";

    /** A class that is there if Jedis is. */
    static final String JEDIS = "redis.clients.jedis.Jedis";

    private static final Duration LONGEST_OVER = Duration.ofSeconds(10);

    private Drivers() {}

    /**
     * How long to wait for the answer to a blocking read: at most ten seconds over, or a dead server would stay unnoticed. That
     * holds for an application, too, that waits without a limit, which drivers call zero.
     */
    static Duration patience(Duration application, Duration pollTimeout) {
        boolean limited = !application.isZero() && application.compareTo(LONGEST_OVER) < 0;
        Duration over = limited ? application : LONGEST_OVER;
        return pollTimeout.plus(over);
    }

    /** {@return a line that takes a connection of a template for each question} */
    static Line line(StringRedisTemplate redis, RawReplies raw) {
        return commands -> Objects.requireNonNull(
                redis.execute((RedisCallback<List<@Nullable Object>>) connection -> raw.send(connection, commands)));
    }
}
