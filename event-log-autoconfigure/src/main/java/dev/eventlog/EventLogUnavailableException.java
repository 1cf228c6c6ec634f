package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if Redis could not be reached, did not answer in time, or cannot answer now (for example, because it is
 * loading its data, or its cluster is down). The same call may succeed later. An add that throws this exception has
 * added nothing. An add that may have added something throws an {@link AddOutcomeUnknownException}, which is not a
 * subclass of this one.
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
