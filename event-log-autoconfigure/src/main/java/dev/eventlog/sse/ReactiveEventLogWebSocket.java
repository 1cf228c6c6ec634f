package dev.eventlog.sse;

import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import java.io.EOFException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.springframework.web.reactive.socket.CloseStatus;
import org.springframework.web.reactive.socket.HandshakeInfo;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.WebSocketMessage;
import org.springframework.web.reactive.socket.WebSocketSession;
import org.springframework.web.reactive.socket.adapter.AbstractListenerWebSocketSession;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Turns event logs into WebSockets, for applications of Spring WebFlux:
 *
 * <pre>{@code
 * @Bean
 * HandlerMapping readings(ReactiveEventLogWebSocket webSocket) {
 *     return new SimpleUrlHandlerMapping(Map.of("/readings", webSocket.follow(log, Tail.last(50))), -1);
 * }
 * }</pre>
 *
 * <p>A client gets the same messages and statuses as from {@link EventLogWebSocket}, which describes them. The streams are those of
 * a {@link ReactiveEventLogSse}: the same settings ({@code eventlog.sse.*}) and the same {@link EventStreamAccess} apply, and they
 * end with it when the application shuts down. The log is read as fast as the client reads, and at most one batch of each log waits
 * for it. No client has its own thread. What clients send is ignored. Thread-safe.
 */
public final class ReactiveEventLogWebSocket {

    /** How long a client may take to answer that the connection is closed. */
    private static final Duration ANSWER = Duration.ofSeconds(1);

    private final Streams streams;

    /**
     * Creates an instance without auto-configuration.
     *
     * @param sse has the settings, and ends the streams when it stops
     */
    public ReactiveEventLogWebSocket(ReactiveEventLogSse sse) {
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
     * @param stream creates what to send to the client of a session; what it throws closes the connection with 1011. Must
     *     not block
     * @return the handler, for any number of sessions
     */
    public WebSocketHandler follow(Function<? super WebSocketSession, EventStream> stream) {
        return session -> Mono.defer(() -> {
            CompletableFuture<Void> connection = streams.connected();
            Mono<Integer> gone = session.receive() // is not cancelled before it ends
                    .then(Mono.<Integer>empty())
                    .onErrorComplete()
                    .cache();
            // The close is not part of the race: it ends what is received, which would cancel it.
            return Mono.firstWithSignal(send(session, stream), gone)
                    .defaultIfEmpty(SocketMessage.NORMAL)
                    .flatMap(status -> session.close(new CloseStatus(status)).onErrorComplete())
                    .then(gone.timeout(ANSWER, Mono.empty()).then())
                    .doFinally(any -> connection.complete(null));
        });
    }

    /** {@return the status with which to close the connection after all has been sent} */
    private Mono<Integer> send(WebSocketSession session, Function<? super WebSocketSession, EventStream> description) {
        AtomicInteger closes = new AtomicInteger(SocketMessage.NORMAL);
        Function<SocketMessage, WebSocketMessage> writing = message -> {
            closes.set(message.closes());
            return session.textMessage(message.text());
        };
        return sendAll(session, batches(session, description), writing)
                .then(Mono.fromSupplier(closes::get))
                .onErrorReturn(EOFException.class, SocketMessage.READS_NOTHING);
    }

    /**
     * Takes the next batch when the previous one has gone to the network. Netty asks for 256 messages ahead, so each batch is sent
     * on its own. Sessions of servlet containers send only once, but ask for one message at a time.
     */
    private static Mono<Void> sendAll(
            WebSocketSession session,
            Flux<List<SocketMessage>> batches,
            Function<SocketMessage, WebSocketMessage> writing) {
        return session instanceof AbstractListenerWebSocketSession
                ? session.send(batches.concatMapIterable(batch -> batch, 1).map(writing))
                : batches.concatMap(
                                batch -> session.send(Flux.fromIterable(batch).map(writing)), 0)
                        .then();
    }

    private Flux<List<SocketMessage>> batches(
            WebSocketSession session, Function<? super WebSocketSession, EventStream> description) {
        JsonFormat format = streams.jsonFormat();
        HandshakeInfo handshake = session.getHandshakeInfo();
        HandshakeRequest request =
                new HandshakeRequest(handshake.getUri(), handshake.getHeaders(), session.getAttributes());
        return handshake
                .getPrincipal()
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(principal -> Mono.fromCallable(() ->
                                request.stream(streams, description.apply(session), principal.orElse(null), format))
                        .flatMap(stream -> ReactiveEventLogSse.opening(streams, stream)
                                .map(opened -> {
                                    streams.watch(stream);
                                    return JdkFlowAdapter.flowPublisherToFlux(stream);
                                })))
                .onErrorResume(refused -> Mono.just(Flux.just(List.of(format.refusal(refused)))))
                .flatMapMany(opened -> opened);
    }
}
