package dev.eventlog.redis;

import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Connections from two copies of the application's Lettuce factory, on the same threads: one whose single connection all commands
 * share, and one for feeds. Both send each command once. By default Lettuce, after reconnecting, would repeat commands that were
 * sent but not answered, and an event would be in its log twice.
 */
final class LettuceConnections implements Connections {

    private static final String CONFIGURATION = "configuration";

    private static final RawCommand PING = RawCommand.of("PING", -1);

    private static final Duration LONGEST_CUT = Duration.ofSeconds(1);

    private final LettuceCommandFactory commands;
    private final StringRedisTemplate template;
    private final Line line;
    private final LettuceConnectionFactory feeds;
    private final LettuceSharedLines shared;
    private final AtomicBoolean feedLost = new AtomicBoolean();
    private CompletableFuture<Void> cut = CompletableFuture.completedFuture(null); // guarded by this

    private LettuceConnections(
            LettuceCommandFactory commands,
            LettuceConnectionFactory feeds,
            LettuceConnectionFactory shared,
            Duration patience) {
        this.commands = commands;
        this.template = new StringRedisTemplate(commands);
        template.setExposeConnection(true); // nobody else gets the connection, so it needs no proxy for each call
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
        LettuceCommandFactory commands = new LettuceCommandFactory(configuration(original), client);
        Duration patience = Drivers.patience(client.getCommandTimeout(), pollTimeout);
        // A lost connection must end the read: the feed reconnects by itself, at its own pace.
        LettuceConnectionFactory feeds = new LettuceFactory(
                configuration(original),
                new LettuceClientCopy(
                        client,
                        patience,
                        options -> options.mutate()
                                .autoReconnect(false)
                                .timeoutOptions(TimeoutOptions.enabled(patience))
                                .build()),
                client);
        feeds.setShareNativeConnection(false);
        LettuceConnectionFactory shared = new LettuceFactory(
                configuration(original), // callers that wait for an answer check the time themselves
                new LettuceClientCopy(
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
        // The factory has no getter that distinguishes a static master/replica setup from a standalone server on
        // localhost.
        Object configured = new DirectFieldAccessor(original).getPropertyValue(CONFIGURATION);
        return configured instanceof RedisStaticMasterReplicaConfiguration staticSet
                ? staticSet
                : original.getStandaloneConfiguration();
    }

    /** A native image needs hints to find a field by its name. */
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
        commands.answered();
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
    public FeedConnection open(String key) {
        if (feedLost.getAndSet(false) && feeds.getNativeClient() instanceof RedisClusterClient cluster) {
            cluster.refreshPartitions(); // the lost server may have been a master with a successor
        }
        RedisConnection connection = feeds.getConnection();
        try {
            // Makes the driver connect now, so that the connection can be cut. In a cluster, the ping of Spring Data
            // would ask all masters, on other connections that are never replaced.
            Inquiry.unlessFailed(LettuceReplies.send(connection, List.of(PING)).get(0));
            StatefulConnection<?, ?> below = LettuceReplies.connection(connection);
            AtomicBoolean closed = new AtomicBoolean(); // closed once only: Lettuce reports an error for a second close
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

    /** Returns false for a configured set of servers, because one Lettuce connection then stands for several. */
    @Override
    public boolean shares() {
        return !(configuration(commands) instanceof RedisStaticMasterReplicaConfiguration);
    }

    @Override
    public boolean isCluster() {
        return commands.isClusterAware();
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
    public void start() {
        commands.lastAnswers().restart();
    }

    @Override
    public void stopSoon() {
        commands.lastAnswers().begin();
    }

    @Override
    public void stop() {
        commands.lastAnswers().end();
        commands.resetConnection();
    }

    /**
     * Waits until connections that are being cut off are closed. Lettuce's client closes all connections that it still knows, and
     * reports an error for a second close.
     */
    @Override
    public void close() {
        CompletableFuture<Void> closing;
        synchronized (this) {
            closing = cut.copy();
        }
        commands.lastAnswers().end();
        closing.completeOnTimeout(null, LONGEST_CUT.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionally(failure -> null)
                .join();
        feeds.destroy();
        shared.close();
        commands.destroy();
    }

    /** Uses the connection for commands, which a template provides and which need not be returned. */
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
}
