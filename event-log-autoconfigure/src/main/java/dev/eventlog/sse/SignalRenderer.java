package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.sse.Message.Kind;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.codec.ServerSentEvent;

/**
 * Renders signals as messages, and moves the position of the client with them. It is the only class that knows what the messages
 * contain; their format is that of the protocol. Belongs to one stream.
 *
 * @param <M> what is sent
 */
final class SignalRenderer<M> {

    private static final String END_TEXT = "The server ends this stream. Connect again to continue";
    private static final String INTERRUPTED_TEXT =
            "The log cannot be read at the moment. The stream continues by itself";
    private static final String RESUMED_TEXT = "The log can be read again";

    private final MessageFormat<M> format;
    private final StreamCursor cursor;
    private final boolean several;

    /**
     * Creates the renderer of a stream.
     *
     * @param format writes the messages
     * @param cursor the positions of the client
     * @param several whether the stream has several logs, so that each event names its log
     */
    SignalRenderer(MessageFormat<M> format, StreamCursor cursor, boolean several) {
        this.format = format;
        this.cursor = cursor;
        this.several = several;
    }

    /** {@return the message for a signal other than a batch} */
    M render(Signal signal) {
        if (signal instanceof Signal.Opened) {
            return message(Kind.OPENED, null, cursor.text(), null);
        } else if (signal instanceof Signal.Begun begun) {
            cursor.moveTo(begun.source().mark(), begun.position());
            return message(Kind.POSITION, null, id(), null);
        } else if (signal instanceof Signal.Gone gone) {
            cursor.remove(gone.source().mark());
            return message(
                    Kind.GONE, gone.source(), id(), Map.of("log", gone.source().name()));
        } else if (signal instanceof Signal.AllBegun) {
            return message(Kind.POSITION, null, id(), null);
        } else if (signal instanceof Signal.Missed missed) {
            return message(Kind.GAP, missed.source(), null, gap(missed.source(), missed.gap()));
        } else if (signal instanceof Signal.CaughtUp) {
            return message(Kind.CAUGHT_UP, null, null, null);
        } else if (signal instanceof Signal.Interrupted) {
            return message(Kind.INTERRUPTED, null, null, INTERRUPTED_TEXT);
        } else if (signal instanceof Signal.Resumed) {
            return message(Kind.RESUMED, null, null, RESUMED_TEXT);
        } else if (signal instanceof Signal.Complete complete) {
            return complete(complete.source(), complete.completion());
        } else if (signal instanceof Signal.Failed failed) {
            Signal.Code code = failed.code();
            return message(
                    code == Signal.Code.ACCESS_DENIED ? Kind.REJECTED : Kind.FAILED,
                    null,
                    null,
                    failed(code.text, code.message));
        } else if (signal instanceof Signal.End) {
            return message(Kind.END, null, null, END_TEXT);
        }
        return message(Kind.HEARTBEAT, null, null, null);
    }

    private M message(Kind kind, @Nullable SourceReader source, @Nullable String id, @Nullable Object body) {
        return format.message(new Message(kind, log(source), null, id, body == null ? null : format.data(body)));
    }

    private @Nullable String log(@Nullable SourceReader source) {
        return several && source != null ? source.name() : null;
    }

    /** {@return the message for an event} */
    M event(SourceReader source, EventStream.Item item) {
        Event event = item.stored();
        Object body = item.body().get();
        boolean unnamed = source.isFound() && !format.namesLogs();
        String log = unnamed ? null : log(source);
        String name = null;
        if (unnamed && !source.choosesBody()) {
            body = found(source, event);
        } else if (body instanceof ServerSentEvent<?> chosen) {
            name = chosen.event();
            body = chosen.data();
        }
        String data = format.data(body); // may fail, so before the cursor moves
        cursor.moveTo(source.mark(), event.id());
        return format.message(new Message(Kind.EVENT, log, name, id(), data));
    }

    private static Map<String, Object> found(SourceReader source, Event event) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("log", source.name());
        fields.put("id", event.id().toString());
        fields.put("event", event.fields());
        return fields;
    }

    private String id() {
        return String.valueOf(cursor.text());
    }

    /** Uses a map, so that the naming strategy of the application's types does not rename these properties. */
    private Map<String, @Nullable Object> gap(SourceReader source, Gap gap) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("kind", gap.kind().name());
        fields.put("lastSeen", gap.lastSeen().toString());
        fields.put("firstAvailable", gap.firstAvailable().toString());
        fields.put("missed", gap.missed().isPresent() ? gap.missed().getAsLong() : null);
        if (several) {
            fields.put("log", source.name());
        }
        return fields;
    }

    /** The id of a complete log is the greatest possible id. It tells the next request that nothing is left. */
    private M complete(SourceReader source, @Nullable Completion completion) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        if (completion != null) {
            fields.put("kind", completion.kind().name());
            fields.put("reason", completion.reason());
            cursor.moveTo(source.mark(), EventId.MAX);
        }
        if (several) {
            fields.put("log", source.name());
        }
        return message(Kind.COMPLETE, source, completion == null ? null : id(), fields);
    }

    static Map<String, String> failed(String code, String message) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("code", code);
        fields.put("message", message);
        return fields;
    }
}
