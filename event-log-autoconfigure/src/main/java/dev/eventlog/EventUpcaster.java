package dev.eventlog;

import java.util.Map;

/**
 * Changes the stored fields of an event before a typed log reads them, so that events of an older form fit the type of
 * today: renames a field, splits it, or adds one. Beans of this type are applied in their order to every event that a
 * typed log reads, each to the result of the one before. Nothing is changed in Redis, and untyped logs see the fields
 * as they are stored. Must be thread-safe and fast.
 */
@FunctionalInterface
public interface EventUpcaster {

    /**
     * Returns the fields to read the event from.
     *
     * @param log the name of the log
     * @param type the type of its events
     * @param fields the fields as stored, or as the upcaster before returned them; unmodifiable. Those of a sealed
     *     interface include {@code @type}
     * @return the same fields if nothing is to be changed, otherwise a new map; not null. If this method throws, the
     *     event counts as one that does not fit the type
     */
    Map<String, String> upcast(String log, Class<?> type, Map<String, String> fields);
}
