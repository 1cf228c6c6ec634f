package dev.eventlog.redis;

import io.lettuce.core.RedisException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.RedisConnectionFailureException;

/**
 * Checks during the shutdown of the application whether the server still answers on the connection for commands. If it does not,
 * waiting commands fail, and no more are sent: otherwise they would hold up the shutdown for as long as a command may take.
 * Thread-safe.
 */
final class LettuceLastAnswers {

    private static final Log logger = LogFactory.getLog(Connections.class);

    /** How long a server may take to answer, or to accept a connection. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final Duration PAUSE = Duration.ofSeconds(1);

    private static final int MOST = 60;

    private final Runnable cut;
    private final Map<Object, CompletableFuture<?>> connecting = new ConcurrentHashMap<>();
    private volatile @Nullable StatefulConnection<?, ?> connection;
    private volatile @Nullable Object watch; // null unless the application shuts down
    private volatile boolean over;

    /**
     * Creates the check.
     *
     * @param cut closes the connection; may block
     */
    LettuceLastAnswers(Runnable cut) {
        this.cut = cut;
    }

    /** A connection is being made. */
    void connecting(CompletableFuture<? extends StatefulConnection<?, ?>> future) {
        Object key = new Object();
        connecting.put(key, future);
        CompletableFuture<?> unused = future.whenComplete((connected, failure) -> {
            connecting.remove(key);
            connection = failure == null ? connected : connection;
        });
        if (over) {
            future.completeExceptionally(closed());
        }
    }

    /** Allows no commands after the server did not answer. */
    void check() {
        if (over) {
            throw closed();
        }
    }

    private static RedisConnectionFailureException closed() {
        return new RedisConnectionFailureException("The connection was destroyed and cannot be used anymore,"
                + " because Redis did not answer while the application shut down");
    }

    /** The application begins to shut down. */
    void begin() {
        Object mine = new Object();
        watch = mine;
        ask(mine, MOST);
    }

    /** The application has shut down. Commands stay refused if the server did not answer. */
    void end() {
        watch = null;
    }

    /** The application starts again. */
    void restart() {
        end();
        over = false;
    }

    private void ask(Object mine, int left) {
        if (watch != mine || left == 0) {
            return;
        }
        CompletableFuture<?> unused = answer().thenApply(any -> any) // so that only this wait ends early
                .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((any, failure) -> {
                    if (failure instanceof TimeoutException) {
                        giveUp(mine);
                    } else {
                        CompletableFuture.delayedExecutor(PAUSE.toMillis(), TimeUnit.MILLISECONDS)
                                .execute(() -> ask(mine, left - 1));
                    }
                });
    }

    /** {@return completes when the server answers, or if there is nothing to wait for} */
    private CompletableFuture<?> answer() {
        CompletableFuture<?>[] begun = connecting.values().toArray(CompletableFuture[]::new);
        if (begun.length > 0) {
            return CompletableFuture.anyOf(begun);
        }
        try {
            return connection instanceof StatefulRedisConnection<?, ?> single && single.isOpen()
                    ? single.async().ping().toCompletableFuture()
                    : CompletableFuture.completedFuture(null);
        } catch (RedisException closed) { // in the meantime
            return CompletableFuture.completedFuture(null);
        }
    }

    private void giveUp(Object mine) {
        if (watch != mine) {
            return;
        }
        logger.warn("Redis does not answer while the application shuts down: the event logs no longer wait for it");
        over = true;
        connecting.values().forEach(each -> each.completeExceptionally(closed()));
        CompletableFuture.runAsync(cut);
    }
}
