package dev.eventlog.redis;

import dev.eventlog.redis.Connections.FeedConnection;
import java.util.List;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.InvalidDataAccessResourceUsageException;
import org.springframework.data.redis.connection.DefaultStringRedisConnection;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisSentinelConnection;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamReadOptions;

/**
 * The factory given to a feed's listener container, which asks it for a connection before each poll and closes that after:
 * it gives the same one each time, and ignores the closing. So a poll costs no connection, and the moment between two polls
 * is known.
 *
 * <p>Used by the one thread that polls, but for {@link #cut()}.
 */
final class HeldConnection implements RedisConnectionFactory {

    private static final Log logger = LogFactory.getLog(HeldConnection.class);

    /** Polls and asks for the state of the stream in one, on a connection that can do that. */
    @FunctionalInterface
    interface Polling {
        List<ByteRecord> poll(RedisConnection connection, StreamReadOptions options, StreamOffset<byte[]> from);
    }

    private final Connections connections;
    private final Runnable beforePoll;
    private final Polling polling;
    private volatile @Nullable FeedConnection held;
    private volatile boolean cut;
    private volatile @Nullable Thread reader;

    HeldConnection(Connections connections, Runnable beforePoll, Polling polling) {
        this.connections = connections;
        this.beforePoll = beforePoll;
        this.polling = polling;
    }

    @Override
    public RedisConnection getConnection() {
        beforePoll.run();
        FeedConnection current = held;
        if (current == null) {
            current = connections.open();
            held = current;
        }
        if (cut) { // read after held is written, as cut() reads held after it has written cut: one of the two sees the
            // other
            release();
            throw new InvalidDataAccessResourceUsageException("The feed has been stopped");
        }
        return current.pipelines() ? new Pipelining(current.connection()) : new Uncloseable(current.connection());
    }

    /** Closes the connection; the next poll opens another. */
    void release() {
        FeedConnection current = held;
        held = null;
        if (current != null) {
            try {
                current.close().run();
            } catch (RuntimeException failure) { // of a connection that is lost or cut off, and given up in any case
                logger.debug("A connection of a feed did not close in order", failure);
            }
        }
    }

    /** Ends the poll that may be under way, at once, and lets none follow. From any thread. */
    void cut() {
        cut = true;
        FeedConnection current = held;
        if (current != null) {
            current.cut().run();
        }
        Thread waiting = reader;
        if (waiting != null) { // what it sent just when the connection was closed may never be answered
            waiting.interrupt();
        }
    }

    @Override
    public RedisClusterConnection getClusterConnection() {
        throw new UnsupportedOperationException("A feed reads one key");
    }

    @Override
    public RedisSentinelConnection getSentinelConnection() {
        throw new UnsupportedOperationException("A feed reads one key");
    }

    @Override
    public boolean getConvertPipelineAndTxResults() {
        return true;
    }

    @Override
    public @Nullable DataAccessException translateExceptionIfPossible(RuntimeException failure) {
        return null;
    }

    private static class Uncloseable extends DefaultStringRedisConnection {

        Uncloseable(RedisConnection connection) {
            super(connection);
        }

        @Override
        public void close() {}
    }

    private final class Pipelining extends Uncloseable {

        Pipelining(RedisConnection connection) {
            super(connection);
        }

        @Override
        @SafeVarargs
        @SuppressWarnings("ArrayAsKeyOfSetOrMap") // so Spring Data has it; nothing is looked up in it
        public final List<ByteRecord> xRead(StreamReadOptions options, StreamOffset<byte[]>... streams) {
            reader = Thread.currentThread();
            try {
                if (cut) { // read after reader is written, as cut() does it the other way round
                    throw new InvalidDataAccessResourceUsageException("The feed has been stopped");
                }
                return polling.poll(getDelegate(), options, streams[0]);
            } finally {
                reader = null;
            }
        }
    }
}
