package dev.eventlog;

/**
 * What happens when a typed log reads an event that does not fit its type, because another program wrote it or the type
 * has changed. The same rule applies to every kind of reader: reads, folds, followers, publishers, streams, annotated
 * listeners, and web clients. {@link EventLogOptions.Builder#unreadableEvents(UnreadableEvents)} sets it for a handle,
 * {@code eventlog.unreadable-events} for all logs.
 */
public enum UnreadableEvents {

    /**
     * Reading fails with an {@link EventConversionException}: a read throws it, and a follower stops before the event
     * unless its options say otherwise.
     */
    FAIL,

    /**
     * The event is left out, and reading continues after it. A meter counts these events, and the application log gets
     * at most one warning a minute for each log.
     */
    SKIP,

    /** As {@link #SKIP}, and an {@link UnreadableEventHandler} receives the event. */
    HAND_OVER
}
