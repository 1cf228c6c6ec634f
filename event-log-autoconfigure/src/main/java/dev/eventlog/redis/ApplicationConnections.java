package dev.eventlog.redis;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisSentinelConnection;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Uses the application's connection factory itself, with its settings. For factories that cannot be copied. */
final class ApplicationConnections implements Connections {

    private static final String OF_LETTUCE = "org.springframework.data.redis.connection.lettuce.";

    private final StringRedisTemplate commands;
    private final RawReplies raw;
    private final Line line;

    ApplicationConnections(RedisConnectionFactory application, RawReplies raw) {
        this.commands = new StringRedisTemplate(new Unbound(application));
        this.raw = raw;
        this.line = Drivers.line(commands, raw);
    }

    @Override
    public StringRedisTemplate commands() {
        return commands;
    }

    @Override
    public Line line() {
        return line;
    }

    @Override
    public boolean pipelines() {
        return false;
    }

    @Override
    public FeedConnection open(String key) {
        RedisConnection connection = commands.getRequiredConnectionFactory().getConnection();
        return new FeedConnection(asked -> raw.send(connection, asked), connection::close, connection::close);
    }

    @Override
    public boolean isCluster() {
        try {
            return Boolean.TRUE.equals(commands.execute(
                    (RedisCallback<Boolean>) connection -> connection instanceof RedisClusterConnection));
        } catch (RuntimeException failure) { // the next command reports it
            return true;
        }
    }

    /** The factory stops its connections itself. */
    @Override
    public void stop() {}

    @Override
    public void close() {}

    /**
     * Gives a factory another identity, because a transaction of the application binds its connections to the identity of its own
     * factory.
     */
    private record Unbound(RedisConnectionFactory original) implements RedisConnectionFactory {

        @Override
        public RedisConnection getConnection() {
            RedisConnection connection = original.getConnection();
            if (connection.getClass().getName().startsWith(OF_LETTUCE)) {
                connection.close();
                throw new HiddenFactoryException(original);
            }
            return connection;
        }

        @Override
        public RedisClusterConnection getClusterConnection() {
            return original.getClusterConnection();
        }

        @Override
        public RedisSentinelConnection getSentinelConnection() {
            return original.getSentinelConnection();
        }

        @Override
        public boolean getConvertPipelineAndTxResults() {
            return original.getConvertPipelineAndTxResults();
        }

        @Override
        public @Nullable DataAccessException translateExceptionIfPossible(RuntimeException thrown) {
            return original.translateExceptionIfPossible(thrown);
        }
    }

    /** Sends any command through Spring Data, one after the other. */
    static List<@Nullable Object> send(RedisConnection connection, List<RawCommand> commands) {
        List<@Nullable Object> replies = new ArrayList<>(commands.size());
        for (RawCommand command : commands) {
            try {
                replies.add(send(connection, command));
            } catch (RuntimeException failure) {
                replies.add(failure);
                break;
            }
        }
        return replies;
    }

    private static @Nullable Object send(RedisConnection connection, RawCommand command) {
        List<byte[]> arguments = command.arguments();
        if (command.name().equals("EVAL")) {
            byte[][] keyAndRest = arguments.subList(2, arguments.size()).toArray(byte[][]::new);
            return connection.scriptingCommands().eval(arguments.get(0), ReturnType.MULTI, 1, keyAndRest);
        }
        if (command.name().equals("EVALSHA")) {
            byte[][] keyAndRest = arguments.subList(2, arguments.size()).toArray(byte[][]::new);
            return connection.scriptingCommands().evalSha(arguments.get(0), ReturnType.MULTI, 1, keyAndRest);
        }
        if (connection instanceof RedisClusterConnection cluster && command.keyAt() == 0) {
            return cluster.execute(command.name(), command.key(), arguments.subList(1, arguments.size()));
        }
        return connection.execute(command.name(), command.array());
    }
}
