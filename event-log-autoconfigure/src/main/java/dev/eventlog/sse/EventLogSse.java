package dev.eventlog.sse;

import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import jakarta.servlet.http.HttpServletRequest;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
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
 * <p>A client gets each event of the log with its id and without a name, so {@code EventSource} passes it to
 * {@code onmessage}. It also gets messages with a name: {@code caught-up} (the existing events have been sent),
 * {@code gap} (JSON of {@code kind, lastSeen, firstAvailable, missed}, as of {@link dev.eventlog.Gap}; {@code missed}
 * may be null), {@code interrupted} and {@code resumed} (Redis cannot be reached at the moment, and can be reached
 * again), for a pattern {@code gone} (JSON of {@code log}: it was deleted or has expired), and as the last message
 * {@code complete} (no more events come), {@code end} (the server shuts down: connect again), or {@code failed} (JSON
 * of {@code code, message}). A client that reconnects with the last id that it received, in the header
 * {@code Last-Event-ID} or the parameter {@code lastEventId}, gets the events after it, once and in order, or a gap.
 * The stream sends its start as an id first, so this is also true for a client that received no event.
 *
 * <p>A batch of events is one write that does not block: the log is read as fast as the client reads, and a slow client
 * holds no thread. On a quiet stream a comment is sent every {@code eventlog.sse.heartbeat}, so that the server detects
 * disconnected clients. It then closes their followers, and also those of a client that reads nothing for
 * {@code eventlog.sse.write-timeout}. All streams end in the first phase of the application's shutdown, before the web
 * server waits for its requests.
 *
 * <p>Thread-safe. Every {@code follow} throws an {@link ErrorResponseException} with the status 400 if the id of the
 * client is malformed. Return its result from the controller method: the stream begins then. A result that is not
 * returned costs nothing, and neither does one for a {@code HEAD} request. If Redis refuses, the request fails with the
 * {@link dev.eventlog.EventLogException} before the first byte. If an {@link EventStreamAccess} refuses, the status is
 * 403. A temporary problem is never an error of the request, because {@code EventSource} gives up for good at any
 * status other than 200: while Redis does not answer, the stream is open and {@code interrupted}, and it begins when
 * Redis answers.
 */
public final class EventLogSse extends WebStreams {

    /**
     * Creates an instance without auto-configuration. The caller must destroy it.
     *
     * @param json writes the data
     * @param settings the settings for all streams
     * @param access decides who may follow; null if everybody may
     */
    public EventLogSse(JsonMapper json, SseSettings settings, @Nullable EventStreamAccess access) {
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
    public EventLogEmitter follow(ReadableEventLog<?> log, Tail tail) {
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
    public EventLogEmitter follow(ReadableEventLog<?> log, Tail tail, @Nullable String lastEventId) {
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
    public <E extends LoggedEvent> EventLogEmitter follow(
            ReadableEventLog<E> log, Tail tail, @Nullable String lastEventId, Function<? super E, ?> body) {
        return follow(EventStream.of(log, tail, source -> source.body(body)), lastEventId);
    }

    /**
     * Opens a stream of one or several logs. A client that sends an id continues after it.
     *
     * @param stream what to send
     * @return the stream
     */
    public EventLogEmitter follow(EventStream stream) {
        return follow(stream, null);
    }

    /**
     * Opens a stream of one or several logs.
     *
     * @param stream what to send
     * @param lastEventId the id to continue after; null or empty for the id of the request
     * @return the stream
     */
    public EventLogEmitter follow(EventStream stream, @Nullable String lastEventId) {
        return new EventLogEmitter(streams(), stream, cursor(stream, lastEventId));
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
}
