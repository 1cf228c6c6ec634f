package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.codec.ServerSentEvent;
import tools.jackson.databind.json.JsonMapper;

/**
 * Renders signals as messages. It is the only class that knows the names and the format of the messages. Belongs to one stream.
 */
final class SseRenderer {

    private static final String END_TEXT = "The server ends this stream. Connect again to continue";
    private static final String INTERRUPTED_TEXT =
            "The log cannot be read at the moment. The stream continues by itself";
    private static final String RESUMED_TEXT = "The log can be read again";

    private final JsonMapper json;
    private final StreamCursor cursor;
    private final boolean several;
    private final @Nullable Duration retry;

    /**
     * Creates the renderer of a stream.
     *
     * @param cursor the positions of the client
     * @param several whether the stream has several logs, so that each event names its log
     * @param retry how long the client should wait before it reconnects; null to let the client decide
     */
    SseRenderer(JsonMapper json, StreamCursor cursor, boolean several, @Nullable Duration retry) {
        this.json = json;
        this.cursor = cursor;
        this.several = several;
        this.retry = retry;
    }

    /** {@return the message for a signal other than a batch} */
    ServerSentEvent<String> render(Signal signal) {
        if (signal instanceof Signal.Opened) {
            return opened();
        } else if (signal instanceof Signal.Begun begun) {
            cursor.moveTo(begun.source().mark(), begun.position());
            return ServerSentEvent.<String>builder().id(id()).build();
        } else if (signal instanceof Signal.Gone gone) {
            cursor.remove(gone.source().mark());
            return ServerSentEvent.builder(text(Map.of("log", gone.source().name())))
                    .event("gone")
                    .id(id())
                    .build();
        } else if (signal instanceof Signal.AllBegun) {
            return ServerSentEvent.<String>builder().id(id()).build();
        } else if (signal instanceof Signal.Missed missed) {
            return named("gap", gap(missed.source(), missed.gap()));
        } else if (signal instanceof Signal.CaughtUp) {
            return named("caught-up", "");
        } else if (signal instanceof Signal.Interrupted) {
            return named("interrupted", INTERRUPTED_TEXT);
        } else if (signal instanceof Signal.Resumed) {
            return named("resumed", RESUMED_TEXT);
        } else if (signal instanceof Signal.Complete complete) {
            return complete(complete.source(), complete.completion());
        } else if (signal instanceof Signal.Failed failed) {
            return named("failed", failed(failed.code()));
        } else if (signal instanceof Signal.End) {
            return named("end", END_TEXT);
        }
        return ServerSentEvent.<String>builder().comment("").build();
    }

    /** {@return the message for an event} */
    ServerSentEvent<String> event(SourceReader source, EventStream.Item item) {
        Event event = item.stored();
        Object body = item.body().get();
        String name = several ? source.name() : null;
        if (source.isFound() && !source.choosesBody()) {
            name = null; // a browser cannot listen for unknown names
            body = found(source, event);
        } else if (body instanceof ServerSentEvent<?> chosen) {
            name = chosen.event() != null ? chosen.event() : name;
            body = chosen.data();
        }
        String text = text(body); // may fail, so before the cursor moves
        cursor.moveTo(source.mark(), event.id());
        ServerSentEvent.Builder<String> message = ServerSentEvent.builder(text).id(id());
        return (name == null ? message : message.event(name)).build();
    }

    private static Map<String, Object> found(SourceReader source, Event event) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("log", source.name());
        fields.put("id", event.id().toString());
        fields.put("event", event.fields());
        return fields;
    }

    private ServerSentEvent<String> opened() {
        ServerSentEvent.Builder<String> first = ServerSentEvent.builder();
        String id = cursor.text();
        if (retry != null) {
            first.retry(retry);
        }
        return (id == null ? first.comment("") : first.id(id)).build();
    }

    private String id() {
        return String.valueOf(cursor.text());
    }

    private static ServerSentEvent<String> named(String name, String data) {
        return ServerSentEvent.builder(data).event(name).build();
    }

    /** Converts the whole body to text before any of it is written, so that a failure leaves no partial message. */
    private String text(@Nullable Object body) {
        return text(json, body);
    }

    static String text(JsonMapper json, @Nullable Object body) {
        return body instanceof CharSequence text ? text.toString() : json.writeValueAsString(body);
    }

    /** Uses a map, so that the naming strategy of the application's types does not rename these properties. */
    private String gap(SourceReader source, Gap gap) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("kind", gap.kind().name());
        fields.put("lastSeen", gap.lastSeen().toString());
        fields.put("firstAvailable", gap.firstAvailable().toString());
        fields.put("missed", gap.missed().isPresent() ? gap.missed().getAsLong() : null);
        if (several) {
            fields.put("log", source.name());
        }
        return text(fields);
    }

    /** The id of a complete log is the greatest possible id. It tells the next request that nothing is left. */
    private ServerSentEvent<String> complete(SourceReader source, @Nullable Completion completion) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        if (completion != null) {
            fields.put("kind", completion.kind().name());
            fields.put("reason", completion.reason());
            cursor.moveTo(source.mark(), EventId.MAX);
        }
        if (several) {
            fields.put("log", source.name());
        }
        ServerSentEvent.Builder<String> message =
                ServerSentEvent.builder(text(fields)).event("complete");
        return (completion == null ? message : message.id(id())).build();
    }

    private String failed(Signal.Code code) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("code", code.text);
        fields.put("message", code.message);
        return text(fields);
    }

    /** {@return one message as the text that goes over the wire} */
    static String wire(ServerSentEvent<String> message) {
        StringBuilder text = new StringBuilder(message.format());
        String data = message.data();
        if (data != null) {
            text.append(data.replace("\r\n", "\n").replace('\r', '\n').replace("\n", "\ndata:"))
                    .append('\n');
        }
        return text.append('\n').toString();
    }
}
