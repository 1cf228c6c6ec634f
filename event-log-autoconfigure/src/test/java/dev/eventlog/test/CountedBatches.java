package dev.eventlog.test;

import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the batches that a publisher gives out. */
public final class CountedBatches {

    private CountedBatches() {}

    /**
     * A publisher whose batches are counted.
     *
     * @param publisher gives them out
     * @param count is incremented by each
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
