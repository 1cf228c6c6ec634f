package dev.eventlog.sse;

import dev.eventlog.EventId;
import dev.eventlog.EventLogFailedException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import dev.eventlog.reactor.EventFlux;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.ErrorResponseException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns event logs into live HTTP streams of Server-Sent Events, for controllers of Spring WebFlux:
 *
 * <pre>{@code
 * @GetMapping("/readings")
 * Flux<ServerSentEvent<Object>> readings(@RequestHeader(name = "Last-Event-ID", required = false) String lastEventId) {
 *     return sse.follow(log, Tail.last(50), lastEventId);
 * }
 * }</pre>
 *
 * <p>A client gets each event of the log with its id, and without a name. By name it gets {@code caught-up} (what existed has
 * been sent), {@code gap} (JSON of {@code kind, lastSeen, firstAvailable, missed}, as of {@link Gap}; {@code missed} may be
 * null), and as the last of all {@code complete} (the log is complete; JSON of {@code kind, reason}: do not connect again), {@code end} (the server shuts down: connect again), {@code interrupted} (Redis does not answer
 * now: connect again) or {@code failed} (do not; why stands in the application's log, as it may not be for clients). A client that connects again with the last id it saw gets what comes after
 * it, once and in order, or is told of a gap. The first thing sent is the id at which the stream begins, if that is after an
 * id or at {@link Tail#newOnly()}; else a comment, and a client that comes back before it got an event begins at the tail again.
 *
 * <p>A client that reads slowly has the log read slowly: no more than a batch of events is held for it. Where nothing happens a
 * comment is sent every {@code eventlog.sse.heartbeat}, unless the last one still waits to be sent. A client that goes cancels
 * the stream, by which its follower is closed. No client has a thread of its own. All streams end in the first phase of the
 * application's shutdown, before the web server waits for its requests.
 *
 * <p>Thread-safe. Every {@code follow} throws an {@link ErrorResponseException} of status 400 if the id of the client is
 * malformed. Redis is asked when the stream is subscribed to; if it refuses, that is the error of the stream, before anything is
 * answered. What passes is never an error, since {@code EventSource} gives up for good at any status but 200: a client that comes
 * while Redis does not answer or the application shuts down gets {@code interrupted} or {@code end}, and asks again in a while.
 * Each subscriber has a follower of its own. The data of what is sent is text, and written already.
 */
public final class ReactiveEventLogSse implements SmartLifecycle {

    private static final Log logger = LogFactory.getLog(ReactiveEventLogSse.class);

    private static final Set<String> LAST = Set.of(SseData.COMPLETE, SseData.END, SseData.INTERRUPTED, SseData.FAILED);

    private static final ServerSentEvent<Object> CAUGHT_UP = named(SseData.CAUGHT_UP, "");
    private static final ServerSentEvent<Object> END = named(SseData.END, SseData.END_TEXT);
    private static final ServerSentEvent<Object> INTERRUPTED = named(SseData.INTERRUPTED, SseData.INTERRUPTED_TEXT);
    private static final ServerSentEvent<Object> FAILED = named(SseData.FAILED, SseData.FAILED_TEXT);
    private static final ServerSentEvent<Object> HEARTBEAT =
            ServerSentEvent.builder().comment("").build();

    private final SseData data;
    private final Duration heartbeat;
    private final @Nullable Duration reconnectDelay;
    private final Interruptions interruptions = new Interruptions();
    private final Set<Sinks.Empty<Void>> open = ConcurrentHashMap.newKeySet();
    private volatile Sinks.Empty<Void> shutdown = Sinks.empty();
    private volatile boolean running = true; // the web server starts in an earlier phase

    /**
     * For where there is no auto-configuration to make it.
     *
     * @param json writes what is sent
     * @param heartbeat how long after the last one a client is sent a comment; none if zero
     * @param reconnectDelay how long a client is to wait before it connects again; null for as long as it likes
     */
    public ReactiveEventLogSse(JsonMapper json, Duration heartbeat, @Nullable Duration reconnectDelay) {
        this.data = new SseData(json);
        this.heartbeat = heartbeat;
        this.reconnectDelay = reconnectDelay;
    }

    /**
     * Opens a stream of a log, each event as JSON: of its fields, or of its value if the log is typed.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing yet
     * @param lastEventId the header {@code Last-Event-ID} of the request, after which to go on; null or empty if it has none
     * @return the stream
     */
    public Flux<ServerSentEvent<Object>> follow(ReadableEventLog<?> log, Tail tail, @Nullable String lastEventId) {
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
    public <E extends LoggedEvent> Flux<ServerSentEvent<Object>> follow(
            ReadableEventLog<E> log, Tail tail, @Nullable String lastEventId, Function<? super E, ?> body) {
        Tail begin = LastEventId.or(tail, lastEventId);
        return Flux.defer(() -> {
            if (!running) {
                return Flux.just(END);
            }
            Sinks.Empty<Void> closed = Sinks.empty();
            open.add(closed);
            return Mono.fromFuture(() -> find(log, begin))
                    .flatMapMany(start -> {
                        Messages<E> messages = new Messages<>(start.end(), body);
                        return stream(log, start, log.publisher(start.tail(), messages::gap), messages);
                    })
                    .onErrorResume(EventLogUnavailableException.class, this::interrupted)
                    .doFinally(signal -> {
                        open.remove(closed);
                        closed.tryEmitEmpty();
                    });
        });
    }

    /** On a thread that may wait for Redis; and is not interrupted in that, as one of a cancelled callable would be. */
    private static CompletableFuture<Start> find(ReadableEventLog<?> log, Tail tail) {
        return CompletableFuture.supplyAsync(() -> Start.of(log, tail), Schedulers.boundedElastic()::schedule);
    }

    private <E extends LoggedEvent> Flux<ServerSentEvent<Object>> stream(
            ReadableEventLog<E> log, Start start, Flow.Publisher<List<E>> publisher, Messages<E> messages) {
        Flux<ServerSentEvent<Object>> events = EventFlux.batches(publisher)
                .doOnNext(batch -> interruptions.over())
                .onErrorComplete(IllegalStateException.class) // said of a start while the application shuts down
                .map(messages::of) // at once, in the callback before which the gap was told
                .concatMapIterable(batch -> batch, 1)
                .takeUntilOther(shutdown.asMono())
                .concatWith(Mono.defer(() -> running ? end(log) : Mono.just(END)))
                .onErrorResume(EventLogFailedException.class, failed -> end(log))
                .onErrorResume(EventLogUnavailableException.class, this::interrupted)
                .onErrorResume(failure -> {
                    logger.error("A stream of Server-Sent Events of log '" + log.name() + "' has failed", failure);
                    return Mono.just(FAILED);
                });
        Flux<ServerSentEvent<Object>> heartbeats = heartbeat.isZero()
                ? Flux.never()
                : Flux.interval(heartbeat).onBackpressureDrop().map(beat -> HEARTBEAT);
        return Flux.concat(Flux.fromIterable(first(start)), Flux.merge(1, events, heartbeats))
                .takeUntil(ReactiveEventLogSse::isLast);
    }

    /** That the log is complete, or else that the application shuts down. */
    private Mono<ServerSentEvent<Object>> end(ReadableEventLog<?> log) {
        return Mono.fromFuture(
                        () -> CompletableFuture.supplyAsync(log::completion, Schedulers.boundedElastic()::schedule))
                .map(completion -> completion
                        .map(how -> ServerSentEvent.<Object>builder(data.of(how))
                                .event(SseData.COMPLETE)
                                .id(EventId.MAX.toString())
                                .build())
                        .orElse(END));
    }

    private Flux<ServerSentEvent<Object>> interrupted(EventLogUnavailableException failure) {
        interruptions.met(failure);
        return Flux.just(INTERRUPTED);
    }

    /** What is known before there is an event. It also has the headers of the answer sent. */
    private List<ServerSentEvent<Object>> first(Start start) {
        ServerSentEvent.Builder<Object> begin = ServerSentEvent.builder();
        if (start.id() != null) {
            begin.id(start.id().toString());
        } else {
            begin.comment("");
        }
        if (reconnectDelay != null) {
            begin.retry(reconnectDelay);
        }
        return start.end() != null ? List.of(begin.build()) : List.of(begin.build(), CAUGHT_UP);
    }

    private static boolean isLast(ServerSentEvent<Object> message) {
        return message.event() != null && LAST.contains(message.event());
    }

    private static ServerSentEvent<Object> named(String name, String text) {
        return ServerSentEvent.<Object>builder(text).event(name).build();
    }

    @Override
    public void start() {
        if (!running) {
            shutdown = Sinks.empty();
            running = true;
        }
    }

    /** Ends all streams, without waiting for their clients. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    /** Ends all streams, and calls back when the last of them has ended. */
    @Override
    public void stop(Runnable callback) {
        running = false;
        List<Mono<Void>> ending = open.stream().map(Sinks.Empty::asMono).toList();
        shutdown.tryEmitEmpty(); // in vain if it has stopped already
        Mono.when(ending).doFinally(signal -> callback.run()).subscribe();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /**
     * What is found when a client comes.
     *
     * @param tail where its follower is to begin
     * @param id the id after which that is; null if only the follower finds out
     * @param end the id of the newest event there is; null if none of those there are will be sent
     */
    private record Start(
            Tail tail, @Nullable EventId id, @Nullable EventId end) {

        static Start of(ReadableEventLog<?> log, Tail tail) {
            if (tail instanceof Tail.Last last && last.count() == 0) {
                EventId id = log.lastId().orElse(EventId.MIN);
                return new Start(Tail.after(id), id, null);
            }
            EventId id = tail instanceof Tail.After after ? after.id() : null;
            List<? extends LoggedEvent> newest = untyped(log).read(Tail.last(1));
            EventId end = newest.isEmpty() ? EventId.MIN : newest.get(0).id();
            boolean sendsEnd = tail instanceof Tail.From from
                    ? !from.id().isAfter(end)
                    : end.isAfter(id == null ? EventId.MIN : id);
            return new Start(tail, id, sendsEnd ? end : null);
        }

        /** Of which each event can be read, also one that does not fit the type. */
        private static ReadableEventLog<?> untyped(ReadableEventLog<?> log) {
            return log instanceof TypedEventLog<?> typed ? typed.untyped() : log;
        }
    }

    /** What one client is sent of its batches. Belongs to the callbacks of its follower, which do not overlap. */
    private final class Messages<E extends LoggedEvent> {

        private final Function<? super E, ?> body;
        private @Nullable EventId end;
        private @Nullable Gap gap;

        Messages(@Nullable EventId end, Function<? super E, ?> body) {
            this.end = end;
            this.body = body;
        }

        void gap(Gap told) {
            gap = told;
        }

        List<ServerSentEvent<Object>> of(List<E> batch) {
            List<ServerSentEvent<Object>> messages = new ArrayList<>(batch.size() + 2);
            if (gap != null) {
                messages.add(named(SseData.GAP, data.of(gap)));
                gap = null;
            }
            for (E event : batch) {
                messages.add(ServerSentEvent.<Object>builder(data.of(body.apply(event)))
                        .id(event.id().toString())
                        .build());
            }
            if (end != null && !end.isAfter(batch.get(batch.size() - 1).id())) {
                messages.add(CAUGHT_UP);
                end = null;
            }
            return messages;
        }
    }
}
