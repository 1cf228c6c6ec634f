package dev.eventlog.sse;

import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;

/**
 * Turns event logs into WebSockets, for applications of Spring MVC with {@code spring-websocket}:
 *
 * <pre>{@code
 * public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
 *     registry.addHandler(webSocket.follow(log, Tail.last(50)), "/readings");
 * }
 * }</pre>
 *
 * <p>A client gets the signals of {@link EventLogSse}, which describes them, as text messages: JSON objects with the property
 * {@code type} ({@code opened}, {@code event}, {@code position}, {@code caught-up}, {@code gap}, {@code interrupted},
 * {@code resumed}, {@code gone}, {@code complete}, {@code end}, {@code failed}, {@code heartbeat}), and, if they apply, {@code log}
 * (with several logs), {@code name} (of a {@code ServerSentEvent} that a body returned), {@code id}, and {@code data}. A client
 * that reconnects sends the last id that it received in the parameter {@code lastEventId}. The server closes the connection with
 * the status 1000 after {@code complete}, 1001 after {@code end}, 1008 after {@code failed} if the client may not follow or the
 * request is wrong, and 1011 after any other {@code failed}.
 *
 * <p>The streams are those of an {@link EventLogSse}: the same settings ({@code eventlog.sse.*}) and the same
 * {@link EventStreamAccess} apply, and they end with it when the application shuts down. The log is read as fast as the client
 * reads, and at most one batch of each log waits for it. In containers with Jakarta WebSocket, no thread waits for a slow client;
 * if the session is of another kind, or decorated, one thread does. What clients send is ignored. Thread-safe.
 */
public final class EventLogWebSocket {

    private final Streams streams;

    /**
     * Creates an instance without auto-configuration.
     *
     * @param sse has the settings, and ends the streams when it stops
     */
    public EventLogWebSocket(EventLogSse sse) {
        this.streams = sse.streams();
    }

    /**
     * Returns a handler that sends each event of a log as it is stored: as JSON of its fields.
     *
     * @param log the log
     * @param tail where to start for a client without an id
     * @return the handler, for any number of sessions
     */
    public WebSocketHandler follow(ReadableEventLog<?> log, Tail tail) {
        return follow(session -> EventStream.of(log, tail));
    }

    /**
     * Returns a handler that sends one or several logs.
     *
     * @param stream creates what to send to the client of a session; what it throws closes the connection with 1011
     * @return the handler, for any number of sessions
     */
    public WebSocketHandler follow(Function<? super WebSocketSession, EventStream> stream) {
        return new Handler(stream);
    }

    private final class Handler extends AbstractWebSocketHandler {

        private final Function<? super WebSocketSession, EventStream> description;
        private final Map<String, ClientStream<SocketMessage>> open = new ConcurrentHashMap<>(); // by session
        private final Map<String, CompletableFuture<Void>> connections = new ConcurrentHashMap<>(); // by session

        Handler(Function<? super WebSocketSession, EventStream> description) {
            this.description = description;
        }

        @Override
        public void afterConnectionEstablished(WebSocketSession session) {
            SocketOutput output = SocketOutput.of(session, streams::execute, streams.writeTimeout());
            JsonFormat format = streams.jsonFormat();
            connections.put(session.getId(), streams.connected());
            try {
                URI uri = Objects.requireNonNull(session.getUri(), "The session has no URI");
                HandshakeRequest request =
                        new HandshakeRequest(uri, session.getHandshakeHeaders(), session.getAttributes());
                ClientStream<SocketMessage> stream =
                        request.stream(streams, description.apply(session), session.getPrincipal(), format);
                open.put(session.getId(), stream);
                CompletableFuture<?> unused = stream.open().whenComplete((opened, failure) -> {
                    if (failure != null) {
                        refuse(session, output, format.refusal(failure));
                    } else {
                        streams.watch(stream);
                        stream.subscribe(new SocketWriter(session, output, stream, streams::execute));
                    }
                });
            } catch (RuntimeException refused) {
                refuse(session, output, format.refusal(refused));
            }
        }

        private void refuse(WebSocketSession session, SocketOutput output, SocketMessage message) {
            output.send(
                    List.of(message.text()),
                    any -> SocketWriter.close(session, new CloseStatus(message.closes()), streams::execute));
        }

        @Override
        public void handleTransportError(WebSocketSession session, Throwable gone) {
            cancel(session);
        }

        @Override
        public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
            cancel(session);
            CompletableFuture<Void> connection = connections.remove(session.getId());
            if (connection != null) {
                connection.complete(null);
            }
        }

        private void cancel(WebSocketSession session) {
            ClientStream<SocketMessage> stream = open.remove(session.getId());
            if (stream != null) {
                stream.cancel();
            }
        }

        /** So that the container keeps nothing of what clients send, which is ignored. */
        @Override
        public boolean supportsPartialMessages() {
            return true;
        }
    }
}
