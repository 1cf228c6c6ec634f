package dev.eventlog.sse;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.http.codec.ServerSentEvent;
import tools.jackson.databind.json.JsonMapper;

/** Messages as Server-Sent Events. An event has the name of its log, or the name that the application has chosen. */
final class SseFormat implements MessageFormat<ServerSentEvent<String>> {

    private final JsonMapper json;
    private final @Nullable Duration retry;

    /**
     * Creates the format of a stream.
     *
     * @param retry how long the client should wait before it reconnects; null to let the client decide
     */
    SseFormat(JsonMapper json, @Nullable Duration retry) {
        this.json = json;
        this.retry = retry;
    }

    @Override
    public String data(@Nullable Object body) {
        return text(json, body);
    }

    static String text(JsonMapper json, @Nullable Object body) {
        return body instanceof CharSequence text ? text.toString() : json.writeValueAsString(body);
    }

    @Override
    public ServerSentEvent<String> message(Message message) {
        ServerSentEvent.Builder<String> builder = ServerSentEvent.builder();
        String id = message.id();
        String data = message.data();
        if (id != null) {
            builder.id(id);
        }
        switch (message.kind()) {
            case OPENED -> {
                if (retry != null) {
                    builder.retry(retry);
                }
                if (id == null) {
                    builder.comment("");
                }
            }
            case HEARTBEAT -> builder.comment("");
            case POSITION -> {}
            case EVENT -> {
                String name = message.name() != null ? message.name() : oneLine(message.log());
                if (name != null) {
                    builder.event(name);
                }
                builder.data(Objects.requireNonNull(data));
            }
            default -> builder.event(message.kind().text).data(data == null ? "" : data);
        }
        return builder.build();
    }

    /** {@return a name without the line breaks that a log's name can have, but not an event's} */
    private static @Nullable String oneLine(@Nullable String log) {
        return log == null ? null : log.replace('\r', ' ').replace('\n', ' ');
    }

    /** A browser cannot listen for unknown names. */
    @Override
    public boolean namesLogs() {
        return false;
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
