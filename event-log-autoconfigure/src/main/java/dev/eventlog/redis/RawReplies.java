package dev.eventlog.redis;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnection;

/** Sends commands and hands over their replies as Redis sent them: texts as bytes, numbers as {@code Long}, lists as lists. */
@FunctionalInterface
interface RawReplies {

    /**
     * Sends commands, in one go where the driver can, and waits for their replies.
     *
     * @param connection the connection to send them on
     * @param commands what to send; only the first may block
     * @return a reply for each: a {@link RuntimeException} of Spring's where that command failed. Where they are sent one by
     *     one, none is sent after the first that failed, and there are fewer.
     */
    List<@Nullable Object> send(RedisConnection connection, List<RawCommand> commands);
}
