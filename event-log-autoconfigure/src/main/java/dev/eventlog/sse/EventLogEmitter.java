package dev.eventlog.sse;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.util.Assert;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.DeferredResultProcessingInterceptor;
import org.springframework.web.context.request.async.WebAsyncUtils;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * A stream of event logs to one client, opened by {@link EventLogSse}. Return it from a controller method: the stream
 * begins then. It ends with its client, its logs, or the application. Thread-safe. Messages that you {@code send} go
 * between the events.
 */
public final class EventLogEmitter extends SseEmitter {

    private static final Log logger = LogFactory.getLog(EventLogEmitter.class);

    private static final Set<Integer> WITHOUT_BODY =
            Set.of(HttpStatus.NO_CONTENT.value(), HttpStatus.RESET_CONTENT.value(), HttpStatus.NOT_MODIFIED.value());

    private final Streams streams;
    private final EventStream description;
    private final StreamCursor cursor;
    private volatile @Nullable ServletWriter writer;

    EventLogEmitter(Streams streams, EventStream description, StreamCursor cursor) {
        super(0L); // never times out
        this.streams = streams;
        this.description = description;
        this.cursor = cursor;
    }

    /**
     * Starts the stream on the thread of its request. Starting earlier could leak it: if nothing is ever written, because an
     * exception was thrown in between or the answer has no body, nobody notices that the client has disconnected.
     */
    @Override
    protected void extendResponse(ServerHttpResponse response) {
        super.extendResponse(response);
        HttpServletRequest request = EventLogSse.request();
        Assert.state(
                request != null && response instanceof ServletServerHttpResponse,
                "A stream of events must be returned from a controller method");
        HttpServletResponse servletResponse = ((ServletServerHttpResponse) response).getServletResponse();
        refuseWithoutBody(servletResponse.getStatus());
        HttpHeaders headers = response.getHeaders();
        if (headers.getCacheControl() == null) {
            headers.setCacheControl(CacheControl.noStore());
        }
        headers.set("X-Accel-Buffering", "no"); // otherwise nginx buffers events
        if (HttpMethod.HEAD.matches(request.getMethod())) { // Spring calls the method for GET
            complete();
            return;
        }
        StreamClient client = client(request);
        ClientStream<ServerSentEvent<String>> stream =
                new ClientStream<>(streams, description, cursor, client, streams.sseFormat());
        if (opening(stream) == ClientStream.Opening.NOTHING_LEFT) {
            stream.cancel();
            servletResponse.setStatus(HttpStatus.NO_CONTENT.value()); // tells EventSource not to reconnect
            complete();
            return;
        }
        streams.watch(stream);
        onCompletion(stream::cancel);
        onError(failure -> stream.cancel());
        headersOf(response);
        begin(request, servletResponse, stream);
    }

    private static ClientStream.Opening opening(ClientStream<?> stream) {
        try {
            return stream.open().join();
        } catch (CompletionException refused) { // the application can still answer: nothing has been sent yet
            if (refused.getCause() instanceof RuntimeException why) {
                throw why;
            }
            throw refused;
        }
    }

    /** The server would discard the stream, and nobody would notice that the client has disconnected. */
    private static void refuseWithoutBody(int status) {
        Assert.state(
                !WITHOUT_BODY.contains(status),
                () -> "A stream of events cannot be sent with status " + status
                        + ", which has no body: return the status 200");
    }

    /** Writes the headers now. Otherwise the first write would send them, and that write bypasses Spring. */
    private static void headersOf(ServerHttpResponse response) {
        try {
            response.getBody();
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    /** Writes as soon as Spring has made the request asynchronous. */
    private void begin(
            HttpServletRequest request, HttpServletResponse response, ClientStream<ServerSentEvent<String>> stream) {
        WebAsyncUtils.getAsyncManager(request)
                .registerDeferredResultInterceptor(this, new DeferredResultProcessingInterceptor() {
                    @Override
                    public <T> void preProcess(NativeWebRequest webRequest, DeferredResult<T> result)
                            throws IOException {
                        ServletWriter to = new ServletWriter(
                                response.getOutputStream(),
                                stream,
                                () -> unlessEnded(EventLogEmitter.this::complete),
                                gone -> unlessEnded(() -> failed(gone)));
                        writer = to;
                        to.begin();
                    }

                    @Override
                    public <T> void afterCompletion(NativeWebRequest webRequest, DeferredResult<T> result) {
                        stream.cancel();
                    }
                });
    }

    /** Tomcat may notice at the same moment that the client has disconnected. Then nobody else may end the request. */
    private static void unlessEnded(Runnable end) {
        try {
            end.run();
        } catch (IllegalStateException ended) {
            logger.debug("The request of a client of event logs has already ended", ended);
        }
    }

    private void failed(Throwable gone) {
        completeWithError(new AsyncRequestNotUsableException("The client is gone: " + gone.getMessage()));
    }

    private static StreamClient client(HttpServletRequest request) {
        ServletServerHttpRequest http = new ServletServerHttpRequest(request);
        http.getHeaders(); // copies them before the server writes
        return new StreamClient(http, http.getPrincipal(), session(request.getSession(false)));
    }

    private static @Nullable BooleanSupplier session(@Nullable HttpSession session) {
        BooleanSupplier authenticated = () -> {
            try {
                return session != null && session.getAttribute(StreamClient.AUTHENTICATION) != null;
            } catch (IllegalStateException invalidated) {
                return false;
            }
        };
        return authenticated.getAsBoolean() ? authenticated : null;
    }

    /**
     * Sends an additional message between two events, without waiting for the client.
     *
     * @param event the message: text is sent as it is, anything else as JSON
     * @throws IOException if the client is gone, or reads nothing
     * @throws IllegalStateException if the stream has not begun
     */
    @Override
    public void send(SseEventBuilder event) throws IOException {
        send(event.build());
    }

    @Override
    public void send(Object object, @Nullable MediaType mediaType) throws IOException {
        send(event().data(object, mediaType));
    }

    @Override
    public void send(Set<DataWithMediaType> items) throws IOException {
        ServletWriter to = writer;
        Assert.state(to != null, "The stream has not begun: it begins when the controller has returned it");
        StringBuilder text = new StringBuilder();
        items.forEach(item -> text.append(streams.text(item.getData())));
        to.write(text.toString());
    }
}
