package dev.eventlog.sse;

import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.util.StringUtils;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.filter.reactive.ServerWebExchangeContextFilter;
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
 * <p>What a client gets is the same as by {@link EventLogSse}, which says it all. A client that reads slowly has the log read
 * slowly: no more than a batch of events is held for it. A client that goes cancels the stream, by which its followers are
 * closed; so does one that takes nothing for {@code eventlog.sse.write-timeout}. No client has a thread of its own.
 *
 * <p>Thread-safe. Every {@code follow} throws an {@link ErrorResponseException} of status 400 if the id of the client is
 * malformed. Redis is asked when the stream is subscribed to; if it refuses, that is the error of the stream, before anything is
 * answered, as is status 403 if an {@link EventStreamAccess} refuses. Each subscriber has followers of its own. The data of what is
 * sent is the text that goes over the wire.
 *
 * <p>The request is found by Spring's {@link ServerWebExchangeContextFilter}, of which there is a bean. Where that is missing, an id
 * has to be given, the headers {@code Cache-Control} and {@code X-Accel-Buffering} are not set, and a client that has everything is
 * told {@code complete} in place of status 204.
 *
 * <p>A batch of events is one write where there is a {@link OneFlushFilter}, as there is a bean of, and the request accepts
 * {@code text/event-stream} by name, as browsers do; else each event is one.
 */
public final class ReactiveEventLogSse implements SmartLifecycle, DisposableBean {

    private final Streams streams;

    /**
     * For where there is no auto-configuration to make it. To be destroyed.
     *
     * @param json writes what is sent
     * @param settings what is set for all streams
     * @param access decides who may follow; null for all
     */
    public ReactiveEventLogSse(JsonMapper json, SseSettings settings, @Nullable EventStreamAccess access) {
        this.streams = new Streams(json, settings, access);
    }

    /**
     * Opens a stream of a log, each event as it is stored: JSON of its fields. A client that has seen something goes on after the
     * id that its request says.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing yet
     * @return the stream
     */
    public Flux<ServerSentEvent<String>> follow(ReadableEventLog<?> log, Tail tail) {
        return follow(EventStream.of(log, tail), null);
    }

    /**
     * Opens a stream of a log, each event as it is stored: JSON of its fields.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing yet
     * @param lastEventId the id after which to go on; null or empty for what the request says
     * @return the stream
     */
    public Flux<ServerSentEvent<String>> follow(ReadableEventLog<?> log, Tail tail, @Nullable String lastEventId) {
        return follow(EventStream.of(log, tail), lastEventId);
    }

    /**
     * Opens a stream of a log.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing yet
     * @param lastEventId the id after which to go on; null or empty for what the request says
     * @param body makes of each event what to send, as {@link EventStream.Source#body}
     * @param <E> the events of the log
     * @return the stream
     */
    public <E extends LoggedEvent> Flux<ServerSentEvent<String>> follow(
            ReadableEventLog<E> log, Tail tail, @Nullable String lastEventId, Function<? super E, ?> body) {
        return follow(EventStream.of(log, tail, source -> source.body(body)), lastEventId);
    }

    /**
     * Opens a stream of one log or of several. A client that has seen something goes on after the id that its request says.
     *
     * @param stream what to send
     * @return the stream
     */
    public Flux<ServerSentEvent<String>> follow(EventStream stream) {
        return follow(stream, null);
    }

    /**
     * Opens a stream of one log or of several.
     *
     * @param stream what to send
     * @param lastEventId the id after which to go on; null or empty for what the request says
     * @return the stream
     */
    public Flux<ServerSentEvent<String>> follow(EventStream stream, @Nullable String lastEventId) {
        StreamCursor.of(stream, lastEventId, StreamCursor.HEADER); // says now that it is malformed
        return Flux.deferContextual(context -> {
            Optional<ServerWebExchange> exchange = ServerWebExchangeContextFilter.getExchange(context);
            return Mono.fromCallable(() -> cursor(stream, lastEventId, exchange))
                    .zipWith(exchange.map(ReactiveEventLogSse::client).orElse(Mono.just(StreamClient.UNKNOWN)))
                    .flatMapMany(both -> open(stream, both.getT1(), both.getT2(), exchange));
        });
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
        ClientStream stream = new ClientStream(streams, description, cursor, client);
        Mono<CompletableFuture<ClientStream.Opening>> opening = Mono.fromCallable(stream::open);
        return (streams.asksForAccess() ? opening.subscribeOn(Schedulers.boundedElastic()) : opening)
                .flatMap(Mono::fromFuture)
                .doOnCancel(stream::cancel)
                .flatMapMany(opened -> {
                    if (opened == ClientStream.Opening.NOTHING_LEFT && exchange.isPresent()) {
                        stream.cancel();
                        exchange.get().getResponse().setStatusCode(HttpStatus.NO_CONTENT);
                        return Flux.empty();
                    }
                    exchange.ifPresent(ReactiveEventLogSse::headers);
                    streams.watch(stream, client);
                    return JdkFlowAdapter.flowPublisherToFlux(stream)
                            .concatMapIterable(messages -> OneFlushFilter.batch(messages, exchange.orElse(null)), 1);
                });
    }

    private static void headers(ServerWebExchange exchange) {
        HttpHeaders headers = exchange.getResponse().getHeaders();
        if (headers.getCacheControl() == null) {
            headers.setCacheControl(CacheControl.noStore());
        }
        headers.set("X-Accel-Buffering", "no"); // nginx would keep events back until it has many
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

    /** {@return how many streams are open} */
    int opened() {
        return streams.opened();
    }

    @Override
    public void start() {
        streams.start();
    }

    /** Ends all streams, without waiting for their clients. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    /** Ends all streams, and calls back when the last of them has ended. */
    @Override
    public void stop(Runnable callback) {
        streams.stop(callback);
    }

    @Override
    public boolean isRunning() {
        return streams.isRunning();
    }

    /** Ends the timer of the heartbeats. */
    @Override
    public void destroy() {
        streams.destroy();
    }
}
