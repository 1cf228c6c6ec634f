package dev.eventlog.redis;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisSentinelConnection;

/**
 * Connections of a factory that is recreated when its pool leads to the wrong server. Jedis offers no other way to empty the
 * pool.
 */
final class RenewedFactory<F extends RedisConnectionFactory & DisposableBean> implements RedisConnectionFactory {

    private static final Log logger = LogFactory.getLog(RenewedFactory.class);

    private final Supplier<F> making;
    private final AtomicBoolean renewing = new AtomicBoolean();
    private @Nullable Used<F> current; // guarded by this
    private volatile long renewed = System.nanoTime() - RENEWED_AT_MOST_EVERY.toNanos();

    /** Limits the rate: otherwise each command would open a new connection to a server that refuses for a long time. */
    static final Duration RENEWED_AT_MOST_EVERY = Duration.ofSeconds(1);

    RenewedFactory(Supplier<F> making) {
        this.making = making;
        this.current = new Used<>(making.get());
    }

    private synchronized Used<F> current() {
        Used<F> used = current;
        if (used == null) {
            used = new Used<>(making.get());
            current = used;
        }
        return used;
    }

    private synchronized boolean isCurrent(Used<F> used) {
        return used == current;
    }

    /** Gives new commands new connections. Running commands finish on theirs. */
    void renew(long begun) {
        boolean soonAfter = System.nanoTime() - renewed < RENEWED_AT_MOST_EVERY.toNanos();
        if (renewed - begun > 0 || soonAfter || !renewing.compareAndSet(false, true)) {
            return;
        }
        try {
            renewed = System.nanoTime();
            discard(replace(new Used<>(making.get())));
        } catch (RuntimeException unreachable) { // no sentinel answers: the existing connections may still work
            logger.debug("No new connections", unreachable);
        } finally {
            renewing.set(false);
        }
    }

    private synchronized @Nullable Used<F> replace(@Nullable Used<F> next) {
        Used<F> before = current;
        current = next;
        return before;
    }

    /** A caller that waited for a connection while the factory was replaced takes one from the new factory. */
    private <T extends RedisConnection> T from(Function<F, T> opening) {
        while (true) {
            Used<F> used = begin();
            T connection;
            try {
                connection = opening.apply(used.factory);
            } catch (RuntimeException failure) {
                if (isCurrent(used)) {
                    throw failure;
                }
                continue;
            } finally {
                end(used);
            }
            if (isCurrent(used)) {
                return connection;
            }
            connection.close();
        }
    }

    private synchronized Used<F> begin() {
        Used<F> used = current();
        used.callers++;
        return used;
    }

    private void end(Used<F> used) {
        boolean last;
        synchronized (this) {
            used.callers--;
            last = used.discarded && used.callers == 0;
        }
        if (last) {
            destroy(used.factory);
        }
    }

    /** Closes a factory, unless callers wait for its connections: then the last of them does. */
    private void discard(@Nullable Used<F> used) {
        if (used == null) {
            return;
        }
        synchronized (this) {
            used.discarded = true;
            if (used.callers > 0) {
                return;
            }
        }
        destroy(used.factory);
    }

    @Override
    public RedisConnection getConnection() {
        return from(RedisConnectionFactory::getConnection);
    }

    @Override
    public RedisClusterConnection getClusterConnection() {
        return from(RedisConnectionFactory::getClusterConnection);
    }

    @Override
    public RedisSentinelConnection getSentinelConnection() {
        return current().factory.getSentinelConnection();
    }

    @Override
    public boolean getConvertPipelineAndTxResults() {
        return current().factory.getConvertPipelineAndTxResults();
    }

    @Override
    public @Nullable DataAccessException translateExceptionIfPossible(RuntimeException thrown) {
        return current().factory.translateExceptionIfPossible(thrown);
    }

    /** Closes the connections. The next request opens others. */
    void stop() {
        discard(replace(null));
    }

    /** Closes the connections for good. */
    synchronized void destroy() {
        discard(current);
    }

    private void destroy(F factory) {
        try {
            factory.destroy();
        } catch (Exception failure) {
            logger.debug("Connections did not close properly", failure);
        }
    }

    /** A factory, and how many callers wait for a connection of it. Closing its pool would interrupt their threads. */
    private static final class Used<F> {

        final F factory;
        int callers;
        boolean discarded;

        Used(F factory) {
            this.factory = factory;
        }
    }
}
