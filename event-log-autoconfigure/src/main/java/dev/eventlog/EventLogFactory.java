package dev.eventlog;

import java.util.Collection;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Creates event logs. This is the bean to inject. The logs are cheap handles that hold nothing open: create one
 * whenever you need it, or keep it. Creating a log sends nothing to Redis. Thread-safe.
 *
 * <p>The key of the Redis stream is {@code eventlog.key-prefix} followed by the name of the log. The options come from
 * {@code eventlog.*}, then from the first entry of {@code eventlog.overrides} whose pattern matches the name, and then
 * from the customizer, if there is one. Handles of one name can have different options: each handle adds and reads with
 * its own.
 */
public interface EventLogFactory {

    /**
     * Creates a log with the configured options.
     *
     * @param name its name, not blank
     * @return the log, which exists in Redis from its first event on
     * @throws IllegalArgumentException if the name is blank or not valid Unicode
     */
    default EventLog create(String name) {
        return create(name, options -> {});
    }

    /**
     * Creates a log with its own options.
     *
     * @param name its name, not blank
     * @param customizer changes the configured options
     * @return the log, which exists in Redis from its first event on
     * @throws IllegalArgumentException if the name is blank or not valid Unicode
     */
    EventLog create(String name, Consumer<EventLogOptions.Builder> customizer);

    /**
     * Creates a log with events of a type and the configured options.
     *
     * @param name its name, not blank
     * @param type a class, record, or sealed interface that the application's {@code JsonMapper} can write and read as
     *     a JSON object
     * @param <T> that type
     * @return the log, which exists in Redis from its first event on
     * @throws IllegalArgumentException if the name is blank or not valid Unicode, or if the type cannot be stored or
     *     read
     */
    default <T> TypedEventLog<T> create(String name, Class<T> type) {
        return create(name, type, options -> {});
    }

    /**
     * Creates a log with events of a type and its own options.
     *
     * @param name its name, not blank
     * @param type a class, record, or sealed interface that the application's {@code JsonMapper} can write and read as
     *     a JSON object
     * @param customizer changes the configured options
     * @param <T> that type
     * @return the log, which exists in Redis from its first event on
     * @throws IllegalArgumentException if the name is blank or not valid Unicode, or if the type cannot be stored or
     *     read
     */
    <T> TypedEventLog<T> create(String name, Class<T> type, Consumer<EventLogOptions.Builder> customizer);

    /**
     * Follows all logs whose names match a pattern, each as {@link ReadableEventLog#follow} follows one log: whole, in
     * order, and with its own gaps and errors. Logs that begin later, whoever creates them, are found within about a
     * second and are delivered from their first event, whatever the tail. A log that is gone is forgotten when all its
     * events have been delivered.
     *
     * <p>With a {@linkplain FollowOptions.Builder#named name}, the follower stores its position in each log. The tail
     * applies to the logs that exist when a follower of this name and pattern starts for the first time, and that have
     * no position. A log that begins later is delivered from its first event, even if nobody followed at that time. A
     * log that is gone is forgotten together with its position. If it disappears while no follower of this name runs,
     * its position is kept: if the log then begins again, the follower resumes there and reports a gap. The follower
     * loads positions in pages of 200 when it gets the lease.
     *
     * <p>Redis: {@code SCAN} of all keys of the database, O(N) for N keys, at the start and every
     * {@code eventlog.follow.sweep-interval}. In between, {@code CLIENT TRACKING} with {@code BCAST} on one connection
     * to each master reports changes of keys that begin with the text before the first asterisk. Without it,
     * {@code SCAN} every {@code eventlog.follow.scan-interval}.
     *
     * @param logs the pattern
     * @param tail where to start in the logs that exist now; {@link Tail#after} is refused, because an id belongs to
     *     one log
     * @param listener receives the events
     * @param customizer changes the follower's options
     * @return the follower, which the caller closes; the shutdown of the application closes it too. When
     *     this method returns, the start in each log that exists is fixed
     * @throws IllegalArgumentException if the tail is {@link Tail#after}
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down, or if there are no locks and a follower of this
     *     name already runs here
     */
    LogsFollower follow(
            LogPattern logs, Tail tail, LogsListener<Event> listener, Consumer<FollowOptions.Builder> customizer);

