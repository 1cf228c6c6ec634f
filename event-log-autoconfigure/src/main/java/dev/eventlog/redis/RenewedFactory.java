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
    private volatile @Nullable F current;
    private volatile long renewed = System.nanoTime() - RENEWED_AT_MOST_EVERY.toNanos();

    /** Limits the rate: otherwise each command would open a new connection to a server that refuses for a long time. */
    static final Duration RENEWED_AT_MOST_EVERY = Duration.ofSeconds(1);

    RenewedFactory(Supplier<F> making) {
        this.making = making;
        this.current = making.get();
    }

    private F current() {
        F factory = current;
        return factory != null ? factory : made();
    }

    private synchronized F made() {
        F factory = current;
        if (factory == null) {
            factory = making.get();
            current = factory;
        }
        return factory;
    }

    /** Gives new commands new connections. Running commands finish on theirs. */
    void renew(long begun) {
        boolean soonAfter = System.nanoTime() - renewed < RENEWED_AT_MOST_EVERY.toNanos();
        if (renewed - begun > 0 || soonAfter || !renewing.compareAndSet(false, true)) {
            return;
        }
        try {
            F before = current();
            renewed = System.nanoTime();
            current = making.get();
            destroy(before);
        } catch (RuntimeException unreachable) { // no sentinel answers: the existing connections may still work
            logger.debug("No new connections", unreachable);
        } finally {
            renewing.set(false);
        }
    }

    private <T> T from(Function<F, T> opening) {
        while (true) {
            F factory = current();
            try {
                return opening.apply(factory);
            } catch (RuntimeException failure) {
                if (factory == current) {
                    throw failure;
                }
            }
        }
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
        return from(RedisConnectionFactory::getSentinelConnection);
    }

    @Override
    public boolean getConvertPipelineAndTxResults() {
        return current().getConvertPipelineAndTxResults();
    }

    @Override
    public @Nullable DataAccessException translateExceptionIfPossible(RuntimeException thrown) {
        return current().translateExceptionIfPossible(thrown);
    }

    /** Closes the connections. The next request opens others. */
    synchronized void stop() {
        F factory = current;
        current = null;
        if (factory != null) {
            destroy(factory);
        }
    }

    /** Closes the connections for good. */
    void destroy() {
        destroy(current());
    }

    private void destroy(F factory) {
        try {
            factory.destroy();
        } catch (Exception failure) {
            logger.debug("Connections did not close properly", failure);
        }
    }
}
