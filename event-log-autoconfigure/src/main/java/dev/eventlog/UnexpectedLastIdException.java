package dev.eventlog;

/**
 * Nothing was added, because the id given last in the log is not the one on which the add depended: somebody else has added
 * in the meantime, or the log was deleted or has expired. Read what has come, decide again, and add with the new last id.
 *
 * @see AddOptions#ifLast
 */
public class UnexpectedLastIdException extends EventLogException {

    private static final long serialVersionUID = 1L;

    /** The id that was to be the last one. */
    private final EventId expected;

    /** The id that is. */
    private final EventId actual;

    /**
     * An exception about an add.
     *
     * @param log the log's name
     * @param expected the id that was to be the last one; {@link EventId#MIN} if the log was not to exist
     * @param actual the id that is; {@link EventId#MIN} if the log does not exist
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

    /** {@return the id that was to be the last one; {@link EventId#MIN} if the log was not to exist} */
    public EventId expected() {
        return expected;
    }

    /** {@return the id that is the last one; {@link EventId#MIN} if the log does not exist} */
    public EventId actual() {
        return actual;
    }
}
