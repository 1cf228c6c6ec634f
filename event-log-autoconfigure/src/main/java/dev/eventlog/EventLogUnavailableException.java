package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * Redis could not be reached, did not answer in time, or cannot answer now (it is loading its data, say, or its cluster is
 * down). The same call may succeed later. An add that ends so has added nothing; one that may have added something ends in an
 * {@link AddOutcomeUnknownException}, which is not of this type.
 */
public class EventLogUnavailableException extends EventLogException {

    private static final long serialVersionUID = 1L;

    /**
     * An exception about a log.
     *
     * @param log the log's name
     * @param message what happened and what to do
     * @param cause the cause, if there is one
     */
    public EventLogUnavailableException(String log, String message, @Nullable Throwable cause) {
        super(log, message, cause);
    }
}
