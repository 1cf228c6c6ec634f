package dev.eventlog.redis;

import java.time.Duration;
import java.util.Set;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisClusterNode;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.Cursor;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.ScanOptions;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.ClassUtils;

/**
 * The connections of a factory: one for its commands, and one for the blocking reads of each feed. They lead to the same servers
 * as the application's connections, but always to the master. They are separate from those of the application if possible: a
 * driver that reconnects by itself may send a command twice, and a feed would occupy a pooled connection while it blocks.
 */
public interface Connections extends AutoCloseable, SmartLifecycle {

    /**
     * A connection for the thread of one feed.
     *
     * @param line sends commands on the connection
     * @param close closes the connection; called by the thread that uses it
     * @param cut ends a blocking read at once and for good; called by any other thread at any time
     */
    record FeedConnection(Line line, Runnable close, Runnable cut) {}

    /** {@return runs commands, and sends none of them twice} */
    StringRedisTemplate commands();

    /** {@return a line on the connection for commands} */
    Line line();

    /** {@return whether a feed's connection can send a command behind a blocking command} */
    boolean pipelines();

    /**
     * Opens a connection for a feed.
     *
     * @param key the key of the log
     * @return the connection, which waits for an answer as long as the application does, plus the duration of the poll
     */
    FeedConnection open(String key);

    /** {@return whether the keys may be on several servers} */
    default boolean isCluster() {
        return false;
    }

    /**
     * Scans the keys of one master of a cluster.
     *
     * @param master the master
     * @param options the keys to find
     * @return the open cursor, which the caller closes
     */
    default Cursor<byte[]> scan(RedisClusterNode master, ScanOptions options) {
        return commands().executeWithStickyConnection((RedisCallback<Cursor<byte[]>>)
                connection -> ((RedisClusterConnection) connection).scan(master, options));
    }

    /** {@return whether many logs can be read on a shared line} */
    default boolean shares() {
        return false;
    }

    /**
     * {@return the server of a key, as a name for {@link #share}} Empty if there is only one server. Another name if no server of
     * a cluster is known to have the key now; it cannot be shared. Sends nothing to Redis after the first command.
     *
     * @param key the key
     */
    default String nodeOf(String key) {
        return "";
    }

    /**
     * Opens a line on which many logs are read.
     *
     * @param node the server, as returned by {@link #nodeOf}
     * @param listener gets the changes of keys that were read on the line
     * @return the line, which the caller closes
     * @throws SharedLine.UnfitException if Redis or the connection to it cannot report changes
     */
    default SharedLine share(String node, SharedLine.Listener listener) {
        throw new UnsupportedOperationException("This driver has no shared connection");
    }

    /** {@return the masters with keys, as names for {@link #watch}; a single empty name without a cluster} */
    default Set<String> masters() {
        return Set.of("");
    }

    /**
     * Opens a line on which Redis reports every change of a key with a prefix, whether the key was read or not.
     *
     * @param node the server, as returned by {@link #masters}
     * @param prefix the prefix of the keys
     * @param listener gets the changed keys
     * @return the line, which the caller closes
     * @throws SharedLine.UnfitException if Redis or the connection to it cannot report changes
     */
    default SharedLine watch(String node, String prefix, SharedLine.Listener listener) {
        throw new UnsupportedOperationException("This driver cannot watch keys");
    }

    /** Records that a command was answered. */
    default void answered() {}

    /**
     * Records that a command got no answer in time: its connection may be dead.
     *
     * @param begun when the command began, by {@link System#nanoTime()}
     */
    default void unanswered(long begun) {}

    /**
     * Records that a server answered that it is the wrong one, or cannot answer now. The next command looks up the master again,
     * at most once a second.
     *
     * @param begun when the command began, by {@link System#nanoTime()}
     */
    default void wrongServer(long begun) {}

    /**
     * Records how a command failed, if that tells something about its connection.
     *
     * @param failure the failure
     * @param begun when the command began, by {@link System#nanoTime()}
     */
    default void failed(RuntimeException failure, long begun) {
        if (failure instanceof QueryTimeoutException) {
            unanswered(begun);
        } else if (RedisFailures.isWrongServer(failure)) {
            wrongServer(begun);
        }
    }

    /** Does nothing: a connection opens when it is needed. */
    @Override
    default void start() {}

    /**
     * The application begins to shut down. If Redis does not answer from now on, waiting commands fail after a few seconds, and no
     * more are sent until {@link #stop()} or {@link #start()}. Otherwise they would hold up the shutdown.
     */
    default void stopSoon() {}

    /** Closes all open connections, because the process may be about to be checkpointed. The next command opens another one. */
    @Override
    void stop();

    @Override
    default boolean isRunning() {
        return true;
    }

    /** The phase of Spring Data's own connection factories, so that the users of these connections stop earlier. */
    @Override
    default int getPhase() {
        return 0;
    }

    @Override
    void close();

    /**
     * Creates the connections for a factory, according to its driver.
     *
     * @param application the connection factory of the application
     * @param pollTimeout how long Redis blocks one read
     * @return the connections, which the caller closes
     */
    static Connections of(RedisConnectionFactory application, Duration pollTimeout) {
        if (AopProxyUtils.getSingletonTarget(application) instanceof RedisConnectionFactory behindProxy) {
            return of(behindProxy, pollTimeout);
        }
        ClassLoader loader = Connections.class.getClassLoader();
        if (ClassUtils.isPresent(Drivers.LETTUCE, loader) && LettuceConnections.fit(application)) {
            return LettuceConnections.of(application, pollTimeout);
        }
        if (ClassUtils.isPresent(Drivers.JEDIS, loader) && JedisConnections.fit(application)) {
            return JedisConnections.of(application, pollTimeout);
        }
        return new ApplicationConnections(application, ApplicationConnections::send);
    }
}
