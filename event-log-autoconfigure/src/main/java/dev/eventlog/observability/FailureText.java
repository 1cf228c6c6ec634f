package dev.eventlog.observability;

import dev.eventlog.EventConversionException;
import dev.eventlog.EventLogException;

/** What the health and the endpoint show of an error. */
final class FailureText {

    private FailureText() {}

    /**
     * Returns the error as text. It includes the message only if it comes from this library and contains no event data,
     * because more people can see the health than the events.
     */
    static String of(Throwable failure) {
        boolean mayTell = failure instanceof EventLogException && !(failure instanceof EventConversionException);
        return mayTell ? failure.toString() : failure.getClass().getName();
    }
}
