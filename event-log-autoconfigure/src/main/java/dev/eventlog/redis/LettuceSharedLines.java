package dev.eventlog.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** Opens shared lines to the server, or to a master of a cluster, each with its own connection. Thread-safe. */
final class LettuceSharedLines {

    private static final Duration LONGEST_SHUTDOWN = Duration.ofSeconds(1);

    /** Stands for the master of a slot that has none. Not empty, because the slot belongs to another node as soon as it has one. */
    private static final String NO_MASTER = "none";

    private final LettuceConnectionFactory factory;
    private final LettuceConnectionFactory topology;
    private final Duration patience;
    private final Consumer<CompletableFuture<Void>> closing;
    private @Nullable RedisClient single; // for single servers of a cluster; guarded by this

    /**
     * Creates an instance without open lines.
     *
     * @param factory creates connections that do not reconnect by themselves
     * @param topology knows the masters of a cluster
     * @param patience how long to wait for an answer
     * @param closing is told when a connection is being closed
     */
    LettuceSharedLines(
            LettuceConnectionFactory factory,
            LettuceConnectionFactory topology,
            Duration patience,
            Consumer<CompletableFuture<Void>> closing) {
        this.factory = factory;
        this.topology = topology;
        this.patience = patience;
        this.closing = closing;
    }

    private synchronized RedisClient single() {
        RedisClient client = single;
        if (client == null) {
            client = RedisClient.create(factory.getRequiredNativeClient().getResources());
            client.setOptions(
                    factory.getClientConfiguration().getClientOptions().orElseGet(ClientOptions::create));
            single = client;
        }
        return client;
    }

    private @Nullable RedisClusterClient cluster() {
        return topology.getNativeClient() instanceof RedisClusterClient cluster ? cluster : null;
    }

    String nodeOf(String key) {
        RedisClusterClient cluster = cluster();
        if (cluster == null) {
            return "";
        }
        RedisClusterNode master =
                cluster.getPartitions().getMasterBySlot(SlotHash.getSlot(key.getBytes(StandardCharsets.UTF_8)));
        return master == null ? NO_MASTER : master.getNodeId();
    }

    Set<String> masters() {
        RedisClusterClient cluster = cluster();
        return cluster == null
                ? Set.of("")
                : cluster.getPartitions().stream()
                        .filter(node -> node.getRole().isUpstream() && !node.hasNoSlots())
                        .map(RedisClusterNode::getNodeId)
                        .collect(Collectors.toSet());
    }

    SharedLine open(String node, List<String> tracking, SharedLine.Listener listener) {
        RedisClusterClient cluster = cluster();
        return on(cluster == null ? connect() : connect(cluster, node), tracking, listener);
    }

    private SharedLine on(
            StatefulRedisConnection<byte[], byte[]> connection, List<String> tracking, SharedLine.Listener listener) {
        try {
            return LettuceSharedLine.on(connection, tracking, patience, listener, closing);
        } catch (RuntimeException failure) {
            closing.accept(connection.closeAsync());
            throw failure;
        }
    }

    @SuppressWarnings("unchecked") // Spring Data's connections have this codec
    private StatefulRedisConnection<byte[], byte[]> connect() {
        RedisConnection connection = factory.getConnection();
        try {
            connection.ping(); // makes the driver connect now
            return (StatefulRedisConnection<byte[], byte[]>) LettuceReplies.connection(connection);
        } catch (RuntimeException failure) {
            connection.close();
            throw failure;
        }
    }

    private StatefulRedisConnection<byte[], byte[]> connect(RedisClusterClient cluster, String node) {
        if (node.equals(NO_MASTER)) {
            throw new RedisConnectionFailureException("No master of the cluster is known to have the slot of the log");
        }
        RedisClusterNode master = cluster.getPartitions().getPartitionByNodeId(node);
        if (master == null) {
            throw new RedisConnectionFailureException("Node '" + node + "' of the cluster is no longer known");
        }
        CompletableFuture<StatefulRedisConnection<byte[], byte[]>> connecting =
                single().connectAsync(ByteArrayCodec.INSTANCE, master.getUri()).toCompletableFuture();
        try {
            return connecting.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException failed) {
            closeWhenItComes(connecting);
            throw new RedisConnectionFailureException("Unable to connect to " + master.getUri(), failed);
        } catch (InterruptedException interrupted) {
            closeWhenItComes(connecting);
            Thread.currentThread().interrupt();
            throw new RedisConnectionFailureException("Interrupted while connecting", interrupted);
        }
    }

    private static void closeWhenItComes(CompletableFuture<StatefulRedisConnection<byte[], byte[]>> connecting) {
        CompletableFuture<?> unused = connecting.thenCompose(StatefulRedisConnection::closeAsync);
    }

    void close() {
        RedisClient client;
        synchronized (this) {
            client = single;
            single = null;
        }
        if (client != null) {
            client.shutdown(Duration.ZERO, LONGEST_SHUTDOWN);
        }
        factory.destroy();
    }
}
