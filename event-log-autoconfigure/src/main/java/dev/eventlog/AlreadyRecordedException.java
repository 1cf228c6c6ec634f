package dev.eventlog;

/**
 * Thrown if another source is already being recorded into the log, by this or another application. Nobody subscribes to
 * the refused source. Follow the log instead, or choose another name.
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
