package dev.eventlog.follow;

import dev.eventlog.EndedFollower;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowedLog.Progress;
import dev.eventlog.FollowerKind;
import dev.eventlog.follow.FollowerState.Signal;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.ReadPoint;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

// Long: the steps of a follower, and the reasons to pause or to end, are one decision.
/**
 * A follower of a log. It takes a thread only while there is something to do, looks for the next events with its {@link Cursor},
 * and calls the listener through its {@link Delivery}. Its {@link FollowerLifecycle} has the state and the lock. A task takes only a
 * few steps, so that followers that catch up do not keep the threads from others. Thread-safe.
 */
public final class LogFollower implements RunningFollower {

    private static final Log logger = LogFactory.getLog(LogFollower.class);

    private static final int STEPS_AT_ONCE = 8;
    private static final int SAID_BY_THE_FEED = 3;

    /** The reason to wake a follower. */
    enum Wake {
        /** There may be something to do. */
        MORE,
        /** The feed has reconnected, or knows that the log was replaced: events may be available now. */
        AGAIN,
        /** The feed was interrupted or has resumed: the listener is told even without demand. */
        INTERRUPTION
    }

    /** The result of a step. */
    private enum Step {
        MORE,
        NOTHING_DUE,
        OVER
    }

    /**
     * The objects that all followers of an application share.
     *
     * @param feeds the feeds, which followers leave
     * @param settings the settings of followers
     * @param outages the outages that followers have in common
     */
    record Means(Feeds feeds, FollowSettings settings, FollowerOutages outages) {}

    private final LogStream stream;
    private final Means means;
    private final Feed feed;
    private final Executor threads;
    private final EventBatchListener<Event> listener;
    private final Demand demand;
    private final FollowerKind kind;
    private final @Nullable String name;
    private final Cursor cursor;
    private final Delivery delivery;
    private final FollowerLifecycle lifecycle;
    private @Nullable Outage outage; // used by the follower's current thread, like the next field; null if none
    private @Nullable Outage crowd; // an outage of the executor

    private volatile @Nullable RuntimeException refusal;
    private volatile boolean logIsGone;

    LogFollower(
            LogStream stream,
            Means means,
            Feed feed,
            Cursor cursor,
            Executor threads,
            EventBatchListener<Event> listener,
            FollowerKind kind,
            FollowOptions options,
            Demand demand,
            Commit commit) {
        this.stream = stream;
        this.means = means;
        this.feed = feed;
        this.threads = threads;
        this.listener = listener;
        this.demand = demand;
        this.kind = kind;
        this.lifecycle =
                new FollowerLifecycle(kind == FollowerKind.SUBSCRIBER ? FollowerState.SCHEDULED : FollowerState.IDLE);
        this.name = options.name();
        this.cursor = cursor;
        this.delivery = new Delivery(stream.log(), cursor, listener, options, commit, means, lifecycle);
    }

    @Override
    public String log() {
        return stream.log();
    }

    @Override
    public EventId position() {
        return cursor.position();
    }

    @Override
    public boolean isRunning() {
        return lifecycle.isOpen();
    }

    @Override
    public CompletionStage<EndReason> completion() {
        return lifecycle.end().future().minimalCompletionStage();
    }

    /** {@return whether the follower has ended and its last callback has returned} */
    boolean hasEnded() {
        return lifecycle.end().isOver();
    }

    EventLogOptions options() {
        return stream.options();
    }

    Feed feed() {
        return feed;
    }

    /** {@return the progress of the follower, compared with the end of its feed} */
    Progress progress() {
        Window.Behind behind = feed.window().behind(cursor.point());
        boolean known = behind.events() >= 0;
        EventId since = behind.next();
        Duration waiting = known ? Duration.ZERO : null;
        if (since != null) {
            Duration age = Duration.between(since.timestamp(), Instant.now());
            waiting = age.isNegative() ? Duration.ZERO : age; // compared with the clock of Redis
            if (!Window.isTime(since)) {
                waiting = null;
            }
        }
        OptionalLong lag = known ? OptionalLong.of(behind.events()) : OptionalLong.empty();
        return new Progress(name, kind, lifecycle.state().name(), position(), lag, waiting);
    }

