package dev.eventlog.sample;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.eventlog.EventId;
import dev.eventlog.TypedEvent;
import java.time.Instant;
import java.time.LocalDateTime;
import org.jspecify.annotations.Nullable;

/** A reading in the format that clients of this application get. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ReadingEvent(
        EventId id,
        Instant added,
        Double temperature,
        @Nullable LocalDateTime measured) {

    static ReadingEvent of(TypedEvent<Reading> event) {
        return new ReadingEvent(
                event.id(),
                event.timestamp(),
                event.value().temperature(),
                event.value().measured());
    }
}
