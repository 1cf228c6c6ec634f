package dev.eventlog;

import java.util.Map;

/**
 * An event as it is stored in its log. Immutable and thread-safe.
 *
 * @param id the id, which Redis generated
 * @param fields the fields as text by name, in stored order; unmodifiable, without null
 */
public record Event(EventId id, Map<String, String> fields) implements LoggedEvent {

    /**
     * An event with a copy of the given fields.
     *
     * @param id its id
     * @param fields its fields, in the order to keep
     */
    public Event {
        fields = Fields.copyOf(fields);
    }
}
