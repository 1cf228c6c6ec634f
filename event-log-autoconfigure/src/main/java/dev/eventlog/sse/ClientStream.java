package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import java.io.EOFException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.server.ResponseStatusException;

// Long: what is due, what is asked for and how it ends are one state.
/**
 * One client's stream: merges the signals of its logs and publishes them, rendered, as fast as the client takes them. What waits
 * for a slow client is one batch of each log at most, and no thread. Serves Spring MVC and WebFlux alike. Thread-safe.
 */
final class ClientStream implements Flow.Publisher<List<ServerSentEvent<String>>>, Flow.Subscription {

    /** How a stream opens that is not refused. */
    enum Opening {
        /** There is something to send, now or later. */
        OPEN,
        /** The client has all that there will ever be: it is to stay away. */
        NOTHING_LEFT
    }

    private static final Log logger = LogFactory.getLog(ClientStream.class);

    /** So long a client waits for the status of its request: if Redis has not answered by then, the stream opens without it. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** So long a client that takes nothing may keep a stream that is to end. */
    private static final Duration LAST_WORD = Duration.ofSeconds(1);

    private final Streams streams;
    private final StreamClient client;
    private final StreamCursor cursor;
    private final SseRenderer renderer;
    private final List<SourceReader> sources = new ArrayList<>();
    private final CompletableFuture<Opening> opening = new CompletableFuture<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    // Guarded by this.
    private final Set<SourceReader> away = new HashSet<>();
    private final Set<SourceReader> unsettled = new HashSet<>(); // of which nothing is known yet
    private final Set<SourceReader> behind = new HashSet<>(); // that have not caught up
    private final Queue<Signal> due = new ArrayDeque<>();
    private Flow.@Nullable Subscriber<? super List<ServerSentEvent<String>>> subscriber;
    private long demand;
    private long lastTaken = System.nanoTime();
    private boolean delivering;
    private boolean opened;
    private boolean saidAway;
    private boolean beatDue;
    private boolean completed;
    private @Nullable Signal last;
    private @Nullable Throwable failure;
    private boolean over;

    ClientStream(Streams streams, EventStream stream, StreamCursor cursor, StreamClient client) {
        this.streams = streams;
        this.client = client;
        this.cursor = cursor;
        this.renderer = streams.renderer(cursor, stream.sources().size() > 1);
        for (EventStream.Source<?> source : stream.sources()) {
            EventId resumed = cursor.position(StreamCursor.mark(source.name()));
            sources.add(new SourceReader(this, source, resumed, streams.recovery()));
        }
        unsettled.addAll(sources);
        behind.addAll(sources);
    }

    /**
     * Begins to follow. Waits for nothing but whoever decides on access.
     *
     * @return completes as soon as it is known how the stream opens: exceptionally with an {@link EventLogException} if Redis
     *     refuses
     * @throws ResponseStatusException of status 403 if the client may not follow one of the logs
     */
    CompletableFuture<Opening> open() {
        if (!mayFollow()) {
            cancel();
            throw new ResponseStatusException(HttpStatus.FORBIDDEN, "This request is not allowed to follow these logs");
        }
        if (!streams.opened(this)) {
            end();
            return opening;
        }
        sources.forEach(SourceReader::start);
        later(this::openWithoutAnswer, PATIENCE.toMillis());
        return opening;
    }

    private boolean mayFollow() {
        return sources.stream().allMatch(source -> streams.mayFollow(client, source.log()));
    }

    /** Asks once more whether the client may follow, and ends the stream if not. */
    void checkAccess() {
        boolean may;
        try {
            may = mayFollow();
        } catch (RuntimeException unknown) {
            logger.error("The access of a client to event logs could not be checked, so it is denied", unknown);
            may = false;
        }
        if (!may) {
            endBy(new Signal.Failed(Signal.Code.ACCESS_DENIED));
        }
    }

    private void openWithoutAnswer() {
        synchronized (this) {
            away.addAll(unsettled);
            unsettled.clear();
        }
        opening.complete(Opening.OPEN);
        deliver();
    }

    private void settled(SourceReader source) {
        boolean nothingLeft;
        synchronized (this) {
            unsettled.remove(source);
            if (!unsettled.isEmpty() || opening.isDone()) {
                return;
            }
            nothingLeft = completed
                    && due.stream()
                            .noneMatch(signal -> signal instanceof Signal.Batch || signal instanceof Signal.Missed);
        }
        opening.complete(nothingLeft ? Opening.NOTHING_LEFT : Opening.OPEN);
    }

    // What the logs say

    void begun(SourceReader source, EventId position) {
        streams.interruptions().over();
        synchronized (this) {
            away.remove(source);
            if (opened) {
                due.add(new Signal.Begun(source, position));
            } else {
                cursor.moveTo(source.mark(), position);
            }
        }
        deliver();
    }

    void found(SourceReader source, List<Event> events) {
        say(new Signal.Batch(source, events));
        settled(source);
    }

    void missed(SourceReader source, Gap gap) {
        say(new Signal.Missed(source, gap));
    }

    void caughtUp(SourceReader source) {
        boolean all;
        synchronized (this) {
            all = behind.remove(source) && behind.isEmpty();
        }
        if (all) {
            say(new Signal.CaughtUp());
        }
        settled(source);
    }

    void completed(SourceReader source, @Nullable Completion completion) {
        synchronized (this) {
            away.remove(source);
            if (behind.remove(source) && behind.isEmpty()) {
                due.add(new Signal.CaughtUp());
            }
            due.add(new Signal.Complete(source, completion));
            completed = sources.stream().allMatch(SourceReader::isComplete);
        }
        settled(source);
        deliver();
    }

    void away(SourceReader source) {
        synchronized (this) {
            away.add(source);
        }
        deliver();
    }

