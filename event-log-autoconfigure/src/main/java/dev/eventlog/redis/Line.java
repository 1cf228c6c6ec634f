package dev.eventlog.redis;

import java.util.List;
import java.util.function.Supplier;
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

    /**
     * Sends commands now, where the driver can, and waits for their replies only when these are asked for. Where it cannot,
     * they are sent then.
     *
     * @param commands what to send; none may block
     * @return waits for the replies, which are those of {@link #send}; to be asked at most once, or never
     */
    default Supplier<List<@Nullable Object>> sendAhead(List<RawCommand> commands) {
        return () -> send(commands);
    }
}
