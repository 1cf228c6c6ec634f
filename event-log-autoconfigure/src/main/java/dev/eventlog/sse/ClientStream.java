package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/**
 * The stream of one client, from its start to its end. It merges the signals of its {@link StreamLogs}, and its
 * {@link SignalSender} sends them as fast as the client reads. At most one batch of each log waits for a slow client, and no
 * thread does. Serves both Spring MVC and WebFlux, Server-Sent Events and WebSockets. Thread-safe.
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
    private final DueSignals signals;
    private final StreamLogs logs;
    private final SignalSender<M> sender;
    private final long created = System.nanoTime();
    private final CompletableFuture<Opening> opening = new CompletableFuture<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    ClientStream(
            Streams streams, EventStream stream, StreamCursor cursor, StreamClient client, MessageFormat<M> format) {
        this.streams = streams;
        this.client = client;
        this.cursor = cursor;
        signals = new DueSignals(cursor);
        logs = new StreamLogs(this, streams, stream, client, cursor, signals);
        sender = new SignalSender<>(this, streams, signals, new SignalRenderer<>(format, cursor, stream.isOfSeveral()));
    }

    StreamClient client() {
        return client;
    }

    /** {@return whether the client has sent an id to continue after} */
    boolean isResumed() {
        return cursor.isResumed();
    }

    // The start

    /**
     * Starts to follow. Only the check of access may block.
     *
     * @return completes as soon as it is known how the stream opens; exceptionally with an {@link EventLogException} if Redis
     *         refuses
     * @throws ResponseStatusException with the status 403 if the client may not follow one of the logs
     */
    CompletableFuture<Opening> open() {
        if (!logs.mayFollow()) {
            cancel();
            throw new ResponseStatusException(HttpStatus.FORBIDDEN, "This request is not allowed to follow these logs");
        }
        if (!streams.opened(this)) {
            end();
            return opening;
        }
        logs.start();
        later(this::openWithoutAnswer, streams.patience().toMillis());
        return opening;
    }

    /** Checks the access of the client again, and ends the stream if it is denied. */
    void checkAccess() {
        if (!logs.mayStillFollow()) {
            endBy(new Signal.Failed(Signal.Code.ACCESS_DENIED));
        }
    }

    private void openWithoutAnswer() {
        if (opening.complete(Opening.OPEN)) {
            streams.gotNoAnswer(created);
            sender.deliver();
        }
        checkSilence();
    }

    /** A slow start alone is no interruption: the application may be busy. */
    private void checkSilence() {
        if (!signals.isSilent()) {
            return;
        }
        long now = System.nanoTime();
        if (now - created < LONGEST_START.toNanos()
                && now - Math.max(created, streams.lastAnswer()) < SILENCE.toNanos()) {
            later(this::checkSilence, CHECK.toMillis());
            return;
        }
        signals.silentAreAway();
        sender.deliver();
    }

    private void settled(Object part) {
        Opening how = signals.settled(part);
        if (how != null) {
            opening.complete(how);
        }
    }

    // Signals from the patterns

    /**
     * A pattern has added all known logs.
     *
     * @param isAway returns whether the search is interrupted: there may be other logs
     */
    void foundAll(PatternReader pattern, BooleanSupplier isAway) {
        signals.foundAll(pattern);
        interruption(pattern, isAway);
        settled(pattern);
        later(logs::forgetUnknown, UNKNOWN.toMillis());
    }

    /** A search could not begin. */
    void away(PatternReader pattern, EventLogUnavailableException why, BooleanSupplier isAway) {
        streams.interruptions().met(why);
        interruption(pattern, isAway);
        settled(pattern);
    }

    /** The search of a pattern was interrupted, or continues. */
    void interruption(PatternReader pattern, BooleanSupplier isAway) {
        if (!signals.interruption(pattern, isAway)) {
            streams.answered();
        }
        sender.deliver();
    }

    /** A log is gone, and all its events have been sent. */
    void forget(SourceReader reader) {
        logs.remove(reader);
        say(new Signal.Gone(reader));
        signals.remove(reader);
        settled(reader);
        sender.deliver();
    }

    /** The client may no longer follow a log: its pending events are not sent. */
    void leaveOut(SourceReader reader) {
        signals.withdraw(reader);
        forget(reader);
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
        signals.begun(source, position);
        sender.deliver();
    }

    void found(SourceReader source, List<EventStream.Item> items, EventId position) {
        say(new Signal.Batch(source, items, position));
        settled(source);
    }

    void missed(SourceReader source, Gap gap) {
        say(new Signal.Missed(source, gap));
    }

    void caughtUp(SourceReader source) {
        signals.caughtUp(source);
        sender.deliver();
        settled(source);
    }

    void completed(SourceReader source, @Nullable Completion completion) {
        streams.answered();
        signals.completed(source, completion);
        settled(source);
        sender.deliver();
    }

    void away(SourceReader source) {
        signals.away(source);
        sender.deliver();
    }

    void away(SourceReader source, EventLogUnavailableException why) {
        streams.interruptions().met(why);
        away(source);
        settled(source);
    }

    void back(SourceReader source) {
        signals.back(source);
        sender.deliver();
    }

    private void say(Signal signal) {
        signals.add(signal);
        sender.deliver();
    }

    // The end

    /** Fails the request with an exception, or ends the stream with a code if the request has been answered. */
    void refused(Signal.Code code, String log, RuntimeException why) {
        if (opening.completeExceptionally(why)) {
            cancel();
        } else {
            fail(code, log, why);
        }
    }

    void fail(Signal.Code code, String log, Throwable why) {
        logger.error("A stream of log '" + log + "' has failed", why);
        fail(code);
    }

    private void fail(Signal.Code code) {
        signals.endWith(new Signal.Failed(code));
        logs.close();
        opening.complete(Opening.OPEN);
        sender.deliver();
    }

    /** Ends the stream from the server's side, so that the client reconnects. */
    void end() {
        endBy(new Signal.End());
    }

    private void endBy(Signal word) {
        signals.endNowWith(word);
        logs.close();
        opening.complete(Opening.OPEN);
        sender.deliver();
        later(() -> sender.giveUp("A client did not read the end of its stream"), LAST_WORD.toMillis());
    }

    /** Sends a heartbeat when it is due, and gives up a client that has read nothing for too long. Called by one thread only. */
    void beat(long now, Duration interval, boolean audible, Duration writeTimeout) {
        if (sender.startsBeat(now, interval) && !sender.beat(audible, opening.isDone(), writeTimeout)) {
            logs.close();
            closed.complete(null);
        }
    }

    /** {@return completes when the stream and its followers have ended} */
    CompletionStage<Void> closed() {
        return closed;
    }

    /** Runs a task later, unless the stream is over by then. */
    void later(Runnable what, long millis) {
        CompletableFuture<Void> unused = new CompletableFuture<Void>()
                .completeOnTimeout(null, Math.max(1, millis), TimeUnit.MILLISECONDS)
                .thenRun(() -> {
                    if (!sender.isOver()) {
                        what.run();
                    }
                });
    }

    // The client's side

    @Override
    public void subscribe(Flow.Subscriber<? super List<M>> client) {
        sender.to(client);
        client.onSubscribe(this);
    }

    @Override
    public void request(long chunks) {
        sender.request(chunks);
    }

    /** The client has disconnected, or never subscribed. */
    @Override
    public void cancel() {
        sender.stop();
        logs.close();
        closed.complete(null);
    }
}
