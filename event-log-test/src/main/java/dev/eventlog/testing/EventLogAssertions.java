package dev.eventlog.testing;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import java.util.Map;

/**
 * AssertJ assertions for event logs, for a static import:
 *
 * <pre>{@code
 * assertThatLog(order).contains(new Placed("Ada"));
 * assertThatLog(order).eventually().contains(new Paid());
 * }</pre>
 */
public final class EventLogAssertions {

    private EventLogAssertions() {}

    /**
     * Creates assertions for a typed log. They compare its events as values.
     *
     * @param log the log
     * @param <T> the type of the events
     * @return the assertions
     */
    public static <T> LogAssert<T> assertThatLog(TypedEventLog<T> log) {
        return new LogAssert<>(log, TypedEvent::value);
    }

    /**
     * Creates assertions for a log. They compare its events as stored, as maps of strings.
     *
     * @param log the log
     * @return the assertions
     */
    public static LogAssert<Map<String, String>> assertThatLog(EventLog log) {
        return new LogAssert<>(log, Event::fields);
    }
}
