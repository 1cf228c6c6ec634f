package dev.eventlog.redis;

import java.time.Duration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.util.ClassUtils;

/**
 * Opens the connections on which feeds block. They stand outside the application's pool, where each would take a place for
 * as long as it blocks; they go to the master; and their time-out is that of the application and the poll's together, so
 * that the two cannot be set against each other.
 */
interface FeedConnections extends AutoCloseable {

    Duration LONGEST_OVER = Duration.ofSeconds(10);

    /**
     * A connection for one thread.
     *
     * @param connection the connection, never closed by itself
     * @param close gives it up; called by the thread that uses it
     * @param cut ends a read that blocks on it, at once and for good; called by another thread, at any time
     */
    record FeedConnection(RedisConnection connection, Runnable close, Runnable cut) {}

    FeedConnection open();

    @Override
    void close();

    /** How long to wait for the answer to a blocking read: at most ten seconds over, or a dead server would stay unnoticed. */
    static Duration patience(Duration application, Duration pollTimeout) {
        Duration over = application.compareTo(LONGEST_OVER) < 0 ? application : LONGEST_OVER;
        return pollTimeout.plus(over);
    }

    static FeedConnections of(RedisConnectionFactory application, Duration pollTimeout) {
        ClassLoader loader = FeedConnections.class.getClassLoader();
        if (ClassUtils.isPresent("io.lettuce.core.RedisClient", loader) && LettuceFeedConnections.fit(application)) {
            return LettuceFeedConnections.of(application, pollTimeout);
        }
        if (isJedis(application)) {
            return JedisFeedConnections.of(application, pollTimeout);
        }
        return new ApplicationConnections(application);
    }

    static boolean isJedis(RedisConnectionFactory application) {
        return ClassUtils.isPresent("redis.clients.jedis.Jedis", FeedConnections.class.getClassLoader())
                && JedisFeedConnections.fit(application);
    }

    /** For a factory that cannot be copied: its own connections, with what it has set. */
    record ApplicationConnections(RedisConnectionFactory application) implements FeedConnections {

        @Override
        public FeedConnection open() {
            RedisConnection connection = application.getConnection();
            return new FeedConnection(
                    isJedis(application) ? new RawStreams.Reading(connection) : connection,
                    connection::close,
                    connection::close);
        }

        @Override
        public void close() {}
    }
}
