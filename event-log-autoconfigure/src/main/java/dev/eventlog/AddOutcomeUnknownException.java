package dev.eventlog;

/**
 * Redis did not answer an add: the events may stand in the log, all of them, or none of them ever will. Nothing sends them
 * again: that is for the caller to decide, who can read the end of the log first; or simply repeat the call, if it was made
 * with {@link AddOptions#idempotent}.
 */
public class AddOutcomeUnknownException extends EventLogUnavailableException {

    private static final long serialVersionUID = 1L;

    /**
     * An exception about a log.
     *
     * @param log the log's name
     * @param failure why there was no answer
     */
    public AddOutcomeUnknownException(String log, EventLogUnavailableException failure) {
        super(
                log,
                "Whether the add to log '" + log
                        + "' was done is unknown, and it is not sent again. Read the end of the log,"
                        + " or repeat the add if it has an idempotency key. " + failure.getMessage(),
                failure.getCause());
    }
}
