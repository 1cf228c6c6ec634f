package dev.eventlog.redis;

import dev.eventlog.EventId;
import org.jspecify.annotations.Nullable;

/**
 * What a stream knows of itself at one moment.
 *
 * @param exists whether there is one
 * @param length how many events it holds
 * @param lastId the id given last, also if its event is gone; {@link EventId#MIN} where there is no stream
 * @param firstId the first event that it holds; null if it holds none
 * @param added how many events were ever added to it; {@link #UNKNOWN} below Redis 7, which does not count them
 * @param deleted the largest id of an event that was deleted by itself; {@link EventId#MIN} also below Redis 7
 */
record StreamState(
        boolean exists,
        long length,
        EventId lastId,
        @Nullable EventId firstId,
        long added,
        EventId deleted) {

    static final long UNKNOWN = -1;

    static final StreamState ABSENT = new StreamState(false, 0, EventId.MIN, null, 0, EventId.MIN);

    boolean countsAdded() {
        return added != UNKNOWN;
    }
}
