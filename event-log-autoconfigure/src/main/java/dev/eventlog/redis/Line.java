package dev.eventlog.redis;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A connection to Redis on which one question after the other can be asked. What is asked of one line is told by one server. */
@FunctionalInterface
public interface Line {

    /**
     * Sends commands, in one go where the driver can, and waits for their replies.
     *
     * @param commands what to send; only the first may block
     * @return as {@link RawReplies#send}
     */
    List<@Nullable Object> send(List<RawCommand> commands);
}
