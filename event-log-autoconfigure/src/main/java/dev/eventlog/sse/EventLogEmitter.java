package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.util.Assert;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

// Long: what is written, when it begins and how it ends are one state.
/**
 * One client's stream of a log, as {@link EventLogSse} opens it: to be returned from a controller method, with which it begins.
 * It ends with its client, with its followers, and with the application. Thread-safe; what you {@code send} besides goes
 * between the events.
 */
public final class EventLogEmitter extends SseEmitter {

    private static final Log logger = LogFactory.getLog(EventLogEmitter.class);

    private static final MediaType TEXT = new MediaType("text", "plain", StandardCharsets.UTF_8);

    private static final Set<Integer> WITHOUT_BODY =
            Set.of(HttpStatus.NO_CONTENT.value(), HttpStatus.RESET_CONTENT.value(), HttpStatus.NOT_MODIFIED.value());

    private final SseData data;
    private final Executor threads;
    private final Interruptions interruptions;
    private final Consumer<EventLogEmitter> begun;
    private final List<Runnable> starts = new ArrayList<>(); // guarded by itself
    private final List<Follower> followers = new CopyOnWriteArrayList<>();
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean over = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private BooleanSupplier ended = () -> false;
    private boolean returned; // guarded by starts

    /**
     * A stream that has not begun yet.
     *
     * @param begun called as soon as it has
     */
    EventLogEmitter(SseData data, Executor threads, Interruptions interruptions, Consumer<EventLogEmitter> begun) {
        super(0L); // never times out
        this.data = data;
        this.threads = threads;
        this.interruptions = interruptions;
        this.begun = begun;
        onCompletion(this::leave);
        onError(failure -> leave());
    }

    /**
     * Sends the events of a second log too, by a name and without ids: a client that comes back gets them from the tail
     * again. That they share a connection matters to browsers, which open no more than six to a host. To be called before
     * this is returned.
     *
     * @param name the name of these events; {@code <name>-gap} is that of what was missed of them
     * @param log the log
     * @param tail where to begin
     * @param body makes of each event what to send: text as it is, all else as JSON
     * @param <E> the events of the log
     * @return this emitter
     * @throws IllegalStateException if the stream has begun
     */
    public <E extends LoggedEvent> EventLogEmitter and(
            String name, ReadableEventLog<E> log, Tail tail, Function<? super E, ?> body) {
        later(() -> add(log.follow(tail, new Second<E>(name, body))));
        return this;
    }

    /**
     * Follows the log whose ids are those of this stream. The first that is written is where it begins, as an id without an
     * event: a client that loses its connection before it got an event then resumes there and misses nothing.
     */
    <E extends LoggedEvent> EventLogEmitter from(
            ReadableEventLog<E> log, Tail tail, Function<? super E, ?> body, @Nullable Duration reconnectDelay) {
        ended = () -> tail.equals(Tail.after(EventId.MAX)) && log.isComplete();
        later(() -> {
            writing.lock(); // what the listener gets comes after that
            try {
                Follower follower = log.follow(tail, new First<E>(body));
                SseEventBuilder begin = event().id(follower.position().toString());
                write(text(reconnectDelay != null ? begin.reconnectTime(reconnectDelay.toMillis()) : begin));
                add(follower);
                follower.completion().thenAccept(this::endIfComplete);
            } finally {
                writing.unlock();
            }
        });
        return this;
    }

    private void later(Runnable start) {
        synchronized (starts) {
            Assert.state(!returned, "This stream has begun: add a second log before the controller returns it");
            starts.add(start);
        }
    }

    /**
     * Begins, on the thread of the request that this is the answer to. Not earlier: nobody would ever find out that a client
     * has gone to which nothing is written, as what was thrown then came between, or the answer has no body.
     */
    private void begin() {
        try {
            starts.forEach(Runnable::run);
            interruptions.over();
            begun.accept(this);
        } catch (EventLogUnavailableException passing) {
            interruptions.met(passing);
            end(passing);
        } catch (IllegalStateException shuttingDown) { // a follow says nothing else by this
            end(null);
        } catch (RuntimeException refused) { // for the application to answer: nothing has been sent yet
            leave();
            throw refused;
        }
    }

    private void add(Follower follower) {
        followers.add(follower);
        if (over.get()) {
            follower.close();
        }
        // On another thread: the one that ends it may have many more to end, and this client may be slow.
        follower.completion().whenComplete((reason, failure) -> {
            if (!over.get() && reason != Follower.EndReason.COMPLETED) {
                threads.execute(() -> end(failure));
            }
        });
    }

    /** The client has been told that the log whose ids are those of this stream is complete. */
    private void endIfComplete(Follower.EndReason reason) {
        if (reason == Follower.EndReason.COMPLETED) {
            leave();
            threads.execute(this::complete);
        }
    }

    /** Says that the server is still there, and finds out whether the client is. */
    void beat() {
        if (!writing.tryLock()) { // it is being written to, and may be slow
            return;
        }
        boolean there;
        try {
            there = write(text(event().comment("")));
        } finally {
            writing.unlock();
        }
        if (!there) {
            leave();
        }
    }