    void away(SourceReader source, EventLogUnavailableException why) {
        streams.interruptions().met(why);
        away(source);
        settled(source);
    }

    void back(SourceReader source) {
        synchronized (this) {
            away.remove(source);
        }
        deliver();
    }

    void refused(String log, EventLogException why) {
        if (opening.completeExceptionally(why)) {
            cancel();
        } else {
            fail(Signal.Code.REFUSED, log, why);
        }
    }

    void fail(Signal.Code code, String log, Throwable why) {
        logger.error("A stream of Server-Sent Events of log '" + log + "' has failed", why);
        synchronized (this) {
            last = last == null ? new Signal.Failed(code) : last;
        }
        sources.forEach(SourceReader::close);
        opening.complete(Opening.OPEN);
        deliver();
    }

    /** Runs something later, unless the stream is over by then. */
    void later(Runnable what, long millis) {
        CompletableFuture<Void> unused = new CompletableFuture<Void>()
                .completeOnTimeout(null, Math.max(1, millis), TimeUnit.MILLISECONDS)
                .thenRun(() -> {
                    if (!isOver()) {
                        what.run();
                    }
                });
    }

    private void say(Signal signal) {
        synchronized (this) {
            due.add(signal);
        }
        deliver();
    }

    private synchronized boolean isOver() {
        return over;
    }

    // What ends it

    /** Ends the stream from this side, so that the client comes back. */
    void end() {
        endBy(new Signal.End());
    }

    private void endBy(Signal word) {
        synchronized (this) {
            if (last == null) {
                due.clear();
                last = word;
            }
            saidAway = !away.isEmpty();
        }
        sources.forEach(SourceReader::close);
        opening.complete(Opening.OPEN);
        deliver();
        later(() -> giveUp("A client did not read the end of its stream"), LAST_WORD.toMillis());
    }

    private void giveUp(String why) {
        synchronized (this) {
            failure = new EOFException(why); // which servers take for a client that has gone
        }
        logger.debug(why);
        deliver();
    }

    /** Says that the server is still there; gives up a client that has taken nothing for too long. */
    void beat(boolean audible, Duration writeTimeout) {
        boolean stalled;
        synchronized (this) {
            stalled = demand == 0 && subscriber != null && System.nanoTime() - lastTaken > writeTimeout.toNanos();
            beatDue = audible && demand > 0;
        }
        if (stalled) {
            giveUp("A client has read nothing for " + writeTimeout);
        } else {
            deliver();
        }
    }

    /** {@return completes when the stream has ended, and its followers with it} */
    CompletionStage<Void> closed() {
        return closed;
    }

    // What the client takes

    @Override
    public void subscribe(Flow.Subscriber<? super List<ServerSentEvent<String>>> client) {
        synchronized (this) {
            subscriber = client;
            lastTaken = System.nanoTime();
        }
        client.onSubscribe(this);
    }

    @Override
    public void request(long chunks) {
        synchronized (this) {
            demand = chunks > Long.MAX_VALUE - demand ? Long.MAX_VALUE : demand + chunks;
        }
        deliver();
    }

    /** The client has gone, or was never there. */
    @Override
    public void cancel() {
        synchronized (this) {
            over = true;
        }
        sources.forEach(SourceReader::close);
        closed.complete(null);
    }

    private void deliver() {
        synchronized (this) {
            if (delivering || subscriber == null) {
                return;
            }
            delivering = true;
        }
        while (step()) {
            // one signal after the other
        }
    }

    /** {@return whether to look again} */
    private boolean step() {
        Flow.Subscriber<? super List<ServerSentEvent<String>>> to;
        Signal next;
        Throwable thrown;
        synchronized (this) {
            to = subscriber;
            thrown = failure;
            next = over || to == null || demand == 0 || thrown != null ? null : next();
            boolean ends = thrown != null || isDone();
            if (over || to == null || (next == null && !ends)) {
                delivering = false;
                return false;
            }
            demand -= next == null || demand == Long.MAX_VALUE ? 0 : 1;
            lastTaken = System.nanoTime();
        }
        if (thrown != null) {
            cancel();
            to.onError(thrown);
        } else if (next == null) {
            cancel();
            to.onComplete();
        } else {
            to.onNext(render(next));
            if (next instanceof Signal.Batch batch) {
                batch.source().next();
            }
        }
        return true;
    }

    /** {@return whether all has been said} */
    private boolean isDone() {
        return (completed && opened && due.isEmpty()) || last instanceof Signal.Said;
    }

    private @Nullable Signal next() {
        if (!opened) {
            opened = true;
            return new Signal.Opened();
        }
        if (saidAway != !away.isEmpty() && !(last instanceof Signal.Said)) {
            saidAway = !saidAway;
            return saidAway ? new Signal.Interrupted() : new Signal.Resumed();
        }
        Signal signal = due.poll();
        if (signal == null && last != null && !(last instanceof Signal.Said)) {
            signal = last;
            last = new Signal.Said();
        } else if (signal == null && beatDue && last == null) {
            beatDue = false;
            signal = new Signal.Beat();
        }
        return signal;
    }

    private List<ServerSentEvent<String>> render(Signal signal) {
        if (!(signal instanceof Signal.Batch batch)) {
            return List.of(renderer.render(signal));
        }
        List<ServerSentEvent<String>> messages = new ArrayList<>(batch.events().size());
        try {
            for (Event event : batch.events()) {
                messages.add(renderer.event(batch.source(), event));
            }
        } catch (RuntimeException | StackOverflowError unreadable) {
            synchronized (this) {
                due.clear(); // nothing after that one
                completed = false;
            }
            fail(Signal.Code.UNREADABLE_EVENT, batch.source().log(), unreadable);
        }
        return messages;
    }
}
