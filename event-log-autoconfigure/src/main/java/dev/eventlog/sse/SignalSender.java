package dev.eventlog.sse;

import dev.eventlog.EventId;
import java.io.EOFException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sends the signals of a stream to its client, as fast as the client reads, and gives up a client that reads nothing. No thread
 * waits for the client. Thread-safe.
 *
 * @param <M> what is sent
 */
final class SignalSender<M> {

    private static final Log logger = LogFactory.getLog(ClientStream.class);

    private final ClientStream<M> stream;
    private final Streams streams;
    private final DueSignals signals;
    private final SignalRenderer<M> renderer;

    private long beaten = System.nanoTime(); // used by the timer only

    // Guarded by this.
    private Flow.@Nullable Subscriber<? super List<M>> subscriber;
    private long demand;
    private long lastTaken = System.nanoTime();
    private boolean delivering;
    private @Nullable Throwable failure;
    private boolean over;

    SignalSender(ClientStream<M> stream, Streams streams, DueSignals signals, SignalRenderer<M> renderer) {
        this.stream = stream;
        this.streams = streams;
        this.signals = signals;
        this.renderer = renderer;
    }

    /** Sets the client, which has no demand yet. */
    synchronized void to(Flow.Subscriber<? super List<M>> client) {
        subscriber = client;
        lastTaken = System.nanoTime();
    }

    void request(long chunks) {
        synchronized (this) {
            demand = chunks > Long.MAX_VALUE - demand ? Long.MAX_VALUE : demand + chunks;
        }
        deliver();
    }

    /** Sends nothing more. */
    synchronized void stop() {
        over = true;
    }

    synchronized boolean isOver() {
        return over;
    }

    /** Fails the stream of a client that reads nothing. */
    void giveUp(String why) {
        synchronized (this) {
            failure = new EOFException(why); // servers treat this exception as a disconnected client
        }
        logger.debug(why);
        deliver();
    }

    /** Starts the interval after a heartbeat, if it is time for one. {@return whether it is} */
    boolean startsBeat(long now, Duration interval) {
        boolean due = now - beaten >= interval.toNanos();
        beaten = due ? now : beaten;
        return due;
    }

    /**
     * Sends a heartbeat, and gives up a client that has read nothing for too long.
     *
     * @param isOpen whether the stream has opened
     * @return false if the server never wrote the answer: nobody will read the stream
     */
    boolean beat(boolean audible, boolean isOpen, Duration writeTimeout) {
        boolean stalled;
        boolean hasClient;
        synchronized (this) {
            stalled = demand == 0 && System.nanoTime() - lastTaken > writeTimeout.toNanos();
            hasClient = subscriber != null;
            signals.beat(audible && demand > 0);
        }
        if (stalled && !hasClient && isOpen) {
            giveUp("Nobody has read the stream for " + writeTimeout);
            return false;
        }
        if (stalled && hasClient) {
            giveUp("A client has read nothing for " + writeTimeout);
        } else {
            deliver();
        }
        return true;
    }

    /** Sends what is due, if the client has asked for more. */
    void deliver() {
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
            next = over || to == null || demand == 0 || thrown != null ? null : signals.next();
            boolean ends = thrown != null || signals.isDone();
            if (over || to == null || (next == null && !ends)) {
                delivering = false;
                return false;
            }
            demand -= next == null || demand == Long.MAX_VALUE ? 0 : 1;
            lastTaken = System.nanoTime();
        }
        if (thrown != null) {
            stream.cancel();
            to.onError(thrown);
        } else if (next == null) {
            stream.cancel();
            to.onComplete();
        } else {
            to.onNext(render(next));
            if (next instanceof Signal.Batch batch) {
                batch.source().next();
            }
        }
        return true;
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
            signals.withdrawAll(); // nothing follows the last signal
            stream.fail(Signal.Code.UNREADABLE_EVENT, batch.source().log(), unreadable);
        }
        return messages;
    }
}
