package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * What a log tells of has failed, and its writer said so by {@link EventLog#completeExceptionally}. A subscriber or a stream gets
 * this when it has got every event of the log; nothing is wrong with the log itself.
 */
public class EventLogFailedException extends EventLogException {

    private static final long serialVersionUID = 1L;

    /** Why it failed, in the words of its writer. */
    private final @Nullable String reason;

    /**
     * An exception about a log.
     *
     * @param log the log's name
     * @param reason why it failed, in the words of its writer; null if nothing was said
     */
    public EventLogFailedException(String log, @Nullable String reason) {
        super(
                log,
                "Log '" + log + "' has ended: its writer completed it as failed"
                        + (reason == null ? "" : " (" + reason + ")"),
                null);
        this.reason = reason;
    }

    /** {@return why it failed, in the words of its writer; null if nothing was said} */
    public @Nullable String reason() {
        return reason;
    }
}
