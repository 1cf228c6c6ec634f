package dev.eventlog.redis;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
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

    /** A connection that can be ended by its reader or, while that blocks, by another thread. */
    final class FeedConnection {

        private final RedisConnection connection;
        private final Runnable cut;
        private final AtomicBoolean closed = new AtomicBoolean();

        /**
         * Wraps a connection.
         *
         * @param connection to be used by one thread
         * @param cut ends it, and with it a read that blocks on it, from another thread
         */
        FeedConnection(RedisConnection connection, Runnable cut) {
            this.connection = connection;
            this.cut = cut;
        }

        RedisConnection connection() {
            return connection;
        }

        void close() {
            if (closed.compareAndSet(false, true)) {
                connection.close();
            }
        }

        void cut() {
            if (closed.compareAndSet(false, true)) {
                cut.run();
            }
        }
    }

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
        if (ClassUtils.isPresent("redis.clients.jedis.Jedis", loader) && JedisFeedConnections.fit(application)) {
            return JedisFeedConnections.of(application, pollTimeout);
        }
        return new ApplicationConnections(application);
    }

    /** For a factory that cannot be copied: its own connections, with what it has set. */
    record ApplicationConnections(RedisConnectionFactory application) implements FeedConnections {

        @Override
        public FeedConnection open() {
            RedisConnection connection = application.getConnection();
            return new FeedConnection(connection, connection::close);
        }

        @Override
        public void close() {}
    }
}
