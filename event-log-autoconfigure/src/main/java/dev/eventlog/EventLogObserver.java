package dev.eventlog;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Observes the event logs of an application, for meters, traces, and health. The library calls all beans of this type
 * in their order; the first one is the outermost. It calls them on the threads that do the work, so an observer must be
 * thread-safe and fast.
 *
 * <p>An exception of {@link #onAdd} goes to the caller of the add, and an exception of {@link #onBatch} counts as one
 * of the listener. Exceptions of the other methods are logged and have no effect.
 */
public interface EventLogObserver {

    /** The add that an observer surrounds. */
    @FunctionalInterface
    interface Add {

        /**
         * Adds the events.
         *
         * @param events their fields, as stored
         * @return their ids, in order
         */
        List<EventId> add(List<Map<String, String>> events);
    }

    /** The call of a listener that an observer surrounds. */
    @FunctionalInterface
    interface Delivery {

        /**
         * Calls the listener.
         *
         * @throws Exception the exception of the listener
         */
        void deliver() throws Exception;
    }

    /**
     * Called around each add. An add with an idempotency key is reported each time, even if it was already done.
     *
     * @param log the name of the log
     * @param events the fields of the events as they will be stored; at least one event
     * @param add adds the events; call it once, with the same events, which can have additional fields
     * @return the result of {@code add}
     */
    default List<EventId> onAdd(String log, List<Map<String, String>> events, Add add) {
        return add.add(events);
    }

    /**
     * Called around each call of a listener with a batch. A retry is reported again.
     *
     * @param log the name of the log
     * @param batch its events, as stored
     * @param delivery calls the listener; call it once
     * @throws Exception the exception of the listener
     */
    default void onBatch(String log, List<Event> batch, Delivery delivery) throws Exception {
        delivery.deliver();
    }

    /**
     * Called before a listener receives a gap.
     *
     * @param gap the gap
     */
    default void onGap(Gap gap) {}

    /**
     * Called when a followed log can be read again after an interruption.
     *
     * @param log the name of the log
     * @param interruption the duration of the interruption
     */
    default void onReconnect(String log, Duration interruption) {}

    /**
     * Called before a listener learns that its log is complete.
     *
     * @param log the name of the log
     * @param completion how the log ended
     */
    default void onComplete(String log, Completion completion) {}

    /**
     * Called each time a typed log reads an event that does not fit its type, for every rule of
     * {@link UnreadableEvents}. An event with several readers is reported several times.
     *
     * @param failure the reason, with the log and the event
     */
    default void onUnreadable(EventConversionException failure) {}

    /**
     * Called when a follower starts.
     *
     * @param log the name of the log
     */
    default void onFollow(String log) {}

    /**
     * Called when a follower has ended: once for each follower that started, and once for a named follower that could
     * not start.
     *
     * @param log the name of the log
     * @param failure the error that ended it; null if it was closed, or if its log is complete
     */
    default void onEnd(String log, @Nullable Throwable failure) {}
}
