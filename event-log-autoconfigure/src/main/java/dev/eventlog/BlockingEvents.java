package dev.eventlog;

import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A blocking iteration over a publisher of batches, for one thread. It requests a batch when the previous one is used
 * up.
 */
final class BlockingEvents<E> implements Flow.Subscriber<List<E>>, Spliterator<E> {

    /** A signal of the publisher: a batch, or the end, with a failure if there was one. */
    private record Signal<E>(
            @Nullable List<E> batch, @Nullable Throwable failure) {}

    private final String log;
    private final @Nullable Duration timeout;
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    private final BlockingQueue<Signal<E>> signals = new LinkedBlockingQueue<>(); // at most one batch and the end
    private volatile boolean closed;

    // The following fields are used by the reading thread only.
    private Iterator<E> batch = Collections.emptyIterator();
    private @Nullable Signal<E> end;
    private boolean asked;

    private BlockingEvents(String log, @Nullable Duration timeout) {
        if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
            throw new IllegalArgumentException(
                    "The time-out of a stream of log '" + log + "' must be positive, but is " + timeout);
        }
        this.log = log;
        this.timeout = timeout;
    }

    /** Returns a stream whose start is fixed when this method returns. */
    static <E> Stream<E> stream(String log, Flow.Publisher<List<E>> publisher, @Nullable Duration timeout) {
        BlockingEvents<E> events = new BlockingEvents<>(log, timeout);
        publisher.subscribe(events);
        events.subscription();
        return StreamSupport.stream(events, false).onClose(events::close);
    }

    private Flow.Subscription subscription() {
        try {
            return subscription.get();
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private CancellationException interrupted(InterruptedException why) {
        close();
        Thread.currentThread().interrupt();
        CancellationException cancelled =
                new CancellationException("The thread that waited for events of log '" + log + "' was interrupted");
        cancelled.initCause(why);
        return cancelled;
    }

    /** Ends the stream and wakes the reading thread. Any thread can call it. */
    private void close() {
        closed = true;
        CompletableFuture<Void> unused = subscription.thenAccept(Flow.Subscription::cancel);
        onComplete();
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        if (!subscription.complete(given)) {
            given.cancel();
        }
    }

    @Override
    public void onNext(List<E> next) {
        signals.add(new Signal<>(next, null));
    }

    @Override
    public void onError(Throwable failure) {
        signals.add(new Signal<>(null, failure));
    }

    @Override
    public void onComplete() {
        signals.add(new Signal<>(null, null));
    }

    @Override
    public boolean tryAdvance(Consumer<? super E> action) {
        while (!closed && !batch.hasNext()) {
            if (!nextBatch()) {
                return false;
            }
        }
        if (closed) {
            return false;
        }
        action.accept(batch.next());
        return true;
    }

    /** Waits for the next batch. {@return whether there is one; false at the end or after the time-out} */
    private boolean nextBatch() {
        if (end == null) {
            Signal<E> next = await();
            if (next == null) {
                return false;
            }
            if (next.batch() != null) {
                asked = false;
                batch = next.batch().iterator();
                return true;
            }
            end = next;
        }
        Throwable failure = end.failure();
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw failure instanceof RuntimeException exception ? exception : new IllegalStateException(failure);
        }
        return false;
    }

    private @Nullable Signal<E> await() {
        if (!asked) {
            asked = true;
            subscription().request(1);
        }
        try {
            return timeout == null
                    ? signals.take()
                    : signals.poll(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    /** Returns null, because a stream of single events cannot be split. */
    @Override
    public @Nullable Spliterator<E> trySplit() {
        return null;
    }

    @Override
    public long estimateSize() {
        return Long.MAX_VALUE;
    }

    @Override
    public int characteristics() {
        return ORDERED | NONNULL;
    }
}
