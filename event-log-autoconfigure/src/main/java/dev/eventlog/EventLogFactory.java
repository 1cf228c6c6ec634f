package dev.eventlog;

import java.util.function.Consumer;

/**
 * Makes event logs: the bean to inject. What it makes are cheap handles that hold nothing open; make one whenever you need
 * it, or keep it. Thread-safe, and no call here asks Redis anything.
 *
 * <p>A log's name is the key of its Redis stream, behind the prefix of {@code eventlog.key-prefix}. Its options are those
 * of {@code eventlog.*} (the first of {@code eventlog.overrides} whose pattern fits the name before the general ones),
 * changed by the customizer, if one is given. Handles of one name may have different options: each adds and reads by its own.
 */
public interface EventLogFactory {

    /**
     * A log with the configured options.
     *
     * @param name its name, not blank
     * @return the log, which exists in Redis as soon as it has an event
     * @throws IllegalArgumentException if the name is blank
     */
    default EventLog create(String name) {
        return create(name, options -> {});
    }

    /**
     * A log with options of its own.
     *
     * @param name its name, not blank
     * @param customizer changes the configured options
     * @return the log, which exists in Redis as soon as it has an event
     * @throws IllegalArgumentException if the name is blank
     */
    EventLog create(String name, Consumer<EventLogOptions.Builder> customizer);

    /**
     * A log of events of a type, with the configured options.
     *
     * @param name its name, not blank
     * @param type a class, record or sealed interface that the application's {@code JsonMapper} can write and read as a
     *     JSON object
     * @param <T> that type
     * @return the log, which exists in Redis as soon as it has an event
     * @throws IllegalArgumentException if the name is blank
     */
    default <T> TypedEventLog<T> create(String name, Class<T> type) {
        return create(name, type, options -> {});
    }

    /**
     * A log of events of a type, with options of its own.
     *
     * @param name its name, not blank
     * @param type a class, record or sealed interface that the application's {@code JsonMapper} can write and read as a
     *     JSON object
     * @param customizer changes the configured options
     * @param <T> that type
     * @return the log, which exists in Redis as soon as it has an event
     * @throws IllegalArgumentException if the name is blank
     */
    <T> TypedEventLog<T> create(String name, Class<T> type, Consumer<EventLogOptions.Builder> customizer);
}
