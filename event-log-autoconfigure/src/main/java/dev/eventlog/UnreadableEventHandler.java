package dev.eventlog;

/**
 * Receives the events that a typed log cannot read: see {@link UnreadableEvents#HAND_OVER}. For example, it stores them
 * in another log. Declare a bean for all logs, or pass a function to
 * {@link EventLogOptions.Builder#unreadableEvents(UnreadableEventHandler)}. Must be thread-safe.
 *
 * <p>The library calls it on the reading thread each time the event is read: once for each read, each follower, and
 * each web client, and again if a batch with the event is repeated.
 */
@FunctionalInterface
public interface UnreadableEventHandler {

    /**
     * Receives an event. When this method returns, the event counts as processed. If it throws, the exception goes to
     * the caller of a read, and to a follower as if its listener had thrown it.
     *
     * @param event the event as it is stored
     * @param failure says why the event cannot be read, with the name of the log
     */
    void handle(Event event, EventConversionException failure);
}
