package dev.eventlog.test;

import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the batches of a publisher. */
public final class CountedBatches {

    private CountedBatches() {}

    /**
     * Creates a publisher that counts its batches.
     *
     * @param publisher the publisher
     * @param count the counter of the batches
     * @param <E> the type of the events
     * @return a publisher of the same batches
     */
    public static <E> Flow.Publisher<List<E>> of(Flow.Publisher<List<E>> publisher, AtomicInteger count) {
        return subscriber -> publisher.subscribe(new Counting<>(subscriber, count));
    }

    private record Counting<E>(Flow.Subscriber<? super List<E>> to, AtomicInteger count)
            implements Flow.Subscriber<List<E>> {

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            to.onSubscribe(subscription);
        }

        @Override
        public void onNext(List<E> batch) {
            count.incrementAndGet();
            to.onNext(batch);
        }

        @Override
        public void onError(Throwable failure) {
            to.onError(failure);
        }

        @Override
        public void onComplete() {
            to.onComplete();
        }
    }
}
