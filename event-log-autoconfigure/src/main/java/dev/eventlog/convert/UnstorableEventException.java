package dev.eventlog.convert;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The reason why an event cannot be stored. Callers get an {@link IllegalArgumentException}; internally, the event can still be
 * identified.
 */
final class UnstorableEventException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String reason;

    UnstorableEventException(String reason) {
        this(reason, null);
    }

    UnstorableEventException(String reason, @Nullable Throwable cause) {
        this("The event", reason, cause);
    }

    private UnstorableEventException(String event, String reason, @Nullable Throwable cause) {
        super(event + " cannot be stored: " + reason, cause);
        this.reason = reason;
    }

    /** Converts events one by one. If an event cannot be stored, the exception has its number, counted from 1. */
    static <E> List<Map<String, String>> sayingWhich(
            List<? extends E> events, Function<? super E, Map<String, String>> conversion) {
        if (events == null) {
            throw new IllegalArgumentException("The list of events is null");
        }
        List<Map<String, String>> converted = new ArrayList<>(events.size());
        for (E event : events) {
            try {
                converted.add(conversion.apply(event));
            } catch (UnstorableEventException ex) {
                String which = "Event " + (converted.size() + 1) + " of " + events.size();
                throw new UnstorableEventException(which, ex.reason, ex.getCause());
            }
        }
        return converted;
    }
}
