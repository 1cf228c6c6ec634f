package dev.eventlog.convert;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Why an event cannot be stored. To callers a plain {@link IllegalArgumentException}; here it can still be told which. */
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

    /** Converts events one by one, and says of one that cannot be stored which it is, counted from 1. */
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
