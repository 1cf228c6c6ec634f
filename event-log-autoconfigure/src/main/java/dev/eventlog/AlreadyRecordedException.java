package dev.eventlog;

/**
 * A source cannot be recorded into this log now: another is being recorded into it, by this application or another. The source
 * was not subscribed to. Follow the log instead, or choose another name.
 */
public class AlreadyRecordedException extends EventLogException {

    private static final long serialVersionUID = 1L;

    /**
     * An exception about a log.
     *
     * @param log the log's name
     */
    public AlreadyRecordedException(String log) {
        super(
                log,
                "The source cannot be recorded into log '" + log + "': another source is being recorded into it."
                        + " Follow the log instead, or choose another name.",
                null);
    }
}
