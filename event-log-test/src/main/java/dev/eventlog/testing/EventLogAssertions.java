package dev.eventlog.testing;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import java.util.Map;

/**
 * AssertJ's assertions about event logs, for a static import:
 *
 * <pre>{@code
 * assertThatLog(order).contains(new Placed("Ada"));
 * assertThatLog(order).eventually().contains(new Paid());
 * }</pre>
 */
public final class EventLogAssertions {

    private EventLogAssertions() {}

    /**
     * Begins an assertion about a typed log, whose events are compared as values.
     *
     * @param log the log
     * @param <T> the type of the events
     * @return the assertion
     */
    public static <T> LogAssert<T> assertThatLog(TypedEventLog<T> log) {
        return new LogAssert<>(log, TypedEvent::value);
    }

    /**
     * Begins an assertion about a log, whose events are compared as they are stored: as maps of texts.
     *
     * @param log the log
     * @return the assertion
     */
    public static LogAssert<Map<String, String>> assertThatLog(EventLog log) {
        return new LogAssert<>(log, Event::fields);
    }
}
