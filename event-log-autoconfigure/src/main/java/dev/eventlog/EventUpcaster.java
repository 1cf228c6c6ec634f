package dev.eventlog;

import java.util.Map;

/**
 * Changes the stored fields of an event before a typed log reads them, so that events in an older format fit the
 * current type. For example, it renames, splits, or adds a field. All beans of this type are applied in their order to
 * every event that a typed log reads. Each one gets the result of the previous one. The events in Redis do not change,
 * and untyped logs return the fields as stored. An implementation must be thread-safe and fast.
 */
@FunctionalInterface
public interface EventUpcaster {

    /**
     * Returns the fields from which the event is read.
     *
     * @param log the name of the log
     * @param type the type of its events
     * @param fields the fields as stored, or as the previous upcaster returned them; unmodifiable. For a sealed
     *     interface, they include {@code @type}
     * @return the same fields if there is nothing to change, otherwise a new map; not null. If this method throws, the
     *     event counts as one that does not fit the type
     */
    Map<String, String> upcast(String log, Class<?> type, Map<String, String> fields);
}
