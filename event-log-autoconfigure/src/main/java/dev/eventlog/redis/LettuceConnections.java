package dev.eventlog.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.resource.ClientResources;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

// Long: the factory that commands share and the copied configuration are of no use elsewhere.
/**
 * Connections of two copies of the application's Lettuce factory, on the same threads: one whose connection all commands
 * share, one for feeds. Both send each command once. Left to itself Lettuce would, after it has connected again, send what
 * had been sent and not answered, and an event would stand in its log twice.
 */
final class LettuceConnections implements Connections {

    private static final String CONFIGURATION = "configuration";

    private static final Duration LONGEST_CUT = Duration.ofSeconds(1);

    private final CommandFactory commands;
    private final StringRedisTemplate template;
    private final Line line;
    private final LettuceConnectionFactory feeds;
    private final LettuceSharedLines shared;
    private final AtomicBoolean feedLost = new AtomicBoolean();
    private CompletableFuture<Void> cut = CompletableFuture.completedFuture(null); // guarded by this

    private LettuceConnections(
            CommandFactory commands,
            LettuceConnectionFactory feeds,
            LettuceConnectionFactory shared,
            Duration patience) {
        this.commands = commands;
        this.template = new StringRedisTemplate(commands);
        template.setExposeConnection(true); // nobody else gets it, so it needs no proxy at each call
        this.line = new Shared(template);
        this.feeds = feeds;
        this.shared = new LettuceSharedLines(shared, commands, patience, this::isCut);
    }

    static boolean fit(RedisConnectionFactory application) {
        return application instanceof LettuceConnectionFactory;
    }

    static Connections of(RedisConnectionFactory application, Duration pollTimeout) {
        LettuceConnectionFactory original = (LettuceConnectionFactory) application;
        LettuceClientConfiguration client = original.getClientConfiguration();
        CommandFactory commands = new CommandFactory(configuration(original), client);
        Duration patience = Drivers.patience(client.getCommandTimeout(), pollTimeout);
        // A lost connection must end the read: the feed has its own way to come back, at its own pace.
        LettuceConnectionFactory feeds = new LettuceFactory(
                configuration(original),
                new CopiedClient(
                        client,
                        patience,
                        options -> options.mutate()
                                .autoReconnect(false)
                                .timeoutOptions(TimeoutOptions.enabled(patience))
                                .build()),
                client);
        feeds.setShareNativeConnection(false);
        LettuceConnectionFactory shared = new LettuceFactory(
                configuration(original), // whoever waits for an answer there looks to it that the time is not over
                new CopiedClient(
                        client,
                        patience,
                        options -> options.mutate()
                                .autoReconnect(false)
                                .timeoutOptions(TimeoutOptions.create())
                                .build()),
                client);
        shared.setShareNativeConnection(false);
        for (LettuceConnectionFactory copy : List.of(commands, feeds, shared)) {
            copy.setValidateConnection(false);
            copy.afterPropertiesSet();
            copy.start();
        }
        return new LettuceConnections(commands, feeds, shared, patience);
    }

    private static RedisConfiguration configuration(LettuceConnectionFactory original) {
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
        Object configured = new DirectFieldAccessor(original).getPropertyValue(CONFIGURATION);
        return configured instanceof RedisStaticMasterReplicaConfiguration staticSet
                ? staticSet
                : original.getStandaloneConfiguration();
    }

    /** For a native image, which has no field to be found by its name unless it is told. */
    static void registerHints(ReflectionHints hints) {
        hints.registerType(LettuceConnectionFactory.class, factory -> factory.withField(CONFIGURATION));
    }

    @Override
    public StringRedisTemplate commands() {
        return template;
    }

    @Override
    public Line line() {
        return line;
    }

    @Override
    public boolean pipelines() {
        return true;
    }

    @Override
    public void answered() {
        commands.lastAnswer = System.nanoTime();
    }

    @Override
    public void unanswered(long begun) {
        commands.unanswered(begun);
    }

    @Override
    public void wrongServer(long begun) {
        commands.wrongServer(begun);
    }

    @Override
    public FeedConnection open() {
        if (feedLost.getAndSet(false) && feeds.getNativeClient() instanceof RedisClusterClient cluster) {
            cluster.refreshPartitions(); // what was lost may have been a master, and have another successor
        }
        RedisConnection connection = feeds.getConnection();
        try {
            connection.ping(); // has the driver open it now, so that there is something to cut
            StatefulConnection<?, ?> below = LettuceReplies.connection(connection);
            AtomicBoolean closed = new AtomicBoolean(); // by whichever comes first: Lettuce complains of the second
            return new FeedConnection(
                    commands -> LettuceReplies.send(connection, commands),
                    () -> {
                        if (closed.compareAndSet(false, true)) {
                            feedLost.set(true);
                            connection.close();
                        }
                    },
                    () -> {
                        if (closed.compareAndSet(false, true)) {
                            isCut(below.closeAsync());
                        }
                    });
        } catch (RuntimeException failure) {
            feedLost.set(true);
            connection.close();
            throw failure;
        }
    }

    /** Not in a set of servers that is configured: Lettuce's connection to these stands for several. */
    @Override
    public boolean shares() {
        return !(configuration(commands) instanceof RedisStaticMasterReplicaConfiguration);
    }

    @Override
    public String nodeOf(String key) {
        return shared.nodeOf(key);
    }

