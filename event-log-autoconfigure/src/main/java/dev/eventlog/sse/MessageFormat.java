package dev.eventlog.sse;

import org.jspecify.annotations.Nullable;

/**
 * Writes the messages of a stream for a protocol.
 *
 * @param <M> what is sent
 */
interface MessageFormat<M> {

    /** {@return the data of a message as text; throws if it cannot be written, before anything of the message is} */
    String data(@Nullable Object body);

    M message(Message message);

    /** {@return whether each message names its log} */
    boolean namesLogs();
}
