package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * Thrown to a subscriber or a stream at the end of a log that its writer completed with
 * {@link EventLog#completeExceptionally}. Every event of the log has been delivered before. Nothing is wrong with the
 * log itself.
 */
public class EventLogFailedException extends EventLogException {

    private static final long serialVersionUID = 1L;

    /** The reason as the writer gave it. */
    private final @Nullable String reason;

    /**
     * An exception about a log.
     *
     * @param log the log's name
     * @param reason the reason as the writer gave it; null for none
     */
    public EventLogFailedException(String log, @Nullable String reason) {
        super(
                log,
                "Log '" + log + "' has ended: its writer completed it as failed"
                        + (reason == null ? "" : " (" + reason + ")"),
                null);
        this.reason = reason;
    }

    /** {@return the reason as the writer gave it; null for none} */
    public @Nullable String reason() {
        return reason;
    }
}
