package dev.eventlog.sse;

import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.util.StringUtils;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.filter.reactive.ServerWebExchangeContextFilter;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebSession;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns event logs into live HTTP streams of Server-Sent Events, for controllers of Spring WebFlux:
 *
 * <pre>{@code
 * @GetMapping("/readings")
 * Flux<ServerSentEvent<String>> readings() {
 *     return sse.follow(log, Tail.last(50));
 * }
 * }</pre>
 *
 * <p>A client gets the same messages as from {@link EventLogSse}, which describes them. The log is read as fast as the client
 * reads, and at most one batch of events waits for it. When a client disconnects, or reads nothing for
 * {@code eventlog.sse.write-timeout}, the stream is cancelled and its followers are closed. No client has its own thread.
 *
 * <p>Thread-safe. Every {@code follow} throws an {@link ErrorResponseException} with the status 400 if the id of the client is
 * malformed. The stream sends commands to Redis when somebody subscribes. If Redis refuses, the stream fails before the first
 * byte, and it fails with the status 403 if an {@link EventStreamAccess} refuses. Each subscriber has its own followers. The data
 * of each message is the text that goes over the wire.
 *
 * <p>Spring's {@link ServerWebExchangeContextFilter}, declared as a bean, provides the request. Without that bean, callers must
 * pass the id, the headers {@code Cache-Control} and {@code X-Accel-Buffering} are not set, and a client that has everything gets
 * {@code complete} instead of the status 204.
 *
 * <p>A batch of events is one write if the bean of type {@link OneFlushFilter} exists and the request accepts
 * {@code text/event-stream} by name, as browsers do. Otherwise each event is one write.
 */
public final class ReactiveEventLogSse extends WebStreams {

    /**
     * Creates an instance without auto-configuration. The caller must destroy it.
     *
     * @param json writes the data
     * @param settings the settings for all streams
     * @param access decides who may follow; null if everybody may
     */
    public ReactiveEventLogSse(JsonMapper json, SseSettings settings, @Nullable EventStreamAccess access) {
        super(json, settings, access);
    }

    /**
     * Opens a stream of a log that sends each event as it is stored: as JSON of its fields. A client that sends an id
     * continues after it.
     *
     * @param log the log
     * @param tail where to start for a client without an id
     * @return the stream
     */
    public Flux<ServerSentEvent<String>> follow(ReadableEventLog<?> log, Tail tail) {
        return follow(EventStream.of(log, tail), null);
    }

    /**
     * Opens a stream of a log that sends each event as it is stored: as JSON of its fields.
     *
     * @param log the log
     * @param tail where to start for a client without an id
     * @param lastEventId the id to continue after; null or empty for the id of the request
     * @return the stream
     */
    public Flux<ServerSentEvent<String>> follow(ReadableEventLog<?> log, Tail tail, @Nullable String lastEventId) {
        return follow(EventStream.of(log, tail), lastEventId);
    }

    /**
     * Opens a stream of a log.
     *
     * @param log the log
     * @param tail where to start for a client without an id
     * @param lastEventId the id to continue after; null or empty for the id of the request
     * @param body returns what to send for each event, as {@link EventStream.Source#body}
     * @param <E> the events of the log
     * @return the stream
     */
    public <E extends LoggedEvent> Flux<ServerSentEvent<String>> follow(
            ReadableEventLog<E> log, Tail tail, @Nullable String lastEventId, Function<? super E, ?> body) {
        return follow(EventStream.of(log, tail, source -> source.body(body)), lastEventId);
    }

    /**
     * Opens a stream of one or several logs. A client that sends an id continues after it.
     *
     * @param stream what to send
     * @return the stream
     */
    public Flux<ServerSentEvent<String>> follow(EventStream stream) {
        return follow(stream, null);
    }

