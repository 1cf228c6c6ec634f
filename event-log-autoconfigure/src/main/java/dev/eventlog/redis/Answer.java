package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The events of a stream after an id, and its state, all from one moment.
 *
 * @param state the state of the stream
 * @param server identifies the server and its run: the same text means that no data was lost in between; empty if it was not
 *         requested or is unknown
 * @param at the mark of the event at the id; null if there is none
 * @param before the newest event before the id, if there is no event at the id
 * @param events the first events after the id, oldest first
 */
public record Answer(
        StreamState state,
        String server,
        @Nullable EventMark at,
        @Nullable Event before,
        List<Event> events) {

    /**
     * {@return the id of the last event; the given id if there are no events}
     *
     * @param after the id that the question was about
     */
    public EventId end(EventId after) {
        return events.isEmpty() ? after : events.get(events.size() - 1).id();
    }

    /** Returns the same answer with the identity of the server, which another question returned. */
    Answer of(String other) {
        return new Answer(state, other, at, before, events);
    }
}
