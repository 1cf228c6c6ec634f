package dev.eventlog.redis;

import java.time.Duration;
import java.util.Set;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.ClassUtils;

/**
 * The connections of a factory: one for its commands, and one for each feed to block on. They go where the application's go,
 * but always to the master, and are never the application's own where they can be others: a driver that connects again by
 * itself may send a command twice, and a feed would hold a place in the pool for as long as it blocks.
 */
public interface Connections extends AutoCloseable, SmartLifecycle {

    /**
     * A connection for one feed's thread.
     *
     * @param line asks on it
     * @param close gives it up; called by the thread that uses it
     * @param cut ends a read that blocks on it, at once and for good; called by another thread, at any time
     */
    record FeedConnection(Line line, Runnable close, Runnable cut) {}

    /** {@return runs commands, none of them twice} */
    StringRedisTemplate commands();

    /** {@return asks on the connection on which commands run} */
    Line line();

    /** {@return whether a feed's connection can send a command behind one that blocks} */
    boolean pipelines();

    /**
     * Opens a connection for a feed.
     *
     * @return the connection, which waits for an answer as long as the application does, and for the poll beyond that
     */
    FeedConnection open();

    /** {@return whether there may be a line on which many logs are read} */
    default boolean shares() {
        return false;
    }

    /**
     * {@return the server that is asked about a key, by a name for {@link #share}} Empty where there is only one, or where nobody knows.
     * Asks Redis nothing once anything has been asked.
     *
     * @param key the key
     */
    default String nodeOf(String key) {
        return "";
    }

    /**
     * Opens a line on which many logs are read.
     *
     * @param node the server, as {@link #nodeOf} calls it
     * @param listener hears of what was read on it
     * @return the line, to be closed
     * @throws SharedLine.UnfitException if Redis or the way to it cannot tell what changes
     */
    default SharedLine share(String node, SharedLine.Listener listener) {
        throw new UnsupportedOperationException("This driver has no shared connection");
    }

    /** {@return the masters that have keys, by their names for {@link #watch}; a single empty one where there is no cluster} */
    default Set<String> masters() {
        return Set.of("");
    }

    /**
     * Opens a line on which Redis names each key that changes, whoever reads it, if it begins with a text.
     *
     * @param node the server, as {@link #masters} calls it
     * @param prefix the text
     * @param listener hears of these keys
     * @return the line, to be closed
     * @throws SharedLine.UnfitException if Redis or the way to it cannot tell what changes
     */
    default SharedLine watch(String node, String prefix, SharedLine.Listener listener) {
        throw new UnsupportedOperationException("This driver cannot watch keys");
    }

    /** Notes that a command was answered. */
    default void answered() {}

    /**
     * Notes that a command got no answer in time: its connection may lead to nowhere.
     *
     * @param begun when the command began, by {@link System#nanoTime()}
     */
    default void unanswered(long begun) {}

    /**
     * Notes that a server answered that it is the wrong one to ask, or cannot answer now. The next command looks for the
     * master again, but not more often than once a second.
     *
     * @param begun when the command began, by {@link System#nanoTime()}
     */
    default void wrongServer(long begun) {}

    /**
     * Notes how a command failed, as far as that says something of its connection.
     *
     * @param failure what was thrown
     * @param begun when the command began, by {@link System#nanoTime()}
     */
    default void failed(RuntimeException failure, long begun) {
        if (failure instanceof QueryTimeoutException) {
            unanswered(begun);
        } else if (RedisFailures.isWrongServer(failure)) {
            wrongServer(begun);
        }
    }

    /** Nothing: a connection is opened when it is needed. */
    @Override
    default void start() {}

    /** Closes what is open, as somebody may be about to freeze this process: the next command opens another. */
    @Override
    void stop();

    @Override
    default boolean isRunning() {
        return true;
    }

    /** That of Spring Data's own connection factories: what still uses this stops before. */
    @Override
    default int getPhase() {
        return 0;
    }

    @Override
    void close();

    /**
     * The connections for a factory, by its driver.
     *
     * @param application the connection factory of the application
     * @param pollTimeout how long Redis holds one blocking read
     * @return the connections, to be closed
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