    /**
     * Opens a stream of one or several logs.
     *
     * @param stream what to send
     * @param lastEventId the id to continue after; null or empty for the id of the request
     * @return the stream
     */
    public Flux<ServerSentEvent<String>> follow(EventStream stream, @Nullable String lastEventId) {
        try {
            StreamCursor.of(stream, lastEventId, StreamCursor.HEADER); // reports a malformed id now
        } catch (ResponseStatusException malformed) {
            throw new RefusedException(malformed);
        }
        Flux<ServerSentEvent<String>> messages = Flux.deferContextual(context -> {
            Optional<ServerWebExchange> exchange = ServerWebExchangeContextFilter.getExchange(context);
            return Mono.fromCallable(() -> cursor(stream, lastEventId, exchange))
                    .zipWith(exchange.map(ReactiveEventLogSse::client).orElse(Mono.just(StreamClient.UNKNOWN)))
                    .flatMapMany(both -> open(stream, both.getT1(), both.getT2(), exchange));
        });
        return messages.onErrorMap(ResponseStatusException.class, RefusedException::new);
    }

    private static StreamCursor cursor(
            EventStream stream, @Nullable String given, Optional<ServerWebExchange> exchange) {
        return exchange.isPresent() && !StringUtils.hasLength(given)
                ? cursor(stream, exchange.get().getRequest())
                : StreamCursor.of(stream, given, StreamCursor.HEADER);
    }

    private static StreamCursor cursor(EventStream stream, ServerHttpRequest request) {
        String header = request.getHeaders().getFirst(StreamCursor.HEADER);
        return StringUtils.hasLength(header)
                ? StreamCursor.of(stream, header, StreamCursor.HEADER)
                : StreamCursor.of(
                        stream, request.getQueryParams().getFirst(StreamCursor.PARAMETER), StreamCursor.PARAMETER);
    }

    private Flux<ServerSentEvent<String>> open(
            EventStream description, StreamCursor cursor, StreamClient client, Optional<ServerWebExchange> exchange) {
        Streams streams = streams();
        ClientStream<ServerSentEvent<String>> stream =
                new ClientStream<>(streams, description, cursor, client, streams.sseFormat());
        return opening(streams, stream).flatMapMany(opened -> {
            if (opened == ClientStream.Opening.NOTHING_LEFT && exchange.isPresent()) {
                stream.cancel();
                exchange.get().getResponse().setStatusCode(HttpStatus.NO_CONTENT);
                return Flux.empty();
            }
            exchange.ifPresent(ReactiveEventLogSse::headers);
            streams.watch(stream);
            return JdkFlowAdapter.flowPublisherToFlux(stream)
                    .concatMapIterable(messages -> OneFlushFilter.batch(messages, exchange.orElse(null)), 1);
        });
    }

    /** Opens a stream, which is cancelled if nobody waits for it any longer. */
    static Mono<ClientStream.Opening> opening(Streams streams, ClientStream<?> stream) {
        Mono<CompletableFuture<ClientStream.Opening>> opening = Mono.fromCallable(stream::open);
        return (streams.asksForAccess() ? opening.subscribeOn(Schedulers.boundedElastic()) : opening)
                .flatMap(Mono::fromFuture)
                .doOnCancel(stream::cancel);
    }

    private static void headers(ServerWebExchange exchange) {
        HttpHeaders headers = exchange.getResponse().getHeaders();
        if (headers.getCacheControl() == null) {
            headers.setCacheControl(CacheControl.noStore());
        }
        headers.set("X-Accel-Buffering", "no"); // otherwise nginx buffers events
    }

    private static Mono<StreamClient> client(ServerWebExchange exchange) {
        return exchange.getSession()
                .flatMap(session -> exchange.getPrincipal()
                        .map(principal -> new StreamClient(exchange.getRequest(), principal, session(session)))
                        .defaultIfEmpty(new StreamClient(exchange.getRequest(), null, session(session))));
    }

    private static @Nullable BooleanSupplier session(WebSession session) {
        BooleanSupplier authenticated =
                () -> !session.isExpired() && session.getAttribute(StreamClient.AUTHENTICATION) != null;
        return authenticated.getAsBoolean() ? authenticated : null;
    }
}
