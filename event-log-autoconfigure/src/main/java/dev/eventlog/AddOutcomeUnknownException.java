package dev.eventlog;

/**
 * Thrown if Redis did not answer an add. Either all events are in the log, now or in a moment, or none of them ever
 * will be. The library does not send them again. You can simply repeat a call with {@link AddOptions#idempotent}.
 * Without it, read the end of the log first.
 *
 * <p>This is not an {@link EventLogUnavailableException}: after that one you can safely repeat an add, after this one
 * you could add twice.
 */
public class AddOutcomeUnknownException extends EventLogException {

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
                "The outcome of the add to log '" + log
                        + "' is unknown, and the library does not send it again. Read the end of the log,"
                        + " or repeat the add if it has an idempotency key. "
                        + String.valueOf(failure.getMessage()).replace(" Try again later.", ""),
                failure.getCause());
    }
}
