package dev.eventlog.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;

/**
 * The factory of the connection for commands. For a single server, the connection is reopened when it is needed, so that no
 * command is left to be repeated. For a cluster, it stands for one connection to each node. Lettuce reopens those, or looks
 * for the node elsewhere. It is configured to reject commands in the meantime, and then also fails commands that were not
 * answered.
 */
final class LettuceCommandFactory extends LettuceFactory {

    private static final Duration REFRESH_AT_MOST_EVERY = Duration.ofSeconds(1);

    private volatile long lastAnswer;
    private long lastRenewed; // guarded by this, like the next field
    private long lastMoved = System.nanoTime() - REFRESH_AT_MOST_EVERY.toNanos();

    LettuceCommandFactory(RedisConfiguration server, LettuceClientConfiguration application) {
        super(
                server,
                new LettuceClientCopy(
                        application,
                        application.getCommandTimeout(),
                        server instanceof RedisConfiguration.ClusterConfiguration
                                ? LettuceCommandFactory::inCluster
                                : LettuceCommandFactory::onServer),
                application);
        lastAnswer = lastRenewed = System.nanoTime();
    }

    private static ClientOptions onServer(ClientOptions application) {
        return application.mutate().autoReconnect(false).build();
    }

    @SuppressWarnings("deprecation") // before version 7, Lettuce does not look for moved slots and masters by default
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

    /** The server has answered. */
    void answered() {
        lastAnswer = System.nanoTime();
    }

    /** Gives up a connection that no longer answers: the server may be frozen, and another one may be the master by now. */
    synchronized void unanswered(long begun) {
        boolean sinceThen = lastRenewed - begun > 0;
        if (sinceThen) {
            return;
        }
        if (getNativeClient() instanceof RedisClusterClient || lastAnswer - begun < 0) {
            renew();
        }
    }

    /** Gives up a connection to a server that says it is the wrong one. */
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
