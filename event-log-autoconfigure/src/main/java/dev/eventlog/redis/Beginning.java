package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The start of a tail, and what the stream contained at that moment.
 *
 * @param after the id after which the tail begins
 * @param limited the number of events after that id, if the number was limited; otherwise negative
 * @param answer the events after that id
 * @param atFeedEnd the event at the end of a feed
 * @param newest the newest few events of the log, newest first
 */
public record Beginning(
        EventId after,
        long limited,
        Answer answer,
        @Nullable Event atFeedEnd,
        List<Event> newest) {

    Beginning movedTo(EventId other, long counted, @Nullable EventMark at) {
        Answer none = new Answer(answer.state(), answer.server(), at, null, List.of());
        return new Beginning(other, counted, none, atFeedEnd, newest);
    }

    Beginning withNewest(List<Event> others) {
        return new Beginning(after, limited, answer, atFeedEnd, others);
    }

    Beginning of(String server) {
        return new Beginning(after, limited, answer.of(server), atFeedEnd, newest);
    }
}
