package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import java.io.EOFException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

// Long: the pending signals, the demand and the end are one state.
/**
 * The stream of one client. It merges the signals of its logs, renders them, and publishes them as fast as the client reads. At
 * most one batch of each log waits for a slow client, and no thread does. Serves both Spring MVC and WebFlux, Server-Sent Events and
 * WebSockets. Thread-safe.
 *
 * @param <M> what is sent
 */
final class ClientStream<M> implements Flow.Publisher<List<M>>, Flow.Subscription {

    /** How a stream opens unless it is refused. */
    enum Opening {
        /** There is something to send, now or later. */
        OPEN,
        /** The client already has everything: it should not reconnect. */
        NOTHING_LEFT
    }

    private static final Log logger = LogFactory.getLog(ClientStream.class);

    /** How long Redis may answer no stream of the application before a stream that has not begun is interrupted. */
    private static final Duration SILENCE = Duration.ofSeconds(5);

    private static final Duration CHECK = Duration.ofSeconds(1);

    /** How long a stream may wait for its beginning, even if Redis answers other streams: they may be on another server. */
    private static final Duration LONGEST_START = Duration.ofSeconds(20);

    /** How long an id keeps the position in a log that no pattern finds. Another instance may have found it earlier. */
    private static final Duration UNKNOWN = Duration.ofMinutes(1);

    /** How long an ending stream waits for a client that reads nothing. */
    private static final Duration LAST_WORD = Duration.ofSeconds(1);

    private final Streams streams;
    private final StreamClient client;
    private final StreamCursor cursor;
    private final SignalRenderer<M> renderer;
    private final List<SourceReader> named = new ArrayList<>();
    private final List<PatternReader> patterns = new ArrayList<>();
    private final List<SourceReader> sources = new CopyOnWriteArrayList<>(); // including the sources of patterns
    private final long created = System.nanoTime();
    private final CompletableFuture<Opening> opening = new CompletableFuture<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    // Guarded by this. Contains sources, and patterns that have no known source yet.
    private final Set<Object> away = new HashSet<>();
    private final Set<Object> unsettled = new HashSet<>(); // sources that have not answered yet
    private final Set<Object> behind = new HashSet<>(); // sources that have not caught up
    private final Set<Object> unbegun =
            new HashSet<>(); // of patterns: no events are sent until all of these have begun
    private final Deque<Signal> due = new ArrayDeque<>();
    private Flow.@Nullable Subscriber<? super List<M>> subscriber;
    private long demand;
    private long lastTaken = created;
    private boolean delivering;
    private boolean opened;
    private boolean saidAway;
    private boolean beatDue;
    private boolean completed;
    private @Nullable Signal last;
    private @Nullable Throwable failure;
    private boolean over;

    ClientStream(
            Streams streams, EventStream stream, StreamCursor cursor, StreamClient client, MessageFormat<M> format) {
        this.streams = streams;
        this.client = client;
        this.cursor = cursor;
        this.renderer = new SignalRenderer<>(format, cursor, stream.isOfSeveral());
        for (EventStream.Source<?> source : stream.sources()) {
            EventId resumed = cursor.position(source.mark());
            named.add(new SourceReader(this, source, false, resumed, streams.recovery()));
        }
        for (EventStream.SourcePattern pattern : stream.patterns()) {
            patterns.add(new PatternReader(this, streams, pattern, client));
        }
        sources.addAll(named);
        unbegun.addAll(patterns);
        for (Set<Object> all : List.of(unsettled, behind)) {
            all.addAll(named);
            all.addAll(patterns);
        }
    }

    StreamClient client() {
        return client;
    }

    /** {@return whether the client has sent an id to continue after} */
    boolean isResumed() {
        return cursor.isResumed();
    }

    /**
     * Starts to follow. Only the check of access may block.
     *
     * @return completes as soon as it is known how the stream opens; exceptionally with an {@link EventLogException} if Redis
     *         refuses
     * @throws ResponseStatusException with the status 403 if the client may not follow one of the logs
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
        named.forEach(SourceReader::start);
        patterns.forEach(PatternReader::start);
        later(this::openWithoutAnswer, streams.patience().toMillis());
        return opening;
    }

    private boolean mayFollow() {
        return named.stream().allMatch(source -> streams.mayFollow(client, source.log()))
                && patterns.stream().allMatch(PatternReader::mayFollow);
    }

    /** Checks the access of the client again, and ends the stream if it is denied. */
    void checkAccess() {
        boolean may;
        try {
            may = mayFollow();
            if (may) {
                patterns.forEach(PatternReader::checkAccess);
            }
        } catch (RuntimeException unknown) {
            logger.error("Denying a client access to event logs, because the check failed", unknown);
            may = false;
        }
        if (!may) {
            endBy(new Signal.Failed(Signal.Code.ACCESS_DENIED));
        }
    }

    private void openWithoutAnswer() {
        if (opening.complete(Opening.OPEN)) {
            streams.gotNoAnswer(created);
            deliver();
        }
        checkSilence();
    }