    /** {@return the follower as one that has ended now; one of the arguments is null} */
    EndedFollower ended(@Nullable EndReason why, @Nullable Throwable failure) {
        return new EndedFollower(log(), name, kind, position(), why, failure, Instant.now());
    }

    /** {@return whether events are missing, or may be missing, and the listener has not been told yet} */
    boolean missesEvents() {
        return cursor.missesEvents();
    }

    /** {@return whether all events that the feed has read are delivered} */
    boolean isAtEndOfFeed() {
        ReadPoint last = feed.window().last();
        ReadPoint at = cursor.point();
        return at.epoch() == last.epoch() && at.id().compareTo(last.id()) >= 0;
    }

    /** Runs an action when the follower has ended and its last callback has returned, or now. */
    void whenEnded(FollowerEnd.Action action) {
        lifecycle.end().whenOver(this, action);
    }

    /**
     * Makes a call before all calls of the listener, and then its first calls. Call this at most once, before anybody can wake the
     * follower, on a thread of the listeners: another thread would have to wait for the events that were found with the start.
     */
    void callFirst(Runnable begin) {
        delivery.first(begin);
        run();
    }

    /** Wakes the follower. Called by any thread; never blocks. Without {@link Demand} the follower sleeps on. */
    void wake(Wake why) {
        // The end of a log is reported even without demand
        if (demand.isThere() || why == Wake.INTERRUPTION || feed.window().completion() != null) {
            on(why == Wake.MORE ? Signal.WAKE : Signal.AGAIN);
        }
    }

    /** Ends the follower with an error, for example when Redis refuses to read the log. Called by any thread; never blocks. */
    void refuse(RuntimeException why) {
        refusal = why;
        on(Signal.AGAIN);
    }

    /** The log is gone: the listener is told now which events it missed, because no later ones may come. */
    void reportLoss() {
        logIsGone = true;
        on(Signal.WAKE);
    }

    /** {@return the next state; if it is SCHEDULED, the follower is queued for a thread} */
    private FollowerState on(Signal signal) {
        FollowerState before = lifecycle.on(signal);
        FollowerState after = before.on(signal);
        if (after == FollowerState.SCHEDULED && before != FollowerState.SCHEDULED) {
            queue();
        }
        return after;
    }

    private void queue() {
        try {
            threads.execute(this::run);
        } catch (RejectedExecutionException full) {
            Outage crowded = crowd != null ? crowd : outage(means.outages().crowd(this::description, this::isRunning));
            crowd = crowded;
            later(
                    Signal.REJECTED,
                    crowded.failed(full, next -> description() + " waits " + next + " ms for a thread"),
                    full);
        }
    }

    private Outage outage(CommonOutage.Part part) {
        return new Outage(part, means.settings().recovery());
    }

    /** The subject of messages in the application log. */
    private String description() {
        return "A follower of log '" + log() + "'";
    }

    private void run() {
        if (!on(Signal.THREAD).isRunning()) {
            return;
        }
        if (crowd != null) {
            crowd.over(description() + " has a thread");
            crowd = null;
        }
        for (int i = 0; i < STEPS_AT_ONCE; i++) {
            Step step;
            try {
                step = step();
            } catch (RuntimeException | Error unforeseen) {
                fail(unforeseen);
                return;
            }
            if (step == Step.OVER
                    || (step == Step.NOTHING_DUE && !on(Signal.NOTHING_DUE).isRunning())) {
                return;
            }
        }
        on(Signal.SHARE_USED);
    }

