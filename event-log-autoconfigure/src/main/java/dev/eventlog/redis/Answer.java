package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a stream showed to somebody who reads after an id, all of it at one moment.
 *
 * @param state what the stream knows of itself
 * @param server which life of which server answered: the same text means that no data was lost in between; empty if that was
 *     not asked, or not told
 * @param at the event at that id; null if there is none
 * @param before the newest event below that id, if there is none at it
 * @param events the first events after it, oldest first
 */
public record Answer(
        StreamState state,
        String server,
        @Nullable Event at,
        @Nullable Event before,
        List<Event> events) {

    /**
     * {@return the id of the last of the events; the id after which was asked if there is none}
     *
     * @param after the id after which was asked
     */
    public EventId end(EventId after) {
        return events.isEmpty() ? after : events.get(events.size() - 1).id();
    }

    /** The same, told by a server that was asked by another question. */
    Answer of(String other) {
        return new Answer(state, other, at, before, events);
    }
}
