package dev.eventlog.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.InvalidDataAccessResourceUsageException;
import org.springframework.data.redis.ClusterRedirectException;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisClusterNode;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.core.Cursor;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.ScanOptions;
import org.springframework.data.redis.core.StringRedisTemplate;
import redis.clients.jedis.ClusterCommandArguments;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/**
 * Commands on the application's connections, which Jedis keeps in a pool for each node of the cluster. Each feed and each search has
 * a single connection to a master instead: it would keep a pooled connection from the application for as long as it blocks.
 */
final class JedisClusterConnections implements Connections {

    private static final RawCommand ASKING = RawCommand.of("ASKING", -1);

    private static final int MOST_REDIRECTS = 5;

    private final RedisClusterConfiguration cluster;
    private final ApplicationConnections commands;
    private final JedisClientConfiguration client;

    JedisClusterConnections(JedisConnectionFactory application, Duration pollTimeout) {
        this.cluster = Objects.requireNonNull(application.getClusterConfiguration());
        this.commands =
                new ApplicationConnections(application, (connection, asked) -> send(application, connection, asked));
        this.client = JedisConnections.client(application.getClientConfiguration(), pollTimeout)
                .build();
    }

    @Override
    public StringRedisTemplate commands() {
        return commands.commands();
    }

    @Override
    public Line line() {
        return commands.line();
    }

    @Override
    public boolean pipelines() {
        return false;
    }

    @Override
    public boolean isCluster() {
        return true;
    }

    @Override
    public FeedConnection open(String key) {
        RedisClusterNode master = Objects.requireNonNull(commands().execute((RedisCallback<RedisClusterNode>)
                connection -> ((RedisClusterConnection) connection).clusterGetNodeForKey(RawCommand.bytes(key))));
        Feed feed = new Feed(connect(master.getRequiredHost(), master.getRequiredPort()));
        return new FeedConnection(feed::send, feed::close, feed::cut);
    }

    @Override
    public Cursor<byte[]> scan(RedisClusterNode master, ScanOptions options) {
        // Spring Data's connection to the cluster ignores the type, and continues on a connection that it has returned
        // to its pool
        return connect(master.getRequiredHost(), master.getRequiredPort())
                .keyCommands()
                .scan(options); // closed with the cursor
    }

    /** Opens a connection to one node, which belongs to no pool. */
    private RedisConnection connect(String host, int port) {
        RedisStandaloneConfiguration node = new RedisStandaloneConfiguration(host, port);
        node.setUsername(cluster.getUsername());
        node.setPassword(cluster.getPassword());
        return JedisConnections.single(node, client).getConnection();
    }

    /** The application's factory stops the connections for commands itself, and feeds and searches close theirs. */
    @Override
    public void stop() {}

    @Override
    public void close() {}

    /**
     * Sends commands by their keys. Spring Data would send some of them to any node, and keep its connection to the wrong node while
     * it waits for one to the right node.
     */
    private static List<@Nullable Object> send(
            JedisConnectionFactory application, RedisConnection connection, List<RawCommand> commands) {
        UnifiedJedis jedis = (UnifiedJedis) connection.getNativeConnection();
        List<@Nullable Object> replies = new ArrayList<>(commands.size());
        for (RawCommand command : commands) {
            try {
                replies.add(sent(jedis, command));
            } catch (RuntimeException failure) {
                RuntimeException reason = reason(failure);
                DataAccessException translated = application.translateExceptionIfPossible(reason);
                replies.add(translated == null ? reason : translated);
                break;
            }
        }
        return replies;
    }

    private static @Nullable Object sent(UnifiedJedis jedis, RawCommand command) {
        try {
            return jedis.executeCommand(arguments(command));
        } catch (RuntimeException failure) {
            if (reason(failure)
                    instanceof JedisMovedDataException) { // Jedis may have no attempt left, but knows the way now
                return jedis.executeCommand(arguments(command));
            }
            throw failure;
        }
    }

    private static CommandArguments arguments(RawCommand command) {
        byte[] name = RawCommand.bytes(command.name());
        CommandArguments arguments = new ClusterCommandArguments(() -> name);
        for (int i = 0; i < command.arguments().size(); i++) {
            byte[] argument = command.arguments().get(i);
            arguments = i == command.keyAt() ? arguments.key(argument) : arguments.add(argument);
        }
        return arguments;
    }

    /** Returns why the last attempt failed, if Jedis says only that there were several. */
    private static RuntimeException reason(RuntimeException failure) {
        Throwable[] suppressed = failure.getSuppressed();
        return failure instanceof JedisClusterOperationException
                        && suppressed.length > 0
                        && suppressed[0] instanceof RuntimeException last
                ? last
                : failure;
    }

    /** A connection to the master of a log. It follows the slot of the log to another master. */
    private final class Feed {

        private volatile RedisConnection connection; // replaced by the thread that uses it
        private volatile boolean cut;
        private boolean asking; // whether the slot is still on its way to this master

        Feed(RedisConnection connection) {
            this.connection = connection;
        }

        List<@Nullable Object> send(List<RawCommand> commands) {
            List<@Nullable Object> replies = new ArrayList<>(commands.size());
            int redirects = 0;
            while (replies.size() < commands.size()) {
                RawCommand next = commands.get(replies.size());
                List<@Nullable Object> answered =
                        ApplicationConnections.send(connection, asking ? List.of(ASKING, next) : List.of(next));
                Object reply = answered.get(answered.size() - 1);
                if (reply instanceof ClusterRedirectException elsewhere && redirects++ < MOST_REDIRECTS) {
                    follow(elsewhere);
                    continue;
                }
                replies.add(reply);
                if (reply instanceof RuntimeException) {
                    break;
                }
            }
            return replies;
        }

        private void follow(ClusterRedirectException elsewhere) {
            RedisConnection next = connect(elsewhere.getTargetHost(), elsewhere.getTargetPort());
            RedisConnection before = connection;
            connection = next;
            asking = elsewhere.getCause() instanceof JedisAskDataException;
            before.close();
            if (cut) { // read after the connection is written; cut() writes cut before it reads the connection
                throw new InvalidDataAccessResourceUsageException("The feed has been stopped");
            }
        }

        void close() {
            connection.close();
        }

        void cut() {
            cut = true;
            JedisConnections.cut((Jedis) connection.getNativeConnection());
        }
    }
}