    /** A slow start alone is no interruption: the application may be busy. */
    private void checkSilence() {
        long now = System.nanoTime();
        synchronized (this) {
            List<Object> waiting = new ArrayList<>(patterns);
            waiting.retainAll(unbegun);
            sources.stream().filter(SourceReader::isWaiting).forEach(waiting::add);
            waiting.removeAll(away);
            if (waiting.isEmpty() || last != null) {
                return;
            }
            if (now - created < LONGEST_START.toNanos()
                    && now - Math.max(created, streams.lastAnswer()) < SILENCE.toNanos()) {
                later(this::checkSilence, CHECK.toMillis());
                return;
            }
            away.addAll(waiting);
        }
        deliver();
    }

    private void settled(Object part) {
        boolean nothingLeft;
        synchronized (this) {
            unsettled.remove(part);
            if (!unsettled.isEmpty() || opening.isDone()) {
                return;
            }
            nothingLeft = completed
                    && due.stream()
                            .noneMatch(signal -> signal instanceof Signal.Batch || signal instanceof Signal.Missed);
        }
        opening.complete(nothingLeft ? Opening.NOTHING_LEFT : Opening.OPEN);
    }

    // Signals from the patterns

    /**
     * A pattern has found a log.
     *
     * @param source what to send from the log
     * @param pattern the pattern
     * @param atFirst whether this is the first search of the pattern
     * @return the reader of the log; null if the stream already has the log, is full, or ends
     */
    @Nullable
    SourceReader add(EventStream.Source<?> source, PatternReader pattern, boolean atFirst) {
        String mark = source.mark();
        SourceReader reader;
        synchronized (this) {
            if (over
                    || last != null
                    || sources.stream().anyMatch(other -> other.mark().equals(mark))) {
                return null;
            }
            reader = sources.size() < EventStream.MOST_LOGS ? reader(source, mark, atFirst) : null;
        }
        if (reader == null) {
            pattern.tooMany();
        } else {
            reader.start();
        }
        return reader;
    }

    private SourceReader reader(EventStream.Source<?> source, String mark, boolean atFirst) {
        EventId resumed = cursor.position(mark);
        if (resumed == null && !(atFirst && cursor.isPartial())) {
            resumed = EventId.MIN; // the log has begun since then
        }
        if (cursor.size() >= EventStream.MOST_LOGS) {
            forgetUnknown();
        }
        SourceReader reader = new SourceReader(this, source, true, resumed, streams.recovery());
        sources.add(reader);
        if (atFirst) {
            List.of(unsettled, behind, unbegun).forEach(all -> all.add(reader));
        }
        return reader;
    }

    private void forgetUnknown() {
        cursor.retain(sources.stream().map(SourceReader::mark).toList());
    }

    /**
     * A pattern has added all known logs.
     *
     * @param isAway returns whether the search is interrupted: there may be other logs
     */
    void foundAll(PatternReader pattern, BooleanSupplier isAway) {
        synchronized (this) {
            hasBegun(pattern);
        }
        interruption(pattern, isAway);
        settled(pattern);
        later(this::forgetUnknown, UNKNOWN.toMillis());
    }

    /** A search could not begin. */
    void away(PatternReader pattern, EventLogUnavailableException why, BooleanSupplier isAway) {
        streams.interruptions().met(why);
        interruption(pattern, isAway);
        settled(pattern);
    }

    /** The search of a pattern was interrupted, or continues. */
    void interruption(PatternReader pattern, BooleanSupplier isAway) {
        boolean interrupted;
        synchronized (this) {
            interrupted = isAway.getAsBoolean(); // within the lock, so that the last call sees the current state
            if (interrupted) {
                away.add(pattern);
            } else {
                away.remove(pattern);
                if (!unbegun.contains(pattern)) {
                    isNotBehind(pattern);
                }
            }
        }
        if (!interrupted) {
            streams.answered();
        }
        deliver();
    }

    /** A log is gone, and all its events have been sent. */
    void forget(SourceReader reader) {
        reader.close();
        sources.remove(reader);
        say(new Signal.Gone(reader));
        without(reader);
    }

    /** The client may no longer follow a log: its pending events are not sent. */
    void leaveOut(SourceReader reader) {
        synchronized (this) {
            due.removeIf(signal -> signal instanceof Signal.Batch batch && batch.source() == reader);
        }
        forget(reader);
    }

    private void without(SourceReader part) {
        synchronized (this) {
            away.remove(part);
            isNotBehind(part);
            hasBegun(part);
        }
        settled(part);
        deliver();
    }

    private void isNotBehind(Object part) {
        if (behind.remove(part) && behind.isEmpty()) {
            due.add(new Signal.CaughtUp());
        }
    }

    private void hasBegun(Object part) {
        if (unbegun.remove(part) && unbegun.isEmpty()) {
            cursor.complete();
            if (opened) {
                due.addFirst(new Signal.AllBegun());
            }
        }
    }

    void tooMany(String pattern) {
        String message = "The stream would have more than " + EventStream.MOST_LOGS + " logs with those that match '"
                + pattern + "', and its ids grow with each log: use a narrower pattern, or several streams";
        if (opening.completeExceptionally(new ResponseStatusException(HttpStatus.BAD_REQUEST, message))) {
            cancel();
        } else {
            logger.warn(message);
            fail(Signal.Code.TOO_MANY_LOGS);
        }
    }

