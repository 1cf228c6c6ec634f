package dev.eventlog.annotation;

import org.jspecify.annotations.Nullable;

/** Thrown if a method annotated with {@link EventLogListener} is invalid. The application does not start. Immutable. */
public final class InvalidEventLogListenerException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    /** The problem, without the final period. */
    private final String description;

    /** The solution. */
    private final String action;

    InvalidEventLogListenerException(String description, String action, @Nullable Throwable cause) {
        super(description + ". " + action, cause);
        this.description = description;
        this.action = action;
    }

    /** {@return the problem, with the method and, if there is one, the attribute} */
    public String description() {
        return description;
    }

    /** {@return how to fix it} */
    public String action() {
        return action;
    }
}
