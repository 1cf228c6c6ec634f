package dev.eventlog.redis;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisCommandInterruptedException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.RedisCodec;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration.SentinelConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionProvider;

/**
 * A factory that limits the wait for a connection to the time that each of its steps may take. By default Lettuce waits without a
 * limit, and Spring Data waits while it holds the lock that every caller needs. A connection lost at the wrong moment, for
 * example to a sentinel, would then block all callers forever.
 */
class LettuceFactory extends LettuceConnectionFactory {

    private final Duration patience;
    private final LettuceLastAnswers lastAnswers = new LettuceLastAnswers(this::resetConnection);

    /**
     * Creates a factory whose connections differ from those of the application.
     *
     * @param application how long the application waits
     */
    LettuceFactory(
            RedisConfiguration server, LettuceClientConfiguration client, LettuceClientConfiguration application) {
        super(server, client);
        Duration step = application
                .getClientOptions()
                .orElseGet(ClientOptions::create)
                .getSocketOptions()
                .getConnectTimeout()
                .plus(application.getCommandTimeout());
        int servers = server instanceof SentinelConfiguration sentinels
                ? 1 + sentinels.getSentinels().size()
                : 1;
        this.patience = step.multipliedBy(servers);
    }

    /** {@return checks during the shutdown whether the server answers} */
    LettuceLastAnswers lastAnswers() {
        return lastAnswers;
    }

    @Override
    public RedisConnection getConnection() {
        lastAnswers.check();
        return super.getConnection();
    }

    @Override
    protected LettuceConnectionProvider doCreateConnectionProvider(AbstractRedisClient client, RedisCodec<?, ?> codec) {
        LettuceConnectionProvider provider = super.doCreateConnectionProvider(client, codec);
        return client instanceof RedisClusterClient ? provider : new PatientProvider(provider, patience, lastAnswers);
    }

    /**
     * A provider that stops waiting after a while, and that replaces a connection that was cut during its handshake. Lettuce
     * considers such a connection open, but rejects all commands.
     */
    record PatientProvider(LettuceConnectionProvider provider, Duration patience, LettuceLastAnswers lastAnswers)
            implements LettuceConnectionProvider {

        @Override
        public <T extends StatefulConnection<?, ?>> T getConnection(Class<T> type) {
            try {
                T connection = connect(type);
                if (!isCut(connection)) {
                    return connection;
                }
                release(connection);
            } catch (RedisException failure) {
                if (!RedisFailures.isCutEarly(failure)) {
                    throw failure;
                }
            }
            return connect(type); // nothing was sent yet, so the caller need not know
        }

        private static boolean isCut(StatefulConnection<?, ?> connection) {
            if (!(connection instanceof StatefulRedisConnection<?, ?> single)) {
                return false;
            }
            CompletableFuture<String> ping = single.async().ping().toCompletableFuture();
            try {
                ping.getNow(""); // the driver knows at once that it cannot send
                return false;
            } catch (CompletionException failed) {
                return RedisFailures.isCutEarly(failed);
            }
        }

        private <T extends StatefulConnection<?, ?>> T connect(Class<T> type) {
            CompletableFuture<T> connecting = provider.getConnectionAsync(type).toCompletableFuture();
            lastAnswers.connecting(connecting);
            try {
                return connecting.get(patience.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException late) {
                closeWhenItComes(connecting);
                throw new RedisConnectionException("Unable to connect within " + patience.toMillis() + " ms", late);
            } catch (InterruptedException interrupted) {
                closeWhenItComes(connecting);
                Thread.currentThread().interrupt();
                throw new RedisCommandInterruptedException(interrupted);
            } catch (ExecutionException failed) {
                throw failed.getCause() instanceof RuntimeException cause ? cause : new CompletionException(failed);
            }
        }

        private static void closeWhenItComes(CompletableFuture<? extends StatefulConnection<?, ?>> connecting) {
            CompletableFuture<?> unused = connecting.thenCompose(StatefulConnection::closeAsync);
        }

        @Override
        public <T extends StatefulConnection<?, ?>> CompletionStage<T> getConnectionAsync(Class<T> type) {
            return provider.getConnectionAsync(type);
        }

        @Override
        public void release(StatefulConnection<?, ?> connection) {
            provider.release(connection);
        }

        @Override
        public CompletableFuture<Void> releaseAsync(StatefulConnection<?, ?> connection) {
            return provider.releaseAsync(connection);
        }
    }
}
