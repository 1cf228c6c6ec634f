package dev.eventlog.test;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A source with one subscriber, to which the test gives what it likes, whether that was requested or not.
 *
 * @param <E> what it gives
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

    /** {@return who subscribed to it} */
    public Flow.Subscriber<? super E> subscriber() {
        Flow.Subscriber<? super E> by = subscriber;
        if (by == null) {
            throw new IllegalStateException("Nobody has subscribed");
        }
        return by;
    }

    /** {@return whether somebody has subscribed to it} */
    public boolean isSubscribedTo() {
        return subscriber != null;
    }

    /** {@return whether it was cancelled} */
    public boolean isCancelled() {
        return cancelled;
    }

    /** {@return how many were requested in all} */
    public long requested() {
        return requested.get();
    }
}
