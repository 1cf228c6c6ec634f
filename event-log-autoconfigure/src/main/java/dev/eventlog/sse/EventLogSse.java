package dev.eventlog.sse;

import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import jakarta.servlet.http.HttpServletRequest;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.util.StringUtils;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns event logs into live HTTP streams of Server-Sent Events, for controllers of Spring MVC:
 *
 * <pre>{@code
 * @GetMapping("/readings")
 * SseEmitter readings() {
 *     return sse.follow(log, Tail.last(50));
 * }
 * }</pre>
 *
 * <p>A client gets each event of the log with its id, and without a name; {@code EventSource} hands them to
 * {@code onmessage}. By name it gets {@code caught-up} (what existed has been sent), {@code gap} (JSON of
 * {@code kind, lastSeen, firstAvailable, missed}, as of {@link dev.eventlog.Gap}; {@code missed} may be null),
 * {@code interrupted} and {@code resumed} (Redis does not answer at the moment, and does again), of a pattern {@code gone} (JSON of
 * {@code log}: it was deleted or has expired), and as the last of all
 * {@code complete} (nothing more comes), {@code end} (the server shuts down: connect again) or {@code failed} (JSON of
 * {@code code, message}). A client that connects again with the last id it saw, in the header {@code Last-Event-ID} or the
 * parameter {@code lastEventId}, gets what comes after it, once and in order, or is told of a gap: the first thing sent is the id
 * at which the stream begins, so this holds for one that saw no event, too.
 *
 * <p>A batch of events is one write, which waits for nobody: a client that reads slowly has the log read slowly, and holds no
 * thread. Where nothing happens a comment is sent every {@code eventlog.sse.heartbeat}, by which the server finds out that a
 * client has gone; then its followers are closed, as are those of a client that takes nothing for
 * {@code eventlog.sse.write-timeout}. All streams end in the first phase of the application's shutdown, before the web server
 * waits for its requests.
 *
 * <p>Thread-safe. Every {@code follow} throws an {@link ErrorResponseException} of status 400 if the id of the client is
 * malformed. What it returns must be returned from the controller method, and begins then: one that is not returned costs
 * nothing, nor does one that answers {@code HEAD}. If Redis refuses, the {@link dev.eventlog.EventLogException} is that of the
 * request, before anything is answered; if an {@link EventStreamAccess} refuses, the status is 403. What passes is never an error
 * of the request, since {@code EventSource} gives up for good at any status but 200: while Redis does not answer the stream is
 * open and {@code interrupted}, and begins when it does.
 */
public final class EventLogSse implements SmartLifecycle, DisposableBean {

    private final Streams streams;

    /**
     * For where there is no auto-configuration to make it. To be destroyed.
     *
     * @param json writes what is sent
     * @param settings what is set for all streams
     * @param access decides who may follow; null for all
     */
    public EventLogSse(JsonMapper json, SseSettings settings, @Nullable EventStreamAccess access) {
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
    public EventLogEmitter follow(ReadableEventLog<?> log, Tail tail) {
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
    public EventLogEmitter follow(ReadableEventLog<?> log, Tail tail, @Nullable String lastEventId) {
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
    public <E extends LoggedEvent> EventLogEmitter follow(
            ReadableEventLog<E> log, Tail tail, @Nullable String lastEventId, Function<? super E, ?> body) {
        return follow(EventStream.of(log, tail, source -> source.body(body)), lastEventId);
    }

    /**
     * Opens a stream of one log or of several. A client that has seen something goes on after the id that its request says.
     *
     * @param stream what to send
     * @return the stream
     */
    public EventLogEmitter follow(EventStream stream) {
        return follow(stream, null);
    }

    /**
     * Opens a stream of one log or of several.
     *
     * @param stream what to send
     * @param lastEventId the id after which to go on; null or empty for what the request says
     * @return the stream
     */
    public EventLogEmitter follow(EventStream stream, @Nullable String lastEventId) {
        return new EventLogEmitter(streams, stream, cursor(stream, lastEventId));
    }

    private static StreamCursor cursor(EventStream stream, @Nullable String given) {
        HttpServletRequest request = request();
        if (StringUtils.hasLength(given) || request == null) {
            return StreamCursor.of(stream, given, StreamCursor.HEADER);
        }
        String header = request.getHeader(StreamCursor.HEADER);
        return StringUtils.hasLength(header)
                ? StreamCursor.of(stream, header, StreamCursor.HEADER)
                : StreamCursor.of(stream, request.getParameter(StreamCursor.PARAMETER), StreamCursor.PARAMETER);
    }

    static @Nullable HttpServletRequest request() {
        return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes
                ? attributes.getRequest()
                : null;
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

    /** Ends all streams side by side, and calls back when the last of them has ended. */
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
