package dev.eventlog.http;

import dev.eventlog.EventLogFactory;
import dev.eventlog.sse.EventStreamAccess;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.Objects;
import java.util.Optional;
import org.reactivestreams.Publisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.util.StringUtils;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Serves event logs in Spring WebFlux with the Durable Streams protocol, as {@link EventLogHttp} does with Spring MVC. Calls to
 * Redis and to {@link EventStreamAccess} run on threads that may block. Thread-safe.
 */
public final class ReactiveEventLogHttp implements RouterFunction<ServerResponse>, SmartLifecycle {

    private static final String LOG = "log";

    private static final byte[] NOTHING = {};

    private final Exchanges exchanges;
    private final HttpSettings settings;
    private final RouterFunction<ServerResponse> router;

    /**
     * Creates an instance without auto-configuration.
     *
     * @param logs creates the logs
     * @param access decides who may read and write which logs
     * @param settings how the logs are served
     */
    public ReactiveEventLogHttp(EventLogFactory logs, EventStreamAccess access, HttpSettings settings) {
        this.exchanges = new Exchanges(logs, access, settings);
        this.settings = settings;
        this.router = RouterFunctions.route(RequestPredicates.path(settings.path() + "/{*" + LOG + '}'), this::handle);
    }

    @Override
    public Mono<HandlerFunction<ServerResponse>> route(ServerRequest request) {
        return router.route(request);
    }

    private Mono<ServerResponse> handle(ServerRequest request) {
        Mono<Optional<Principal>> principal =
                request.principal().<Optional<Principal>>map(Optional::of).defaultIfEmpty(Optional.empty());
        return principal
                .publishOn(Schedulers.boundedElastic())
                .flatMap(known -> {
                    exchanges.admit(request(request, known, NOTHING)); // before anything of the body is kept
                    return body(request.exchange().getRequest())
                            .map(body -> exchanges.serveAdmitted(request(request, known, body)));
                })
                .onErrorResume(ErrorResponseException.class, problem -> Mono.just(Exchanges.problem(problem)))
                .flatMap(this::response);
    }

    private static StreamRequest request(ServerRequest request, Optional<Principal> principal, byte[] body) {
        return new StreamRequest(
                request.exchange().getRequest(),
                principal.orElse(null),
                StringUtils.trimLeadingCharacter(request.pathVariable(LOG), '/'),
                parameters(request),
                most -> body);
    }

    /** {@return the query parameters} As in Spring MVC, a parameter without a value has an empty one. */
    private static MultiValueMap<String, String> parameters(ServerRequest request) {
        MultiValueMap<String, String> parameters = new LinkedMultiValueMap<>();
        request.queryParams()
                .forEach((name, values) ->
                        values.forEach(value -> parameters.add(name, Objects.requireNonNullElse(value, ""))));
        return parameters;
    }

    private Mono<byte[]> body(ServerHttpRequest request) {
        if (!request.getMethod().equals(HttpMethod.PUT) && !request.getMethod().equals(HttpMethod.POST)) {
            return Mono.just(NOTHING);
        }
        int most = (int) Math.min(settings.maxBodySize(), Integer.MAX_VALUE - 8);
        return DataBufferUtils.join(request.getBody(), most)
                .map(buffer -> {
                    byte[] bytes = new byte[buffer.readableByteCount()];
                    buffer.read(bytes);
                    DataBufferUtils.release(buffer);
                    return bytes;
                })
                .onErrorMap(DataBufferLimitException.class, tooLarge -> Problems.tooLarge(most))
                .defaultIfEmpty(NOTHING)
                .publishOn(Schedulers.boundedElastic());
    }

    private Mono<ServerResponse> response(Served served) {
        if (served instanceof Served.Live live) {
            return ServerResponse.ok()
                    .headers(headers -> headers.addAll(live.headers()))
                    .build((exchange, context) -> {
                        ServerHttpResponse response = exchange.getResponse();
                        return response.writeAndFlushWith(chunks(live.stream(), response));
                    });
        }
        if (served instanceof Served.Later later) {
            return Mono.fromCompletionStage(later.answer()).flatMap(ReactiveEventLogHttp::response);
        }
        return response((Served.Answer) served);
    }

    private static Flux<Publisher<DataBuffer>> chunks(LiveStream stream, ServerHttpResponse response) {
        return JdkFlowAdapter.flowPublisherToFlux(stream)
                .map(chunk ->
                        Mono.fromSupplier(() -> response.bufferFactory().wrap(chunk.getBytes(StandardCharsets.UTF_8))));
    }

    private static Mono<ServerResponse> response(Served.Answer answer) {
        ServerResponse.BodyBuilder response =
                ServerResponse.status(answer.status()).headers(headers -> headers.addAll(answer.headers()));
        Object body = answer.body();
        return body == null ? response.build() : response.bodyValue(body);
    }

    @Override
    public void start() {
        exchanges.open().start();
    }

    /** Ends all waiting requests, without waiting for their clients. */
    @Override
    public void stop() {
        exchanges.open().stop();
    }

    @Override
    public boolean isRunning() {
        return exchanges.open().isRunning();
    }
}
