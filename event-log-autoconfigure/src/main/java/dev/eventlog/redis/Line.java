package dev.eventlog.redis;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A connection to Redis for questions, one after the other. All answers on one line come from one server. */
@FunctionalInterface
public interface Line {

    /**
     * Sends commands, in one write if the driver can, and waits for their replies.
     *
     * @param commands the commands; only the first may block
     * @return as {@link RawReplies#send}
     */
    List<@Nullable Object> send(List<RawCommand> commands);

    /**
     * Sends commands now if the driver can, and waits for their replies only when the result is used. Otherwise it sends them at
     * that time.
     *
     * @param commands the commands; none may block
     * @return waits for the replies, as {@link #send} returns them; use it at most once
     */
    default Supplier<List<@Nullable Object>> sendAhead(List<RawCommand> commands) {
        return () -> send(commands);
    }
}
