package dev.eventlog.http;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.FollowSignals;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.TailPage;
import java.io.EOFException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sends a log to one client as Server-Sent Events. The client controls the demand; at most one batch is read ahead. A gap, a
 * failure or an outage ends the stream. The client then reconnects and gets an answer with the reason. Thread-safe.
 */
final class LiveStream implements Flow.Publisher<String>, Flow.Subscription {

    private static final Log logger = LogFactory.getLog(LiveStream.class);

    /** How long an ending stream waits for a client that reads nothing. */
    private static final Duration LAST_WORD = Duration.ofSeconds(1);

    private final EventLog log;
    private final SseText text;
    private final Duration lifetime;
    private final int batchSize;
    private final OpenRequests open;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Reader reader = new Reader();

    // Guarded by this.
    private final Queue<String> due = new ArrayDeque<>();
    private Flow.@Nullable Subscriber<? super String> subscriber;
    private Flow.@Nullable Subscription upstream;
    private EventId position;
    private long demand;
    private boolean caughtUp;
    private boolean asked; // a batch has been requested and has not arrived
    private boolean last; // nothing is added to the queue any more
    private boolean delivering;
    private boolean over;

    /**
     * Creates a stream that has not started.
     *
     * @param log the log
     * @param page the page that the stream starts with
     * @param text formats the messages
     * @param lifetime the maximum time that the stream stays open
     * @param batchSize the maximum number of events in a batch
     * @param open registers the stream as soon as it has a client
     */
    LiveStream(EventLog log, TailPage<Event> page, SseText text, Duration lifetime, int batchSize, OpenRequests open) {
        this.log = log;
        this.open = open;
        this.text = text;
        this.lifetime = lifetime;
        this.batchSize = batchSize;
        this.position = page.position();
        if (!page.events().isEmpty() || page.atEnd()) {
            due.add(text.page(page));
            caughtUp = page.atEnd();
        }
        last = page.isLast();
    }

    @Override
    public void subscribe(Flow.Subscriber<? super String> client) {
        synchronized (this) {
            subscriber = client;
        }
        client.onSubscribe(this);
        later(this::end, lifetime);
        open.opened(this::end, closed);
        if (!isLast()) {
            log.publisher(Tail.after(position), reader).subscribe(reader);
        }
    }

    private void later(Runnable what, Duration delay) {
        CompletableFuture<Void> timer =
                new CompletableFuture<Void>().completeOnTimeout(null, delay.toMillis(), TimeUnit.MILLISECONDS);
        CompletableFuture<Void> unused = CompletableFuture.allOf(
                closed.whenComplete((nothing, failure) -> timer.cancel(false)), timer.thenRun(what));
    }

    private synchronized boolean isLast() {
        return last;
    }

    /** Ends the stream after the pending messages have been sent, so that the client reconnects. */
    void end() {
        say(null, true);
        stopReading();
        later(this::giveUp, LAST_WORD);
    }

    private void say(@Nullable String chunk, boolean isLast) {
        synchronized (this) {
            if (last) {
                return;
            }
            if (chunk != null) {
                due.add(chunk);
            }
            last = isLast;
        }
        deliver();
    }

    private void stopReading() {
        Flow.Subscription reading;
        synchronized (this) {
            reading = upstream;
            upstream = null;
        }
        if (reading != null) {
            reading.cancel();
        }
    }

    private void giveUp() {
        Flow.Subscriber<? super String> stalled;
        synchronized (this) {
            stalled = over ? null : subscriber;
            over = true;
        }
        cancel();
        if (stalled != null) {
            stalled.onError(new EOFException("A client did not read the end of its stream"));
        }
    }

    @Override
    public void request(long chunks) {
        synchronized (this) {
            demand = chunks > Long.MAX_VALUE - demand ? Long.MAX_VALUE : demand + chunks;
        }
        deliver();
    }

    /** Called when the client has disconnected, or has received everything. */
    @Override
    public void cancel() {
        synchronized (this) {
            over = true;
            last = true;
        }
        stopReading();
        closed.complete(null);
    }

    private void deliver() {
        synchronized (this) {
            if (delivering) {
                return;
            }
            delivering = true;
        }
        while (step()) {
            // one chunk after the other
        }
    }

    /** {@return whether to call this method again} */
    private boolean step() {
        Flow.Subscriber<? super String> to;
        Flow.Subscription next = null;
        String chunk;
        boolean done;
        synchronized (this) {
            to = subscriber;
            if (over || to == null) {
                delivering = false;
                return false;
            }
            chunk = demand == 0 ? null : due.poll();
            done = chunk == null && last && due.isEmpty();
            if (chunk != null) {
                demand -= demand == Long.MAX_VALUE ? 0 : 1;
            } else {
                delivering = false;
                over = done;
                next = done || asked || demand == 0 ? null : upstream;
                asked |= next != null;
            }
        }
        if (chunk != null) {
            to.onNext(chunk);
        } else if (done) {
            cancel();
            to.onComplete();
        } else if (next != null) {
            next.request(1);
        }
        return chunk != null;
    }

    /** Follows the log. */
    private final class Reader implements Flow.Subscriber<List<Event>>, FollowSignals {

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            boolean late;
            synchronized (LiveStream.this) {
                late = last;
                upstream = late ? null : subscription;
            }
            if (late) {
                subscription.cancel();
            } else {
                deliver();
            }
        }

        @Override
        public void onNext(List<Event> batch) {
            String chunk;
            synchronized (LiveStream.this) {
                asked = false;
                position = batch.get(batch.size() - 1).id();
                boolean atEnd = caughtUp && batch.size() < batchSize;
                chunk = text.page(new TailPage<>(true, Optional.empty(), batch, position, atEnd, Optional.empty()));
            }
            say(chunk, false);
        }

        @Override
        public void onCaughtUp() {
            EventId at;
            synchronized (LiveStream.this) {
                if (caughtUp) {
                    return;
                }
                caughtUp = true;
                at = position;
            }
            say(text.control(at, true, null), false);
        }

        @Override
        public void onComplete(Completion completion) {
            EventId at;
            synchronized (LiveStream.this) {
                at = position;
            }
            say(text.control(at, true, completion), true);
        }

        /** The client learns of the gap when it reconnects. */
        @Override
        public void onGap(Gap gap) {
            end();
        }

        /** The client learns of the outage when it reconnects. */
        @Override
        public void onInterrupted() {
            end();
        }

        @Override
        public void onError(Throwable failure) {
            logger.debug("A stream of log '" + log.name() + "' has ended", failure);
            end();
        }

        @Override
        public void onComplete() {
            end();
        }
    }
}
