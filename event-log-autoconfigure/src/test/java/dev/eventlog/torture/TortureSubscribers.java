package dev.eventlog.torture;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFailedException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowSignals;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureWatch.Got;
import dev.eventlog.torture.TortureWatch.Pace;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Subscribes to {@link EventLog#publisher}, and requests few batches at a time, and late. */
final class TortureSubscribers extends TortureReader {

    TortureSubscribers(TortureScene scene, List<List<EventLog>> logs, int log, String name, Random random) {
        super(scene, logs, log, name, random);
    }

    @Override
    void comeAndGo() throws InterruptedException {
        @Nullable Got end = null;
        while (scene.harming) {
            EventLog of = log();
            Tail tail = tail(end);
            TortureWatch watch = watch(of, tail, end, Pace.QUICK);
            Subscriber subscriber = new Subscriber(watch);
            watch.ending = subscriber::cancel;
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(stay());
            if (!open(watch, of, false, () -> subscriber.subscribe(of.publisher(tail, subscriber)))) {
                return;
            }
            begins(watch);
            while (scene.harming && !subscriber.refused && !watch.completed && System.nanoTime() < until) {
                subscriber.request(1 + random.nextInt(3));
                TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
            }
            pauseAfterTheEnd(watch);
            if (!scene.harming && !subscriber.refused && !watch.completed) {
                staysToTheEnd();
                subscriber.request(Long.MAX_VALUE / 2);
                return;
            }
            watch.close();
            end = watch.last();
        }
    }

    /** A cancelled subscriber may get one more call. It ignores this call, because its position no longer matters. */
    private static final class Subscriber implements Flow.Subscriber<List<Event>>, FollowSignals {

        private final TortureWatch watch;
        private final CountDownLatch begun = new CountDownLatch(1);
        private final AtomicLong demand = new AtomicLong();
        private volatile Flow.@Nullable Subscription subscription;
        private volatile boolean refused;
        private volatile boolean cancelled;
        private boolean failed; // used by signals only
        private boolean over; // used by signals only

        Subscriber(TortureWatch watch) {
            this.watch = watch;
        }

        /** Returns when the start is fixed, or when the subscriber will soon receive an error instead. */
        void subscribe(Flow.Publisher<List<Event>> publisher) throws InterruptedException {
            publisher.subscribe(this);
            if (!begun.await(20, TimeUnit.SECONDS)) {
                watch.complain("onSubscribe() was not called within 20 s");
            }
        }

        void request(long batches) {
            Flow.Subscription to = subscription;
            if (to != null) {
                demand.addAndGet(batches);
                to.request(batches);
            }
        }

        void cancel() {
            cancelled = true;
            Flow.Subscription to = subscription;
            if (to != null) {
                to.cancel();
            }
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            begun.countDown();
        }

        @Override
        public void onNext(List<Event> batch) {
            if (cancelled) {
                return;
            }
            if (demand.getAndDecrement() <= 0) {
                watch.complain("received a batch that it had not requested");
            }
            watch.took(batch);
        }

        @Override
        public void onGap(Gap gap) {
            watch.told(gap);
        }

        @Override
        public void onComplete(Completion completion) {
            if (!cancelled) {
                watch.ended(completion);
                failed = completion.isFailed();
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (failure instanceof EventLogFailedException && watch.completed && failed && !over) {
                over = true; // the log has failed
            } else if (failure instanceof EventLogUnavailableException
                    && watch.calls().isEmpty()) {
                refused = true; // it could not start
            } else {
                watch.complain("ended on its own: " + failure);
            }
        }

        @Override
        public void onComplete() {
            if (!cancelled && (!watch.completed || failed || over)) {
                watch.complain("completed on its own");
            }
            over = true;
        }
    }
}
