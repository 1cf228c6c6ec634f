package dev.eventlog;

import java.util.Map;

/**
 * An event as it stands in its log. Immutable and thread-safe.
 *
 * @param id the id that Redis gave it
 * @param fields its fields as stored, text by name, in stored order; unmodifiable, without null
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
