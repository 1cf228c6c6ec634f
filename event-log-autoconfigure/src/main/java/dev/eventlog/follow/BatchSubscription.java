package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventLogFailedException;
import dev.eventlog.FollowSignals;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber and its follower. What the subscriber is told are callbacks of that follower, the first and the last word
 * too, so that no two of them overlap; what it asks for is the follower's demand.
 *
 * @param <E> the type of what the subscriber is given
 */
public final class BatchSubscription<E> implements Flow.Subscription, EventBatchListener<Event>, Demand {

    private static final Log logger = LogFactory.getLog(BatchSubscription.class);

    private final String log;
    private final Function<Event, E> conversion;
    private final FollowSignals signals;
    private final AtomicLong demand = new AtomicLong();

    /** Nothing as soon as it has cancelled, or has been told the end: it may be forgotten then. */
    private final AtomicReference<Flow.@Nullable Subscriber<? super List<E>>> subscriber;

    private volatile @Nullable LogFollower follower;
    // Belong to the follower's callbacks.
    private boolean begun;
    private @Nullable Completion completion;

    /**
     * A subscription whose follower has not started yet.
     *
     * @param log the name of the log
     * @param subscriber the subscriber
     * @param conversion makes of an event what the subscriber is given
     * @param signals is told all else; what it throws ends the subscription
     */
    public BatchSubscription(
            String log,
            Flow.Subscriber<? super List<E>> subscriber,
            Function<Event, E> conversion,
            FollowSignals signals) {
        this.log = log;
        this.subscriber = new AtomicReference<>(
                Objects.requireNonNull(subscriber, () -> "The subscriber of log '" + log + "' must not be null"));
        this.conversion = conversion;
        this.signals = signals;
    }

    /** The follower has its start. */
    void startsWith(LogFollower started) {
        follower = started;
        started.whenEnded((why, failure) -> hasEnded(failure));
        started.callFirst(this::begin);
    }

    private void begin() {
        begun = true;
        tell("onSubscribe", to -> to.onSubscribe(this));
        LogFollower started = follower;
        if (started != null) {
            signals.onBegin(started.position());
        }
    }

    @Override
    public void request(long batches) {
        LogFollower asked = follower;
        if (asked == null) { // it never started, and its subscriber hears so next
            return;
        }
        if (batches <= 0) {
            asked.refuse(new IllegalArgumentException("A subscriber of log '" + log + "' requested " + batches
                    + " batches: the number must be positive (Reactive Streams, rule 3.9)"));
            return;
        }
        demand.accumulateAndGet(
                batches, (before, more) -> more > Long.MAX_VALUE - before ? Long.MAX_VALUE : before + more);
        asked.wake(LogFollower.Wake.MORE);
    }

    @Override
    public boolean isThere() {
        return demand.get() > 0;
    }

    @Override
    public void cancel() {
        subscriber.set(null);
        LogFollower cancelled = follower;
        if (cancelled != null) {
            cancelled.closeSoon(Follower.EndReason.CLOSED);
        }
    }

    /** Those before an event that does not fit are taken, so that to go on after it leaves out nothing else. */
    @Override
    public void onBatch(List<Event> batch) {
        demand.updateAndGet(now -> now == Long.MAX_VALUE ? now : now - 1);
        List<E> events = new ArrayList<>(batch.size());
        try {
            for (Event event : batch) {
                events.add(conversion.apply(event));
            }
        } catch (EventConversionException unfit) {
            next(events);
            throw unfit;
        }
        next(events);
    }

    private void next(List<E> events) {
        if (!events.isEmpty()) {
            tell("onNext", to -> to.onNext(Collections.unmodifiableList(events)));
        }
    }

    @Override
    public void onGap(Gap gap) {
        signals.onGap(gap);
    }

    @Override
    public void onCaughtUp() {
        signals.onCaughtUp();
    }

    @Override
    public void onInterrupted() {
        signals.onInterrupted();
    }

    @Override
    public void onResumed() {
        signals.onResumed();
    }

    /** The subscriber is told by {@link #hasEnded}. */
    @Override
    public void onComplete(Completion ofLog) {
        completion = ofLog;
        signals.onComplete(ofLog);
    }

    /** Nothing: the subscriber is told by {@link #hasEnded}. */
    @Override
    public void onFailure(String ofLog, Throwable failure) {}

    /** The follower has ended, or could not start. */
    void hasEnded(@Nullable Throwable why) {
        if (!begun) {
            begin();
        }
        Completion ended = completion;
        Throwable failure = why == null && ended != null && ended.isFailed()
                ? new EventLogFailedException(log, ended.reason())
                : why;
        if (failure == null) {
            tell("onComplete", Flow.Subscriber::onComplete);
        } else {
            tell("onError", to -> to.onError(failure));
        }
        subscriber.set(null);
    }

    /** A subscriber may not throw; one that does has cancelled by that. */
    private void tell(String method, Consumer<Flow.Subscriber<? super List<E>>> call) {
        Flow.Subscriber<? super List<E>> to = subscriber.get();
        if (to == null) {
            return;
        }
        try {
            call.accept(to);
        } catch (Throwable thrown) {
            logger.error(
                    "The subscriber of log '" + log + "' threw in " + method
                            + ", which is not allowed (Reactive Streams, rule 2.13): the subscription is cancelled",
                    thrown);
            cancel();
        }
    }
}