    /**
     * Ends the stream from this side, so that the client comes back; or does not, after a failure.
     *
     * @param failure what ended a follower; null for none
     */
    private void end(@Nullable Throwable failure) {
        if (over.compareAndSet(false, true)) {
            followers.forEach(Follower::close);
            if (write(last(failure))) {
                complete();
            }
            closed.complete(null);
        }
    }

    private static String last(@Nullable Throwable failure) {
        if (failure == null) {
            return text(event().name(SseData.END).data(SseData.END_TEXT));
        }
        return failure instanceof EventLogUnavailableException
                ? text(event().name(SseData.INTERRUPTED).data(SseData.INTERRUPTED_TEXT))
                : text(event().name(SseData.FAILED).data(SseData.FAILED_TEXT));
    }

    /** Ends the stream soon, without waiting for a slow client. */
    void endSoon() {
        threads.execute(() -> end(null));
    }

    /** The client has gone. */
    private void leave() {
        if (over.compareAndSet(false, true)) {
            followers.forEach(Follower::close);
            closed.complete(null);
        }
    }

    /** {@return completes when the stream has ended and its followers are closed} */
    CompletionStage<Void> closed() {
        return closed;
    }

    /** One write and one flush, however much it is. */
    private boolean write(String text) {
        writing.lock();
        try {
            send(Set.of(new DataWithMediaType(text, TEXT)));
            return true;
        } catch (IOException | IllegalStateException gone) {
            logger.debug("A client of event logs has gone", gone);
            return false;
        } finally {
            writing.unlock();
        }
    }

    private static String text(SseEventBuilder event) {
        StringBuilder text = new StringBuilder();
        append(event, text);
        return text.toString();
    }

    /** All parts of an event whose data is text are text. */
    private static void append(SseEventBuilder event, StringBuilder text) {
        event.build().forEach(part -> text.append(part.getData()));
    }

    @Override
    protected void extendResponse(ServerHttpResponse response) {
        super.extendResponse(response);
        HttpHeaders headers = response.getHeaders();
        if (headers.getCacheControl() == null) {
            headers.setCacheControl(CacheControl.noStore());
        }
        headers.set("X-Accel-Buffering", "no"); // nginx would keep events back until it has many
        synchronized (starts) {
            returned = true;
        }
        refuseWithoutBody(response);
        if (hasEnded()) { // at 204 a browser does not come back
            response.setStatusCode(HttpStatus.NO_CONTENT);
            leave();
            complete();
        } else if (answersHead()) {
            leave();
            complete();
        } else {
            begin();
        }
    }

    /** Whether the client was told before that the log is complete. */
    private boolean hasEnded() {
        try {
            return ended.getAsBoolean();
        } catch (EventLogException asWhenItBegins) {
            return false;
        }
    }

    /** The server would let go of what is written, and nobody would find out that the client has gone. */
    private void refuseWithoutBody(ServerHttpResponse response) {
        int status = response instanceof ServletServerHttpResponse servlet
                ? servlet.getServletResponse().getStatus()
                : HttpStatus.OK.value();
        if (WITHOUT_BODY.contains(status)) {
            leave();
            throw new IllegalStateException("A stream of events cannot be sent with status " + status
                    + ", which has no body: let the controller answer 200");
        }
    }

    /** Spring answers HEAD by the method for GET, and the server lets go of what is written. */
    private static boolean answersHead() {
        return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes
                && HttpMethod.HEAD.matches(attributes.getRequest().getMethod());
    }

    private abstract class Listener<E extends LoggedEvent> implements EventBatchListener<E> {

        private final Function<? super E, ?> body;

        Listener(Function<? super E, ?> body) {
            this.body = body;
        }

        @Override
        public void onBatch(List<E> batch) {
            StringBuilder text = new StringBuilder();
            for (E event : batch) {
                append(describe(event).data(data.of(body.apply(event))), text);
            }
            say(text.toString());
        }

        abstract SseEventBuilder describe(E event);

        void say(String text) {
            if (!write(text)) {
                leave();
            }
        }
    }

    private final class First<E extends LoggedEvent> extends Listener<E> {

        First(Function<? super E, ?> body) {
            super(body);
        }

        @Override
        SseEventBuilder describe(E event) {
            return event().id(event.id().toString());
        }

        @Override
        public void onCaughtUp() {
            say(text(event().name(SseData.CAUGHT_UP).data("")));
        }

        @Override
        public void onGap(Gap gap) {
            say(text(event().name(SseData.GAP).data(data.of(gap))));
        }

        @Override
        public void onComplete(Completion completion) {
            say(text(event().id(EventId.MAX.toString()).name(SseData.COMPLETE).data(data.of(completion))));
        }
    }

    private final class Second<E extends LoggedEvent> extends Listener<E> {

        private final String name;

        Second(String name, Function<? super E, ?> body) {
            super(body);
            this.name = name;
        }

        @Override
        SseEventBuilder describe(E event) {
            return event().name(name);
        }

        @Override
        public void onGap(Gap gap) {
            say(text(event().name(name + '-' + SseData.GAP).data(data.of(gap))));
        }
    }
}
