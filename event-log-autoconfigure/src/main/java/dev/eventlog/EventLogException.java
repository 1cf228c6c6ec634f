package dev.eventlog;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if a log could not be written, read, or followed. If it is exactly this class, a retry does not
 * help until somebody changes something: the key has another type, the memory is full, the user lacks a permission, or
 * an idempotency key belongs to an add of a different number of events.
 * A failure that may pass by itself is an {@link EventLogUnavailableException}. An add without an answer is an
 * {@link AddOutcomeUnknownException}. The message names the log and a remedy. The cause is the exception of Spring
 * Data.
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