    /**
     * Follows all logs whose names match a pattern, with the configured options.
     *
     * @param logs the pattern
     * @param tail where to start
     * @param listener receives the events
     * @return the follower, which the caller closes
     * @throws IllegalArgumentException if the tail is {@link Tail#after}
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down
     */
    default LogsFollower follow(LogPattern logs, Tail tail, LogsListener<Event> listener) {
        return follow(logs, tail, listener, options -> {});
    }

    /**
     * Follows all logs whose names match a pattern, each as {@link ReadableEventLog#follow} follows one log: whole, in
     * order, and with its own gaps and errors. Logs that begin later, whoever creates them, are found within about a
     * second and are delivered from their first event, whatever the tail. A log that is gone is forgotten when all its
     * events have been delivered.
     *
     * <p>With a {@linkplain FollowOptions.Builder#named name}, the follower stores its position in each log. The tail
     * applies to the logs that exist when a follower of this name and pattern starts for the first time, and that have
     * no position. A log that begins later is delivered from its first event, even if nobody followed at that time. A
     * log that is gone is forgotten together with its position. If it disappears while no follower of this name runs,
     * its position is kept: if the log then begins again, the follower resumes there and reports a gap. The follower
     * loads positions in pages of 200 when it gets the lease.
     *
     * <p>Redis: {@code SCAN} of all keys of the database, O(N) for N keys, at the start and every
     * {@code eventlog.follow.sweep-interval}. In between, {@code CLIENT TRACKING} with {@code BCAST} on one connection
     * to each master reports changes of keys that begin with the text before the first asterisk. Without it,
     * {@code SCAN} every {@code eventlog.follow.scan-interval}.
     *
     * @param logs the pattern
     * @param type the type of the events, as for {@link #create(String, Class)}
     * @param tail where to start in the logs that exist now; {@link Tail#after} is refused, because an id belongs to
     *     one log
     * @param listener receives the events
     * @param customizer changes the follower's options
     * @param <T> that type
     * @return the follower, which the caller closes; the shutdown of the application closes it too. When
     *     this method returns, the start in each log that exists is fixed
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, or if the type
     *     cannot be stored or read
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down, or if there are no locks and a follower of this
     *     name already runs here
     */
    <T> LogsFollower follow(
            LogPattern logs,
            Class<T> type,
            Tail tail,
            LogsListener<TypedEvent<T>> listener,
            Consumer<FollowOptions.Builder> customizer);

    /**
     * Follows all logs whose names match a pattern, with the configured options.
     *
     * @param logs the pattern
     * @param type the type of the events, as for {@link #create(String, Class)}
     * @param tail where to start
     * @param listener receives the events
     * @param <T> that type
     * @return the follower, which the caller closes
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, or if the type
     *     cannot be stored or read
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down
     */
    default <T> LogsFollower follow(LogPattern logs, Class<T> type, Tail tail, LogsListener<TypedEvent<T>> listener) {
        return follow(logs, type, tail, listener, options -> {});
    }

