package dev.eventlog;

/**
 * Thrown if nothing was added because the last id of the log is not the expected one: somebody else has added in the
 * meantime, or the log was deleted or has expired. Read the new events, decide again, and add with the new last id.
 *
 * @see AddOptions#ifLast
 */
public class UnexpectedLastIdException extends EventLogException {

    private static final long serialVersionUID = 1L;

    /** The expected last id. */
    private final EventId expected;

    /** The actual last id. */
    private final EventId actual;

    /**
     * An exception about an add.
     *
     * @param log the log's name
     * @param expected the expected last id; {@link EventId#MIN} if the log should not exist
     * @param actual the actual last id; {@link EventId#MIN} if the log does not exist
     */
    public UnexpectedLastIdException(String log, EventId expected, EventId actual) {
        super(
                log,
                "Nothing was added to log '" + log + "': its last id should be " + said(expected) + ", but is "
                        + said(actual)
                        + ". Read the new events, decide again, and add with that id as the expected last id.",
                null);
        this.expected = expected;
        this.actual = actual;
    }

    private static String said(EventId id) {
        return id.equals(EventId.MIN) ? id + " (no such log)" : id.toString();
    }

    /** {@return the expected last id; {@link EventId#MIN} if the log should not exist} */
    public EventId expected() {
        return expected;
    }

    /** {@return the actual last id; {@link EventId#MIN} if the log does not exist} */
    public EventId actual() {
        return actual;
    }
}
