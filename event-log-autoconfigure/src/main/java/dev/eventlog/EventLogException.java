package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * A log could not be written, read or followed. This class itself says that Redis refused, and will again until something is
 * changed: the key holds another type, the memory is full, the user lacks a permission. What may pass by itself is an
 * {@link EventLogUnavailableException}; an add that got no answer ends in an {@link AddOutcomeUnknownException}. The message names the log and the way out; the cause is Spring Data's exception.
 */
public class EventLogException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The name of the log. */
    private final String log;

    /**
     * An exception about a log.
     *
     * @param log the log's name
     * @param message what happened and what to do
     * @param cause the cause, if there is one
     */
    public EventLogException(String log, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.log = log;
    }

    /** {@return the name of the log} */
    public String log() {
        return log;
    }
}
