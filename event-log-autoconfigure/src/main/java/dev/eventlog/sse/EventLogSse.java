package dev.eventlog.sse;

import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.ErrorResponseException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns event logs into live HTTP streams of Server-Sent Events, for controllers of Spring MVC:
 *
 * <pre>{@code
 * @GetMapping("/readings")
 * SseEmitter readings(@RequestHeader(name = "Last-Event-ID", required = false) String lastEventId) {
 *     return sse.follow(log, Tail.last(50), lastEventId);
 * }
 * }</pre>
 *
 * <p>A client gets each event of the log with its id, and without a name; {@code EventSource} hands them to
 * {@code onmessage}. By name it gets {@code caught-up} (what existed has been sent), {@code gap} (JSON of
 * {@code kind, lastSeen, firstAvailable, missed}, as of {@link dev.eventlog.Gap}; {@code missed} may be null), and as the last
 * of all {@code complete} (the log is complete; JSON of {@code kind, reason}: do not connect again, the answer would be status 204),
 * {@code end} (the server shuts down: connect again), {@code interrupted} (Redis does not answer now: connect again) or
 * {@code failed} (do not; why stands in the application's log, as it may not be for clients). A client that connects again with the last id it saw gets what comes after it, once and in order,
 * or is told of a gap: the first thing sent is the id at which the stream begins, so this holds for one that saw no event, too.
 *
 * <p>A batch of events is one write. Where nothing happens a comment is sent every {@code eventlog.sse.heartbeat}, by which
 * the server finds out that a client has gone; then its follower is closed. A client takes a thread only while something is
 * written to it; a slow one holds up no other. All streams end in the first phase of the application's shutdown, before the
 * web server waits for its requests.
 *
 * <p>Thread-safe. Every {@code follow} throws an {@link ErrorResponseException} of status 400 if the id of the client is
 * malformed. What it returns must be returned from the controller method, and begins then: one that is not returned costs
 * nothing, nor does one that answers {@code HEAD}. If Redis refuses, the {@link dev.eventlog.EventLogException} is that of the
 * request, before anything is answered. What passes is never an error of the request, since {@code EventSource} gives up for
 * good at any status but 200: a client that comes while Redis does not answer or the application shuts down gets
 * {@code interrupted} or {@code end}, and asks again in a while.
 */
public final class EventLogSse implements SmartLifecycle, DisposableBean {

    private final SseData data;
    private final Settings settings;
    private final ThreadPoolTaskScheduler timer = new ThreadPoolTaskScheduler();
    private final SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("eventlog-sse-");
    private final Interruptions interruptions = new Interruptions();
    private final Set<EventLogEmitter> open = ConcurrentHashMap.newKeySet();
    private volatile boolean running = true; // the web server starts in an earlier phase

    /**
     * What is set for all streams. Immutable.
     *
     * @param heartbeat how long after the last one a client is sent a comment; none if zero
     * @param reconnectDelay how long a client is to wait before it connects again; null for as long as it likes
     * @param virtualThreads whether what is not sent by listeners is sent on virtual threads
     */
    public record Settings(Duration heartbeat, @Nullable Duration reconnectDelay, boolean virtualThreads) {}

    /**
     * For where there is no auto-configuration to make it. To be destroyed.
     *
     * @param json writes what is sent
     * @param settings what is set for all streams
     */
    public EventLogSse(JsonMapper json, Settings settings) {
        this.data = new SseData(json);
        this.settings = settings;
        // The one thread of the timer only hands over: what is written to a client takes as long as the client likes.
        timer.setThreadNamePrefix("eventlog-sse-timer-");
        timer.setDaemon(true);
        timer.setRemoveOnCancelPolicy(true);
        timer.initialize();
        threads.setDaemon(true);
        threads.setVirtualThreads(settings.virtualThreads());
    }

    /**
     * Opens a stream of a log, each event as JSON: of its fields, or of its value if the log is typed.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing yet
     * @param lastEventId the header {@code Last-Event-ID} of the request, after which to go on; null or empty if it has none
     * @return the stream
     */
    public EventLogEmitter follow(ReadableEventLog<?> log, Tail tail, @Nullable String lastEventId) {
        return follow(log, tail, lastEventId, SseData::body);
    }

    /**
     * Opens a stream of a log.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing yet
     * @param lastEventId the header {@code Last-Event-ID} of the request, after which to go on; null or empty if it has none
     * @param body makes of each event what to send: text as it is, all else as JSON. If it throws, the stream has failed
     * @param <E> the events of the log
     * @return the stream
     */
    public <E extends LoggedEvent> EventLogEmitter follow(
            ReadableEventLog<E> log, Tail tail, @Nullable String lastEventId, Function<? super E, ?> body) {
        Tail start = LastEventId.or(tail, lastEventId);
        return new EventLogEmitter(data, threads, interruptions, this::begun)
                .from(log, start, body, settings.reconnectDelay());
    }

    private void begun(EventLogEmitter emitter) {
        open.add(emitter);
        emitter.closed().whenComplete((nothing, failure) -> open.remove(emitter));
        if (!running) {
            emitter.endSoon();
        } else if (!settings.heartbeat().isZero()) {
            ScheduledFuture<?> beats = timer.scheduleAtFixedRate(
                    () -> threads.execute(emitter::beat),
                    Instant.now().plus(settings.heartbeat()),
                    settings.heartbeat());
            emitter.closed().whenComplete((nothing, failure) -> beats.cancel(false));
        }
    }

    @Override
    public void start() {
        running = true;
    }

    /** Ends all streams, without waiting for their clients. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    /** Ends all streams side by side, and calls back when the last of them has ended. */
    @Override
    public void stop(Runnable callback) {
        running = false;
        CompletableFuture<?>[] ending = open.stream()
                .map(EventLogEmitter::closed)
                .map(CompletionStage::toCompletableFuture)
                .toArray(CompletableFuture[]::new);
        open.forEach(EventLogEmitter::endSoon);
        CompletableFuture<Void> unused =
                CompletableFuture.allOf(ending).whenComplete((nothing, failure) -> callback.run());
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Ends the timer of the heartbeats. */
    @Override
    public void destroy() {
        stop();
        timer.destroy();
    }
}