    private Step step() {
        RuntimeException refused = refusal;
        if (refused != null) {
            return fail(refused);
        }
        if (!delivery.isDue() && !delivery.interruption(feed.isAway())) {
            if (!demand.isThere() && !cursor.isOnlyCompleteLeft()) {
                cursor.takeFound(); // without demand, keep no events
                return Step.NOTHING_DUE;
            }
            try {
                Cursor.Found found = cursor.look();
                if (found != Cursor.Found.MOVED && outage != null) {
                    outage.over(description() + " continues");
                    outage = null;
                }
                switch (found) {
                    case EVENTS -> {
                        logIsGone = false;
                        delivery.found();
                    }
                    case MOVED -> {
                        return Step.MORE;
                    }
                    case NOTHING -> {
                        boolean lost = logIsGone && delivery.missing(EventId.MAX);
                        logIsGone = false;
                        boolean caughtUp = cursor.isPastWhatExisted() && delivery.caughtUp();
                        if (!lost && !caughtUp) {
                            return Step.NOTHING_DUE;
                        }
                    }
                    case COMPLETE -> {
                        delivery.caughtUp();
                        delivery.complete();
                    }
                }
            } catch (EventLogException away) {
                if (!(away instanceof EventLogUnavailableException) && !LogStream.isLoginRefused(away)) {
                    return fail(away);
                }
                int quietly = feed.isInterrupted() ? Integer.MAX_VALUE : SAID_BY_THE_FEED;
                Outage lasting =
                        outage != null ? outage : outage(means.outages().reading(this::description, this::isRunning));
                outage = lasting;
                return later(
                        Signal.REDIS,
                        lasting.failed(away, quietly, next -> description() + " waits " + next + " ms"),
                        away);
            }
        }
        return deliver();
    }

    private Step deliver() {
        return switch (delivery.deliver()) {
            case DONE -> Step.MORE;
            case LISTENER_LATER -> later(Signal.LISTENER, delivery.delay(), null);
            case COMMIT_LATER -> later(Signal.COMMIT, delivery.delay(), null);
            case NO_LEASE ->
                later(Signal.LEASE, means.settings().recovery().start().nextBackOff(), null);
            case FAILED -> fail(delivery.failure());
            case COMPLETED -> closeNow(EndReason.COMPLETED);
            case SUPERSEDED -> closeNow(EndReason.SUPERSEDED);
            case CLOSED -> Step.OVER;
            case CLOSED_MEANWHILE -> {
                lifecycle.end().report(this);
                yield Step.OVER;
            }
        };
    }

    private Step closeNow(EndReason why) {
        CompletableFuture<EndReason> unused = closeSoon(why);
        return Step.OVER;
    }

    /** Waits without a thread, unless the follower has ended. */
    private Step later(Signal why, long delay, @Nullable RuntimeException failure) {
        if (delay == BackOffExecution.STOP && failure != null) {
            return fail(failure);
        }
        CompletableFuture<Void> time =
                new CompletableFuture<Void>().completeOnTimeout(null, Math.max(delay, 1), TimeUnit.MILLISECONDS);
        if (on(why).isBackingOff() && lifecycle.waits(time)) {
            CompletableFuture<Void> unused = time.thenRun(() -> on(Signal.TIME));
        }
        return Step.OVER;
    }

    /** Ends with an error. The last callback is {@code onFailure}, unless the follower has already been closed. */
    private Step fail(Throwable failure) {
        boolean closedBefore = !end(EndReason.CLOSED, Thread.currentThread());
        try {
            if (!closedBefore) {
                listener.onFailure(log(), failure);
            }
        } catch (Throwable thrown) {
            logger.error(
                    "The listener of log '" + log() + "' threw in onFailure, which was called because of: " + failure,
                    thrown);
        } finally {
            lifecycle.returned(closedBefore ? null : failure);
            lifecycle.end().report(this);
        }
        return Step.OVER;
    }

    /** Closes the follower, and leaves its feed. {@return whether this call did so} */
    private boolean end(EndReason why, @Nullable Thread lastCaller) {
        boolean first = lifecycle.close(why, lastCaller);
        if (first) {
            means.feeds().leave(stream, feed, this);
        }
        return first;
    }

    @Override
    public CompletableFuture<EndReason> closeSoon(EndReason why) {
        end(why, null);
        if (lifecycle.endsIfIdle()) {
            lifecycle.end().report(this);
        }
        return lifecycle.end().future();
    }

    @Override
    public void close() {
        close(means.settings().closeTimeout().toNanos());
    }

    /** Closes the follower, and waits for a running callback for at most this many nanoseconds. */
    void close(long patience) {
        CompletableFuture<EndReason> unused = closeSoon(EndReason.CLOSED);
        try {
            if (lifecycle.returnsWithin(patience)) {
                return;
            }
            logger.warn("The listener of log '" + log() + "' did not return within "
                    + means.settings().closeTimeout()
                    + " after its follower was closed (eventlog.follow.close-timeout): its thread is interrupted");
            lifecycle.interruptCaller();
            lifecycle.returnsWithin(TimeUnit.MILLISECONDS.toNanos(100));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
