package dev.eventlog;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Thrown if a stored event does not fit the type of the log: another program wrote it, or the type has changed. An
 * untyped {@link EventLog} of the same name can always read it.
 */
public class EventConversionException extends EventLogException {

    private static final long serialVersionUID = 1L;

    /** The id of the event. */
    private final EventId id;

    private final transient Map<String, String> fields;

    /**
     * An exception about an event.
     *
     * @param log the log's name
     * @param event the event
     * @param type the type that it does not fit
     * @param cause the exception of the conversion
     */
    public EventConversionException(String log, Event event, Class<?> type, Throwable cause) {
        super(
                log,
                "Event " + event.id() + " of log '" + log + "' does not fit " + type.getName() + ": " + onOneLine(cause)
                        + ". Its fields as stored: " + event.fields(),
                cause);
        this.id = event.id();
        this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(event.fields()));
    }

    /**
     * Joins the lines of Jackson's message, and removes the location in the source, because there is no source here.
     */
    private static String onOneLine(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        return message.lines()
                .map(String::strip)
                .collect(Collectors.joining(" "))
                .replace("at [Source: UNKNOWN; byte offset: #UNKNOWN] ", "");
    }

    /** {@return the event's id} */
    public EventId id() {
        return id;
    }

    /** {@return the event's fields as stored, unmodifiable} */
    public Map<String, String> fields() {
        return fields;
    }
}
