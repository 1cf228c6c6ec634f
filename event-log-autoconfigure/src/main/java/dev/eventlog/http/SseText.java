package dev.eventlog.http;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.TailPage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Formats a stream of Server-Sent Events: {@code data} with events, followed by {@code control} with the position after them. */
final class SseText {

    private static final JsonMapper mapper = new JsonMapper();

    private final JsonEvents events;
    private final Supplier<String> cursor;

    /**
     * Creates the formatter of one client's stream.
     *
     * @param cursor supplies the cursor of the client's next request
     */
    SseText(JsonEvents events, Supplier<String> cursor) {
        this.events = events;
        this.cursor = cursor;
    }

    String page(TailPage<Event> page) {
        String control = control(
                page.position(), page.atEnd(), page.isLast() ? page.completion().orElse(null) : null);
        return page.events().isEmpty() ? control : message("data", events.write(page.events())) + control;
    }

    String control(EventId position, boolean upToDate, @Nullable Completion completion) {
        Map<String, Object> control = new LinkedHashMap<>();
        control.put("streamNextOffset", Offsets.text(position));
        if (completion == null) {
            control.put("streamCursor", cursor.get());
        } else {
            control.put("streamClosed", true);
        }
        if (upToDate) {
            control.put("upToDate", true);
        }
        if (completion != null) {
            control.put("completion", completion.kind());
        }
        return message("control", mapper.writeValueAsString(control));
    }

    /** The JSON is on one line. */
    private static String message(String name, String json) {
        return "event: " + name + "\ndata:" + json + "\n\n";
    }
}