    // Signals from the logs

    void begun(SourceReader source, EventId position) {
        streams.answered();
        synchronized (this) {
            away.remove(source);
            if (opened && unbegun.isEmpty()) {
                due.add(new Signal.Begun(source, position));
            } else {
                cursor.moveTo(source.mark(), position);
            }
            hasBegun(source);
        }
        deliver();
    }

    void found(SourceReader source, List<EventStream.Item> items, EventId position) {
        say(new Signal.Batch(source, items, position));
        settled(source);
    }

    void missed(SourceReader source, Gap gap) {
        say(new Signal.Missed(source, gap));
    }

    void caughtUp(SourceReader source) {
        synchronized (this) {
            isNotBehind(source);
        }
        deliver();
        settled(source);
    }

    void completed(SourceReader source, @Nullable Completion completion) {
        streams.answered();
        synchronized (this) {
            away.remove(source);
            isNotBehind(source);
            due.add(new Signal.Complete(source, completion));
            completed = patterns.isEmpty() && sources.stream().allMatch(SourceReader::isComplete);
        }
        settled(source);
        deliver();
    }

    void away(Object part) {
        synchronized (this) {
            if (part instanceof SourceReader && !sources.contains(part)) { // the stream has left out its log since
                return;
            }
            away.add(part);
        }
        deliver();
    }

    void away(Object part, EventLogUnavailableException why) {
        streams.interruptions().met(why);
        away(part);
        settled(part);
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
        logger.error("A stream of log '" + log + "' has failed", why);
        fail(code);
    }

    private void fail(Signal.Code code) {
        synchronized (this) {
            last = last == null ? new Signal.Failed(code) : last;
        }
        closeAll();
        opening.complete(Opening.OPEN);
        deliver();
    }

    /** Runs a task later, unless the stream is over by then. */
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

    // The end of the stream

    /** Ends the stream from the server's side, so that the client reconnects. */
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
        closeAll();
        opening.complete(Opening.OPEN);
        deliver();
        later(() -> giveUp("A client did not read the end of its stream"), LAST_WORD.toMillis());
    }

    private void closeAll() {
        sources.forEach(SourceReader::close);
        patterns.forEach(PatternReader::close);
    }

    private void giveUp(String why) {
        synchronized (this) {
            failure = new EOFException(why); // servers treat this exception as a disconnected client
        }
        logger.debug(why);
        deliver();
    }

    /** Sends a heartbeat, and gives up a client that has read nothing for too long. */
    void beat(boolean audible, Duration writeTimeout) {
        boolean stalled;
        boolean left;
        synchronized (this) {
            stalled = demand == 0 && System.nanoTime() - lastTaken > writeTimeout.toNanos();
            left = stalled && subscriber == null && opening.isDone();
            stalled &= subscriber != null;
            beatDue = audible && demand > 0;
        }
        if (left) { // the server never wrote the answer
            giveUp("Nobody has read the stream for " + writeTimeout);
            closeAll();
            closed.complete(null);
        } else if (stalled) {
            giveUp("A client has read nothing for " + writeTimeout);
        } else {
            deliver();
        }
    }

    /** {@return completes when the stream and its followers have ended} */
    CompletionStage<Void> closed() {
        return closed;
    }

    // The client's side

    @Override
    public void subscribe(Flow.Subscriber<? super List<M>> client) {
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

    /** The client has disconnected, or never subscribed. */
    @Override
    public void cancel() {
        synchronized (this) {
            over = true;
        }
        closeAll();
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

    /** {@return whether to call this method again} */
    private boolean step() {
        Flow.Subscriber<? super List<M>> to;
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

    /** {@return whether everything has been sent} */
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
        Signal signal = unbegun.isEmpty() ? due.poll() : null;
        if (signal == null && last != null && !(last instanceof Signal.Said)) {
            signal = last;
            last = new Signal.Said();
        } else if (signal == null && beatDue && last == null) {
            beatDue = false;
            signal = new Signal.Beat();
        }
        return signal;
    }

    private List<M> render(Signal signal) {
        if (signal instanceof Signal.Missed) {
            streams.toldGap();
        }
        if (!(signal instanceof Signal.Batch batch)) {
            return List.of(renderer.render(signal));
        }
        List<M> messages = new ArrayList<>(batch.items().size());
        EventId sent = null;
        try {
            for (EventStream.Item item : batch.items()) {
                messages.add(renderer.event(batch.source(), item));
                sent = item.stored().id();
            }
            if (!batch.position().equals(sent)) { // so that the client resumes after what was left out
                messages.add(renderer.render(new Signal.Begun(batch.source(), batch.position())));
            }
        } catch (RuntimeException | StackOverflowError unreadable) {
            synchronized (this) {
                due.clear(); // nothing follows the last signal
                completed = false;
            }
            fail(Signal.Code.UNREADABLE_EVENT, batch.source().log(), unreadable);
        }
        return messages;
    }
}
