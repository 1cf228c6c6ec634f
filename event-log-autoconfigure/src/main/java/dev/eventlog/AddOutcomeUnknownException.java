package dev.eventlog;

/**
 * Redis did not answer an add: the events may stand in the log, all of them, now or in a moment, or none of them ever will.
 * The library does not send them again. A call that was made with {@link AddOptions#idempotent} can simply be repeated;
 * whoever made it without reads the end of the log first.
 *
 * <p>It is no {@link EventLogUnavailableException}: to repeat an add is safe after that one, but can add twice after this one.
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
