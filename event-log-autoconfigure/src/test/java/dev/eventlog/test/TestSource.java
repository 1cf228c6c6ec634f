package dev.eventlog.test;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A source with one subscriber. The test emits items, with or without demand.
 *
 * @param <E> the type of its items
 */
public final class TestSource<E> implements Flow.Publisher<E> {

    private volatile Flow.@Nullable Subscriber<? super E> subscriber;
    private volatile boolean cancelled;
    private final AtomicLong requested = new AtomicLong();

    @Override
    public void subscribe(Flow.Subscriber<? super E> by) {
        subscriber = by;
        by.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long count) {
                requested.addAndGet(count);
            }

            @Override
            public void cancel() {
                cancelled = true;
            }
        });
    }

    /** {@return the subscriber} */
    public Flow.Subscriber<? super E> subscriber() {
        Flow.Subscriber<? super E> by = subscriber;
        if (by == null) {
            throw new IllegalStateException("Nobody has subscribed");
        }
        return by;
    }

    /** {@return whether there is a subscriber} */
    public boolean isSubscribedTo() {
        return subscriber != null;
    }

    /** {@return whether it was cancelled} */
    public boolean isCancelled() {
        return cancelled;
    }

    /** {@return the total demand} */
    public long requested() {
        return requested.get();
    }
}
