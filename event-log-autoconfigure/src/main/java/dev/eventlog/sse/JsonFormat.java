package dev.eventlog.sse;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.util.RawValue;

/** Messages as JSON objects of {@code type, log, name, id, data}, for WebSockets. */
final class JsonFormat implements MessageFormat<SocketMessage> {

    private static final Log logger = LogFactory.getLog(JsonFormat.class);

    private final JsonMapper json;
    private final @Nullable Duration retry;

    /**
     * Creates the format of a stream.
     *
     * @param retry how long the client should wait before it reconnects; null to let the client decide
     */
    JsonFormat(JsonMapper json, @Nullable Duration retry) {
        this.json = json;
        this.retry = retry;
    }

    /** {@return the JSON of a body, also of a text} */
    @Override
    public String data(@Nullable Object body) {
        return json.writeValueAsString(body);
    }

    @Override
    public SocketMessage message(Message message) {
        String data = message.data();
        if (message.kind() == Message.Kind.OPENED && retry != null) {
            data = data(Map.of("reconnectDelay", retry.toMillis()));
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("type", message.kind().text);
        putIfPresent(fields, "log", message.log());
        putIfPresent(fields, "name", message.name());
        putIfPresent(fields, "id", message.id());
        putIfPresent(fields, "data", data == null ? null : new RawValue(data));
        return new SocketMessage(json.writeValueAsString(fields), closes(message.kind()));
    }

    private static void putIfPresent(Map<String, Object> fields, String name, @Nullable Object value) {
        if (value != null) {
            fields.put(name, value);
        }
    }

    private static int closes(Message.Kind kind) {
        return switch (kind) {
            case END -> SocketMessage.GOING_AWAY;
            case REJECTED -> SocketMessage.POLICY_VIOLATION;
            case FAILED -> SocketMessage.SERVER_ERROR;
            default -> SocketMessage.NORMAL;
        };
    }

    @Override
    public boolean namesLogs() {
        return true;
    }

    /** {@return the only message to a client that gets no stream: by then, the answer to its request has been sent} */
    SocketMessage refusal(Throwable thrown) {
        Throwable why = thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (why instanceof ResponseStatusException refused) {
            return refused.getStatusCode().isSameCodeAs(HttpStatus.FORBIDDEN)
                    ? refusal(Message.Kind.REJECTED, Signal.Code.ACCESS_DENIED.text, Signal.Code.ACCESS_DENIED.message)
                    : refusal(
                            Message.Kind.REJECTED,
                            "bad-request",
                            Objects.requireNonNullElse(refused.getReason(), "The request is not possible"));
        }
        logger.error("A WebSocket of event logs could not be opened", why);
        return refusal(Message.Kind.FAILED, Signal.Code.REFUSED.text, Signal.Code.REFUSED.message);
    }

    private SocketMessage refusal(Message.Kind kind, String code, String message) {
        return message(new Message(kind, null, null, null, data(SignalRenderer.failed(code, message))));
    }
}