    /**
     * Follows logs by their names, each as {@link ReadableEventLog#follow} follows one log. Logs can be added and
     * removed while the follower runs. They do not need to exist.
     *
     * <p>With a {@linkplain FollowOptions.Builder#named name}, the follower stores its position in each log. The tail
     * applies to logs without a position. Logs that are removed keep their positions. The follower loads positions in
     * pages of 200 when it gets the lease.
     *
     * <p>Redis: for each log, the commands of {@link ReadableEventLog#follow}.
     *
     * @param names the names; can be empty
     * @param tail where to start in each of them; {@link Tail#after} is refused, because an id belongs to one log
     * @param listener receives the events
     * @param customizer changes the follower's options
     * @return the follower, which the caller closes; the shutdown of the application closes it too. When
     *     this method returns, the start in each log is fixed
     * @throws IllegalArgumentException if a name is blank or not valid Unicode, or if the tail is {@link Tail#after}
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down, or if there are no locks and a follower of this
     *     name already runs here
     */
    LogSetFollower follow(
            Collection<String> names,
            Tail tail,
            LogsListener<Event> listener,
            Consumer<FollowOptions.Builder> customizer);

    /**
     * Follows logs by their names, with the configured options.
     *
     * @param names the names; can be empty
     * @param tail where to start
     * @param listener receives the events
     * @return the follower, which the caller closes
     * @throws IllegalArgumentException if a name is blank or not valid Unicode, or if the tail is {@link Tail#after}
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down
     */
    default LogSetFollower follow(Collection<String> names, Tail tail, LogsListener<Event> listener) {
        return follow(names, tail, listener, options -> {});
    }

    /**
     * Follows logs by their names, each as {@link ReadableEventLog#follow} follows one log. Logs can be added and
     * removed while the follower runs. They do not need to exist.
     *
     * <p>With a {@linkplain FollowOptions.Builder#named name}, the follower stores its position in each log. The tail
     * applies to logs without a position. Logs that are removed keep their positions. The follower loads positions in
     * pages of 200 when it gets the lease.
     *
     * <p>Redis: for each log, the commands of {@link ReadableEventLog#follow}.
     *
     * @param names the names; can be empty
     * @param type the type of the events, as for {@link #create(String, Class)}
     * @param tail where to start in each of them; {@link Tail#after} is refused, because an id belongs to one log
     * @param listener receives the events
     * @param customizer changes the follower's options
     * @param <T> that type
     * @return the follower, which the caller closes; the shutdown of the application closes it too. When
     *     this method returns, the start in each log is fixed
     * @throws IllegalArgumentException if a name is blank or not valid Unicode, or if the tail is {@link Tail#after},
     *     or if the type cannot be stored or read
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down, or if there are no locks and a follower of this
     *     name already runs here
     */
    <T> LogSetFollower follow(
            Collection<String> names,
            Class<T> type,
            Tail tail,
            LogsListener<TypedEvent<T>> listener,
            Consumer<FollowOptions.Builder> customizer);

    /**
     * Follows logs by their names, with the configured options.
     *
     * @param names the names; can be empty
     * @param type the type of the events, as for {@link #create(String, Class)}
     * @param tail where to start
     * @param listener receives the events
     * @param <T> that type
     * @return the follower, which the caller closes
     * @throws IllegalArgumentException if a name is blank or not valid Unicode, or if the tail is {@link Tail#after},
     *     or if the type cannot be stored or read
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down
     */
    default <T> LogSetFollower follow(
            Collection<String> names, Class<T> type, Tail tail, LogsListener<TypedEvent<T>> listener) {
        return follow(names, type, tail, listener, options -> {});
    }

    /**
     * Returns the names of the logs that match a pattern, without {@code eventlog.key-prefix}. The stream is lazy: it
     * reads a page when it needs one. The names have no order. A name can occur twice, and a log that begins or ends in
     * the meantime may be missing.
     *
     * <p>Redis: {@code SCAN} with {@code TYPE stream} in pages, on each master of a cluster, O(N) for all N keys of the
     * database.
     *
     * @param pattern the pattern, where an asterisk stands for any text
     * @return the names as a stream, which the caller closes; its operations throw an {@link EventLogException} if
     *     Redis refuses, and an {@link EventLogUnavailableException} if it cannot be reached
     * @throws IllegalArgumentException if the pattern is blank or not valid Unicode
     */
    Stream<String> names(String pattern);
}
