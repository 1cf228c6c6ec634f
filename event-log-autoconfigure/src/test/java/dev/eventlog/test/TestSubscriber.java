package dev.eventlog.test;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber that requests on command and records its calls. Thread-safe.
 *
 * @param <E> the type of its events
 */
public class TestSubscriber<E> implements Flow.Subscriber<List<E>> {

    private final BiConsumer<TestSubscriber<E>, List<E>> andThen;
    private final List<List<E>> batches = new CopyOnWriteArrayList<>();
    private final AtomicBoolean running = new AtomicBoolean();
    private volatile Flow.@Nullable Subscription subscription;
    private volatile boolean broken;
    private volatile boolean completed;
    private volatile @Nullable Throwable failure;

    /** Creates a subscriber that only records calls. */
    public TestSubscriber() {
        this((self, batch) -> {});
    }

    /**
     * Creates a subscriber with an additional action.
     *
     * @param andThen the action, which receives this subscriber and each batch
     */
    public TestSubscriber(BiConsumer<TestSubscriber<E>, List<E>> andThen) {
        this.andThen = andThen;
    }

    /**
     * Subscribes, and waits for the start.
     *
     * @param publisher the publisher
     * @return this subscriber
     */
    public TestSubscriber<E> to(Flow.Publisher<List<E>> publisher) {
        publisher.subscribe(this);
        LogTests.await().until(() -> subscription != null);
        return this;
    }

    /**
     * Requests batches.
     *
     * @param count the number
     */
    public void request(long count) {
        Objects.requireNonNull(subscription).request(count);
    }

    /** Cancels. */
    public void cancel() {
        Objects.requireNonNull(subscription).cancel();
    }

    /** {@return all batches} */
    public List<List<E>> batches() {
        return List.copyOf(batches);
    }

    /** {@return the events of all batches} */
    public List<E> all() {
        return batches.stream().flatMap(List::stream).toList();
    }

    /** {@return whether it completed without a failure} */
    public boolean isCompleted() {
        return completed;
    }

    /** {@return the failure; null if there is none} */
    public @Nullable Throwable failure() {
        return failure;
    }

    /**
     * Waits for the failure.
     *
     * @param type the expected type
     * @param <X> the type of the failure
     * @return the failure
     */
    public <X extends Throwable> X awaitFailure(Class<X> type) {
        LogTests.await().until(() -> failure != null);
        return Objects.requireNonNull(type.cast(failure));
    }

    /** {@return whether two calls overlapped, or one came after the end} */
    public boolean isBroken() {
        return broken;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        call(() -> subscription = given);
    }

    @Override
    public void onNext(List<E> batch) {
        call(() -> {
            batches.add(batch);
            andThen.accept(this, batch);
        });
    }

    @Override
    public void onError(Throwable thrown) {
        call(() -> failure = thrown);
    }

    @Override
    public void onComplete() {
        call(() -> completed = true);
    }

    private void call(Runnable action) {
        if (completed || failure != null || !running.compareAndSet(false, true)) {
            broken = true;
        }
        try {
            action.run();
        } finally {
            running.set(false);
        }
    }
}
