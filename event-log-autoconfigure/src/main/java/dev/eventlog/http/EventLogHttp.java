package dev.eventlog.http;

import dev.eventlog.EventLogFactory;
import dev.eventlog.sse.EventStreamAccess;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.StringUtils;
import org.springframework.web.servlet.function.HandlerFunction;
import org.springframework.web.servlet.function.RequestPredicates;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * Serves event logs in Spring MVC with the Durable Streams protocol. Declare it as a bean; nothing else is needed. The path of a
 * log is the path of the settings, followed by the name of the log. Events are JSON. A request that waits for events holds no
 * thread. Waiting requests end in the first phase of the application's shutdown, before the web server waits for its requests.
 * Thread-safe.
 */
public final class EventLogHttp implements RouterFunction<ServerResponse>, SmartLifecycle {

    /** The time between the end of a request by itself and the timeout of its server. */
    private static final Duration SPARE = Duration.ofSeconds(30);

    private static final String LOG = "log";

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
    public EventLogHttp(EventLogFactory logs, EventStreamAccess access, HttpSettings settings) {
        this.exchanges = new Exchanges(logs, access, settings);
        this.settings = settings;
        this.router = RouterFunctions.route(RequestPredicates.path(settings.path() + "/{*" + LOG + '}'), this::handle);
    }

    @Override
    public Optional<HandlerFunction<ServerResponse>> route(ServerRequest request) {
        return router.route(request);
    }

    private ServerResponse handle(ServerRequest request) {
        Served served = exchanges.serve(request(request));
        if (served instanceof Served.Live live) {
            return new SseResponse(
                    live.headers(), live.stream(), settings.sseLifetime().plus(SPARE));
        }
        if (served instanceof Served.Later later) {
            CompletionStage<ServerResponse> response = later.answer().thenApply(EventLogHttp::response);
            return ServerResponse.async(response, settings.longPollTimeout().plus(SPARE));
        }
        return response((Served.Answer) served);
    }

    private static StreamRequest request(ServerRequest request) {
        HttpServletRequest servlet = request.servletRequest();
        ServletServerHttpRequest http = new ServletServerHttpRequest(servlet);
        return new StreamRequest(
                http,
                http.getPrincipal(),
                StringUtils.trimLeadingCharacter(request.pathVariable(LOG), '/'),
                new LinkedMultiValueMap<>(request.params()), // read after the request has released its thread
                most -> servlet.getInputStream().readNBytes(most));
    }

    private static ServerResponse response(Served.Answer answer) {
        ServerResponse.BodyBuilder response =
                ServerResponse.status(answer.status()).headers(headers -> headers.addAll(answer.headers()));
        Object body = answer.body();
        return body == null ? response.build() : response.body(body);
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
