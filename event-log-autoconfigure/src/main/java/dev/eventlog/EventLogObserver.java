package dev.eventlog;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sees what the event logs of an application do: for meters, traces, health. Beans of this type are found, and called in their
 * order: the first is the outermost. Called on the threads that do the work, so it must be thread-safe and quick.
 *
 * <p>What {@link #onAdd} and {@link #onBatch} throw is thrown to whoever adds, or counts as thrown by the listener; what the
 * others throw is logged and changes nothing.
 */
public interface EventLogObserver {

    /** Adds. */
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

    /** Delivers a batch. */
    @FunctionalInterface
    interface Delivery {

        /**
         * Calls the listener.
         *
         * @throws Exception what it throws
         */
        void deliver() throws Exception;
    }

    /**
     * Events are to be added. An add with an idempotency key comes here each time, also if it is known already.
     *
     * @param log the name of the log
     * @param events their fields, as they are to be stored; at least one
     * @param add adds them; to be called once, with the same events, which may have fields more
     * @return what {@code add} answers
     */
    default List<EventId> onAdd(String log, List<Map<String, String>> events, Add add) {
        return add.add(events);
    }

    /**
     * A listener is to take a batch. A batch that is tried again comes here again.
     *
     * @param log the name of the log
     * @param batch its events, as stored
     * @param delivery calls the listener; to be called once
     * @throws Exception what the listener throws
     */
    default void onBatch(String log, List<Event> batch, Delivery delivery) throws Exception {
        delivery.deliver();
    }

    /**
     * A follower missed events, and its listener is about to be told.
     *
     * @param gap what it missed
     */
    default void onGap(Gap gap) {}

    /**
     * The feed of a log has come back after it had lost Redis.
     *
     * @param log the name of the log
     * @param interruption how long it was away
     */
    default void onReconnect(String log, Duration interruption) {}

    /**
     * A follower has come to the end of a complete log, and its listener is about to be told.
     *
     * @param log the name of the log
     * @param completion how the log ended
     */
    default void onComplete(String log, Completion completion) {}

    /**
     * A follower begins.
     *
     * @param log the name of the log
     */
    default void onFollow(String log) {}

    /**
     * A follower has ended. Comes once for each that began, and once for one with a name that could not begin.
     *
     * @param log the name of the log
     * @param failure the error by which it ended; null if it was closed, or its log is complete
     */
    default void onEnd(String log, @Nullable Throwable failure) {}
}
