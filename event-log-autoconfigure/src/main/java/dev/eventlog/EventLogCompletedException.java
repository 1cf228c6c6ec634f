package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * Nothing was added, because the log is complete: {@link #completion()} says how it ended. A producer whose log somebody else
 * has cancelled learns it by this. It does not pass: to begin again, delete the log, or choose another name.
 */
public class EventLogCompletedException extends EventLogException {

    private static final long serialVersionUID = 1L;

    private final transient Completion completion;

    /**
     * An exception about a log.
     *
     * @param log the log's name
     * @param completion how it ended
     * @param cause what Redis said; null if it refused nothing
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
