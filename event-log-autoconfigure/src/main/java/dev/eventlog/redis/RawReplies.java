package dev.eventlog.redis;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnection;

/** Sends commands and returns their replies as Redis sent them: texts as bytes, numbers as {@code Long}, lists as lists. */
@FunctionalInterface
interface RawReplies {

    /**
     * Sends commands, in one write if the driver can, and waits for their replies.
     *
     * @param connection the connection
     * @param commands the commands; only the first may block
     * @return a reply for each command: a {@link RuntimeException} of Spring if the command failed. If they are sent one by one,
     *         none is sent after the first failure, and there are fewer replies.
     */
    List<@Nullable Object> send(RedisConnection connection, List<RawCommand> commands);
}
