package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventLogFailedException;
import dev.eventlog.FollowSignals;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Connects a subscriber with its follower. All signals to the subscriber are callbacks of the follower, including the first and
 * the last one, so that no two overlap. The subscriber's requests are the demand of the follower.
 *
 * @param <E> the type of the items that the subscriber gets
 */
public final class BatchSubscription<E> implements Flow.Subscription, EventBatchListener<Event>, Demand {

    private static final Log logger = LogFactory.getLog(BatchSubscription.class);

    private final String log;
    private final Function<Event, Optional<E>> conversion;
    private final FollowSignals signals;
    private final AtomicLong demand = new AtomicLong();

    /** Empty once the subscriber has cancelled or has received the end, so that it can be garbage collected. */
    private final AtomicReference<Flow.@Nullable Subscriber<? super List<E>>> subscriber;

    private volatile @Nullable LogFollower follower;
    // Used by the callbacks of the follower only.
    private boolean begun;
    private @Nullable Completion completion;

    /**
     * Creates a subscription whose follower has not started yet.
     *
     * @param log the name of the log
     * @param subscriber the subscriber
     * @param conversion converts an event to an item of the subscriber; empty to leave it out
     * @param signals gets all other signals; an exception from it ends the subscription
     */
    public BatchSubscription(
            String log,
            Flow.Subscriber<? super List<E>> subscriber,
            Function<Event, Optional<E>> conversion,
            FollowSignals signals) {
        this.log = log;
        this.subscriber = new AtomicReference<>(
                Objects.requireNonNull(subscriber, () -> "The subscriber of log '" + log + "' must not be null"));
        this.conversion = conversion;
        this.signals = signals;
    }

    /** The start of the follower is fixed. */
    void startsWith(LogFollower started) {
        follower = started;
        started.whenEnded((ended, why, failure) -> hasEnded(failure));
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
        if (asked == null) { // the follower never started, and the subscriber gets an error next
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

    /**
     * Delivers the events before an unreadable event first, so that a subscriber that continues after it skips no other event.
     */
    @Override
    public void onBatch(List<Event> batch) {
        List<E> events = new ArrayList<>(batch.size());
        try {
            for (Event event : batch) {
                conversion.apply(event).ifPresent(events::add);
            }
        } catch (RuntimeException unfit) {
            next(events);
            throw unfit;
        }
        next(events);
    }

    /** Uses up no demand if there is nothing to deliver, because all events of a batch were left out. */
    private void next(List<E> events) {
        if (!events.isEmpty()) {
            demand.updateAndGet(now -> now == Long.MAX_VALUE ? now : now - 1);
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

    /** Does nothing: {@link #hasEnded} signals the subscriber. */
    @Override
    public void onComplete(Completion ofLog) {
        completion = ofLog;
        signals.onComplete(ofLog);
    }

    /** Does nothing: {@link #hasEnded} signals the subscriber. */
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

    /** Calls the subscriber. It must not throw; if it does, the subscription is cancelled. */
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