    @Override
    public SharedLine share(String node, SharedLine.Listener listener) {
        return shared.open(node, List.of(), listener);
    }

    @Override
    public Set<String> masters() {
        return shared.masters();
    }

    @Override
    public SharedLine watch(String node, String prefix, SharedLine.Listener listener) {
        return shared.open(node, List.of("BCAST", "PREFIX", prefix), listener);
    }

    private synchronized void isCut(CompletableFuture<Void> closing) {
        cut = CompletableFuture.allOf(cut, closing);
    }

    @Override
    public void stop() {
        commands.resetConnection();
    }

    /** After what is being cut off is closed: Lettuce's client closes whatever it still knows, and complains of the second time. */
    @Override
    public void close() {
        CompletableFuture<Void> closing;
        synchronized (this) {
            closing = cut.copy();
        }
        closing.completeOnTimeout(null, LONGEST_CUT.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionally(failure -> null)
                .join();
        feeds.destroy();
        shared.close();
        commands.destroy();
    }

    /** On the connection that commands share, which a template hands out without anything to give back. */
    private record Shared(StringRedisTemplate redis) implements Line {

        @Override
        public List<@Nullable Object> send(List<RawCommand> commands) {
            return sendAhead(commands).get();
        }

        @Override
        public Supplier<List<@Nullable Object>> sendAhead(List<RawCommand> commands) {
            return Objects.requireNonNull(redis.execute((RedisCallback<Supplier<List<@Nullable Object>>>)
                    connection -> LettuceReplies.sendAhead(connection, commands)));
        }
    }

    /**
     * The factory of the connection that commands share. A single server's is opened again when it is needed, so that nothing
     * is left to be sent again. That of a cluster stands for one to each node, which Lettuce itself opens again and looks for
     * elsewhere; told to reject what comes meanwhile it fails what was not answered, too.
     */
    private static final class CommandFactory extends LettuceFactory {

        private static final Duration REFRESH_AT_MOST_EVERY = Duration.ofSeconds(1);

        private volatile long lastAnswer;
        private long lastRenewed; // guarded by this, as is the next
        private long lastMoved = System.nanoTime() - REFRESH_AT_MOST_EVERY.toNanos();

        CommandFactory(RedisConfiguration server, LettuceClientConfiguration application) {
            super(
                    server,
                    new CopiedClient(
                            application,
                            application.getCommandTimeout(),
                            server instanceof RedisConfiguration.ClusterConfiguration
                                    ? CommandFactory::inCluster
                                    : CommandFactory::onServer),
                    application);
            lastAnswer = lastRenewed = System.nanoTime();
        }

        private static ClientOptions onServer(ClientOptions application) {
            return application.mutate().autoReconnect(false).build();
        }

        @SuppressWarnings("deprecation") // to look for moved slots and masters is Lettuce's default only from 7 on
        private static ClientOptions inCluster(ClientOptions application) {
            return ClusterClientOptions.builder(application)
                    .autoReconnect(true)
                    .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                    .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                            .enableAllAdaptiveRefreshTriggers()
                            .adaptiveRefreshTriggersTimeout(REFRESH_AT_MOST_EVERY)
                            .build())
                    .build();
        }

        @Override
        protected @Nullable StatefulRedisConnection<byte[], byte[]> getSharedConnection() {
            StatefulRedisConnection<byte[], byte[]> shared = super.getSharedConnection();
            return shared == null || shared.isOpen() ? shared : reopened(shared);
        }

        private synchronized @Nullable StatefulRedisConnection<byte[], byte[]> reopened(
                StatefulRedisConnection<byte[], byte[]> lost) {
            if (super.getSharedConnection() == lost) {
                resetConnection();
            }
            return super.getSharedConnection();
        }

        /**
         * Gives up a connection on which nothing is answered any more: whoever is at its other end may be frozen, and another
         * be the master by now.
         */
        synchronized void unanswered(long begun) {
            boolean sinceThen = lastRenewed - begun > 0;
            if (sinceThen) {
                return;
            }
            if (getNativeClient() instanceof RedisClusterClient || lastAnswer - begun < 0) {
                renew();
            }
        }

        /** Gives up a connection to a server that says it is not the one to ask. */
        synchronized void wrongServer(long begun) {
            boolean soonAfter = System.nanoTime() - lastMoved < REFRESH_AT_MOST_EVERY.toNanos();
            if (lastRenewed - begun > 0 || soonAfter) {
                return;
            }
            lastMoved = System.nanoTime();
            renew();
        }

        private void renew() {
            lastRenewed = System.nanoTime();
            if (getNativeClient() instanceof RedisClusterClient cluster) {
                CompletionStage<Void> unused = cluster.refreshPartitionsAsync();
            } else {
                resetConnection();
            }
        }
    }

    /** The application's client configuration, but for what must be otherwise. */
    private record CopiedClient(
            LettuceClientConfiguration original, Duration commandTimeout, UnaryOperator<ClientOptions> otherwise)
            implements LettuceClientConfiguration {

        @Override
        public Duration getCommandTimeout() {
            return commandTimeout;
        }

        @Override
        public Optional<ClientOptions> getClientOptions() {
            return original.getClientOptions()
                    .or(() -> Optional.of(ClientOptions.create()))
                    .map(otherwise);
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
