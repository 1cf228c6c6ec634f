package dev.eventlog;

/**
 * Thrown if Redis did not answer an add. Either all events are in the log, now or in a moment, or none of them ever
 * will be. The library does not send them again. If the call had an idempotency key
 * ({@link AddOptions#idempotent}), repeat it with the same key. Otherwise, read the end of the log first.
 *
 * <p>This is not an {@link EventLogUnavailableException}. After an {@code EventLogUnavailableException}, you can safely
 * repeat an add. After this exception, a repeated add without a key can add the events twice.
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
