package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if nothing was added because the log is complete. {@link #completion()} tells how it ended. A producer whose
 * log somebody has cancelled gets this exception. A retry does not help: delete the log to begin again, or choose
 * another name.
 */
public class EventLogCompletedException extends EventLogException {

    private static final long serialVersionUID = 1L;

    private final transient Completion completion;

    /**
     * An exception about a log.
     *
     * @param log the log's name
     * @param completion how it ended
     * @param cause the error of Redis; null if there was none
     */
    public EventLogCompletedException(String log, Completion completion, @Nullable Throwable cause) {
        super(
                log,
                "Nothing was added to log '" + log + "': it is complete, and ended as " + completion
                        + ". Delete it to begin again, or choose another name.",
                cause);
        this.completion = completion;
    }

    /** {@return how the log ended} */
    public Completion completion() {
        return completion;
    }
}
