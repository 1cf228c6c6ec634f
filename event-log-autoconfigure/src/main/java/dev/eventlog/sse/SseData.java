package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.Gap;
import dev.eventlog.LoggedEvent;
import dev.eventlog.TypedEvent;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** The names of events other than those of a log, and what they all say. Immutable. */
record SseData(JsonMapper json) {

    static final String CAUGHT_UP = "caught-up";
    static final String GAP = "gap";
    static final String COMPLETE = "complete";
    static final String END = "end";
    static final String END_TEXT = "The server ends this stream: connect again to go on";
    static final String INTERRUPTED = "interrupted";
    static final String INTERRUPTED_TEXT = "The log cannot be read at the moment: connect again to go on";
    static final String FAILED = "failed";
    static final String FAILED_TEXT = "The log cannot be followed any further";

    /** {@return what is sent of an event unless the application says otherwise} */
    static Object body(LoggedEvent event) {
        return event instanceof Event untyped ? untyped.fields() : ((TypedEvent<?>) event).value();
    }

    /** As text, before any of it is written: what cannot be JSON then leaves no half of it behind. */
    String of(@Nullable Object body) {
        return body instanceof CharSequence text ? text.toString() : json.writeValueAsString(body);
    }

    /** A map, since the names of these must not be those that the application gives to the properties of its types. */
    String of(Gap gap) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("kind", gap.kind().name());
        fields.put("lastSeen", gap.lastSeen().toString());
        fields.put("firstAvailable", gap.firstAvailable().toString());
        fields.put("missed", gap.missed().isPresent() ? gap.missed().getAsLong() : null);
        return json.writeValueAsString(fields);
    }

    String of(Completion completion) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("kind", completion.kind().name());
        fields.put("reason", completion.reason());
        return json.writeValueAsString(fields);
    }
}
