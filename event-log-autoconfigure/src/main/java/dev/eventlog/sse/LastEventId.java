package dev.eventlog.sse;

import dev.eventlog.EventId;
import dev.eventlog.Tail;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/** What a client that lost its connection says it has seen. */
final class LastEventId {

    private LastEventId() {}

    /** {@return where to go on after that id; else, without one, the tail} */
    static Tail or(Tail tail, @Nullable String lastEventId) {
        if (lastEventId == null || lastEventId.isEmpty()) {
            return tail;
        }
        try {
            return Tail.after(EventId.parse(lastEventId));
        } catch (IllegalArgumentException malformed) {
            throw new ResponseStatusException(
                    HttpStatus.BAD_REQUEST, "Last-Event-ID: " + malformed.getMessage(), malformed);
        }
    }
}
