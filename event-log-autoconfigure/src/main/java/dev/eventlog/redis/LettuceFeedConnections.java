package dev.eventlog.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.resource.ClientResources;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;

/** Feed connections by a copy of the application's Lettuce factory, on the same threads, without pool and sharing. */
final class LettuceFeedConnections implements FeedConnections {

    private final LettuceConnectionFactory factory;

    private LettuceFeedConnections(LettuceConnectionFactory factory) {
        this.factory = factory;
    }

    static boolean fit(RedisConnectionFactory application) {
        return application instanceof LettuceConnectionFactory;
    }

    static FeedConnections of(RedisConnectionFactory application, Duration pollTimeout) {
        LettuceConnectionFactory original = (LettuceConnectionFactory) application;
        RedisConfiguration server = server(original);
        if (server instanceof RedisStaticMasterReplicaConfiguration) {
            // its nodes cannot be asked for, so it cannot be copied
            return new ApplicationConnections(application);
        }
        LettuceConnectionFactory copy =
                new LettuceConnectionFactory(server, new FeedClient(original.getClientConfiguration(), pollTimeout));
        copy.setShareNativeConnection(false);
        copy.setValidateConnection(false);
        copy.afterPropertiesSet();
        copy.start();
        return new LettuceFeedConnections(copy);
    }

    private static RedisConfiguration server(LettuceConnectionFactory original) {
        if (original.getClusterConfiguration() != null) {
            return original.getClusterConfiguration();
        }
        if (original.getSentinelConfiguration() != null) {
            return original.getSentinelConfiguration();
        }
        if (original.getSocketConfiguration() != null) {
            return original.getSocketConfiguration();
        }
        // The factory has no getter that tells a static master/replica set from a standalone server on localhost.
        Object configured = new DirectFieldAccessor(original).getPropertyValue("configuration");
        return configured instanceof RedisStaticMasterReplicaConfiguration staticSet
                ? staticSet
                : original.getStandaloneConfiguration();
    }

    @Override
    public FeedConnection open() {
        RedisConnection connection = factory.getConnection();
        try {
            connection.ping(); // has the driver open it now, so that there is something to cut
            StatefulConnection<?, ?> below = below(connection.getNativeConnection());
            AtomicBoolean closed = new AtomicBoolean(); // by whichever comes first: Lettuce complains of the second
            return new FeedConnection(
                    connection,
                    () -> {
                        if (closed.compareAndSet(false, true)) {
                            connection.close();
                        }
                    },
                    () -> {
                        if (closed.compareAndSet(false, true)) {
                            CompletableFuture<Void> unused = below.closeAsync();
                        }
                    });
        } catch (RuntimeException failure) {
            connection.close();
            throw failure;
        }
    }

    /**
     * What lies below Spring Data's connection, and is to be closed to cut off a reader. To close Spring Data's own from
     * another thread would not do: if its reader is just about to block it opens a second, which nobody closes.
     */
    @SuppressWarnings("deprecation") // Lettuce offers no other way from the commands to their connection
    private static StatefulConnection<?, ?> below(Object commands) {
        if (commands instanceof RedisAsyncCommands<?, ?> standalone) {
            return standalone.getStatefulConnection();
        }
        if (commands instanceof RedisAdvancedClusterAsyncCommands<?, ?> cluster) {
            return cluster.getStatefulConnection();
        }
        throw new IllegalStateException("Unexpected kind of Lettuce connection: " + commands.getClass());
    }

    @Override
    public void close() {
        factory.destroy();
    }

    /** The application's client configuration, but for what a blocking read needs otherwise. */
    private record FeedClient(LettuceClientConfiguration original, Duration pollTimeout)
            implements LettuceClientConfiguration {

        @Override
        public Duration getCommandTimeout() {
            return FeedConnections.patience(original.getCommandTimeout(), pollTimeout);
        }

        @Override
        public Optional<ClientOptions> getClientOptions() {
            // A lost connection must end the read: the feed has its own way to come back, at its own pace.
            return Optional.of(original.getClientOptions()
                    .map(ClientOptions::mutate)
                    .orElseGet(ClientOptions::builder)
                    .autoReconnect(false)
                    .timeoutOptions(TimeoutOptions.enabled(getCommandTimeout()))
                    .build());
        }

        @Override
        public Optional<ReadFrom> getReadFrom() {
            return Optional.empty();
        }

        @Override
        public boolean isUseSsl() {
            return original.isUseSsl();
        }

        @Override
        @Deprecated
        public boolean isVerifyPeer() {
            return original.isVerifyPeer();
        }

        @Override
        public SslVerifyMode getVerifyMode() {
            return original.getVerifyMode();
        }

        @Override
        public boolean isStartTls() {
            return original.isStartTls();
        }

        @Override
        public Optional<ClientResources> getClientResources() {
            return original.getClientResources();
        }

        @Override
        public Optional<String> getClientName() {
            return original.getClientName();
        }

        @Override
        public Optional<RedisCredentialsProviderFactory> getRedisCredentialsProviderFactory() {
            return original.getRedisCredentialsProviderFactory();
        }

        @Override
        public Duration getShutdownTimeout() {
            return original.getShutdownTimeout();
        }

        @Override
        public Duration getShutdownQuietPeriod() {
            return original.getShutdownQuietPeriod();
        }
    }
}
