package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.redis.Continuity.Verdict;
import dev.eventlog.redis.EventStream.Snapshot;
import dev.eventlog.redis.Window.Slice;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

/**
 * A cursor that moves on as its listener takes batches. Catching up, keeping up and falling behind are one thing: look what
 * comes after the cursor, first in the feed's window, then in Redis; deliver it; look again; and sleep when there is nothing
 * until the feed rings.
 *
 * <p>It takes a thread only for a turn, and has at most one turn at a time. A turn delivers a few batches at most, so that
 * followers that catch up do not hold the threads against the others.
 */
final class PullFollower implements Follower {

    /** A start in the log: the id after which to begin, which event ever added that is, and whether something is missing. */
    record Start(EventId cursor, long rank, @Nullable Loss loss) {

        /** Before what is missing, as long as that has not been told: who resumes there is to be told again. */
        EventId position() {
            return loss != null ? loss.lastSeen() : cursor;
        }
    }

    /** Events that are gone, of which the listener is to hear before it gets anything later. */
    record Loss(Gap.Kind kind, EventId lastSeen, long missed) {}

    private enum Turn {
        /** Nothing to do. */
        SLEEPING,
        /** Waits for a thread. */
        QUEUED,
        /** Has a thread. */
        RUNNING,
        /** Has a thread, and was rung meanwhile: is to look again. */
        RUNG
    }

    @FunctionalInterface
    private interface Callback {
        void run() throws Exception;
    }

    private static final Log logger = LogFactory.getLog(PullFollower.class);

    private static final int BATCHES_A_TURN = 8;

    private final EventStream stream;
    private final Feeds feeds;
    private final Feed feed;
    private final FollowSettings settings;
    private final Executor threads;
    private final EventBatchListener<Event> listener;
    private final EventId existingEnd;
    private final long limit;
    private final AtomicReference<Turn> turn = new AtomicReference<>(Turn.SLEEPING);
    private final CompletableFuture<Void> completion = new CompletableFuture<>();

    private volatile EventId position;
    private volatile @Nullable EventLogException refusal;

    // Guarded by this.
    private boolean ended;
    private @Nullable Thread caller;

    // What follows belongs to the turn.
    private EventId cursor;
    private long rank;
    private int life;
    private @Nullable Loss loss;
    private boolean caughtUp;
    private @Nullable BackOffExecution backOff;

    PullFollower(
            EventStream stream,
            Feeds feeds,
            Feed feed,
            FollowSettings settings,
            Executor threads,
            EventBatchListener<Event> listener,
            Start start,
            EventId existingEnd,
            long limit,
            int life) {
        this.stream = stream;
        this.feeds = feeds;
        this.feed = feed;
        this.settings = settings;
        this.threads = threads;
        this.listener = listener;
        this.cursor = start.cursor();
        this.position = start.position();
        this.rank = start.rank();
        this.loss = start.loss();
        this.existingEnd = existingEnd;
        this.limit = limit;
        this.life = life;
    }

    @Override
    public String log() {
        return stream.log();
    }

    @Override
    public EventId position() {
        return position;
    }

    @Override
    public synchronized boolean isRunning() {
        return !ended;
    }

    @Override
    public CompletionStage<Void> completion() {
        return completion.minimalCompletionStage();
    }

    /** Says that there may be something to do. From any thread; never blocks. */
    void ring() {
        Turn before =
                turn.getAndUpdate(now -> now == Turn.SLEEPING ? Turn.QUEUED : now == Turn.RUNNING ? Turn.RUNG : now);
        if (before == Turn.SLEEPING) {
            queue();
        }
    }

    /** Says that Redis refuses to have this log followed. From any thread; never blocks. */
    void refuse(EventLogException why) {
        refusal = why;
        ring();
    }

    private void queue() {
        try {
            threads.execute(this::takeTurn);
        } catch (RejectedExecutionException shutDown) {
            if (end(null)) {
                logger.warn(
                        "The follower of log '" + log() + "' ends: the executor of listeners takes no more tasks",
                        shutDown);
                completion.completeExceptionally(shutDown);
            }
        }
    }

    private void takeTurn() {
        for (int batch = 0; batch < BATCHES_A_TURN; batch++) {
            turn.set(Turn.RUNNING);
            boolean again;
            try {
                again = isRunning() && lookAndDeliver();
            } catch (RuntimeException | Error unforeseen) {
                fail(unforeseen);
                again = false;
            }
            if (!again && turn.compareAndSet(Turn.RUNNING, Turn.SLEEPING)) {
                return;
            }
        }
        turn.set(Turn.QUEUED);
        queue();
    }

    /** {@return whether to look again at once} */
    private boolean lookAndDeliver() {
        EventLogException refused = refusal;
        if (refused != null) {
            fail(refused);
            return false;
        }
        Slice slice = feed.window().after(cursor, life, settings.batchSize());
        return switch (slice.found()) {
            case EVENTS -> {
                take(slice.rank());
                yield deliver(slice.events());
            }
            case NOTHING -> {
                boolean feedIsBehind = !caughtUp && existingEnd.isAfter(cursor);
                if (feedIsBehind) {
                    yield page(slice);
                }
                take(slice.rank());
                catchUp();
                yield false;
            }
            case BEHIND -> page(slice);
            case BEGAN_AGAIN -> {
                beginAgain(slice);
                yield true;
            }
        };
    }

    /** Takes over the window's count of the cursor. If it is further than ours, single events were deleted on the way. */
    private void take(long rankInWindow) {
        if (rankInWindow != Continuity.UNKNOWN) {
            if (isKnown(rankInWindow, rank) && rankInWindow > rank) {
                lose(Gap.Kind.REMOVED, rankInWindow - rank);
            }
            rank = rankInWindow;
        }
    }

    private void beginAgain(Slice slice) {
        life = slice.life();
        rank = Continuity.UNKNOWN;
        if (cursor.isAfter(EventId.MIN)) {
            lose(Gap.Kind.BEGAN_AGAIN, Continuity.UNKNOWN);
        }
        if (cursor.isAfter(slice.resume())) {
            cursor = slice.resume();
        }
    }

    /** Delivers a batch out of Redis. */
    private boolean page(Slice window) {
        List<Event> events;
        try {
            events = read(window);
        } catch (EventLogUnavailableException passing) {
            waitForRedis(passing);
            return false;
        } catch (EventLogException refused) {
            fail(refused);
            return false;
        }
        backOff = null;
        if (!events.isEmpty()) {
            return deliver(events);
        }
        catchUp();
        return window.base().isAfter(cursor) && intoWindow(window);
    }

    /**
     * The next events after the cursor. The one at the cursor is asked for too: while that is there nothing after it can
     * have been trimmed, and the answer proves itself whole.
     */
    private List<Event> read(Slice window) {
        List<Event> answer = stream.from(cursor, settings.batchSize() + 1);
        if (answer.size() > 1 && answer.get(0).id().equals(cursor)) {
            return answer.subList(1, answer.size());
        }
        Snapshot snapshot = stream.snapshot(cursor.next(), settings.batchSize());
        if (!feed.window().isOf(snapshot.state())) {
            throw new EventLogUnavailableException(
                    log(), "Log '" + log() + "' has begun again: its feed will say so", null);
        }
        Continuity continuity = Continuity.judge(cursor, rank, snapshot.events(), snapshot.state(), limit);
        if (continuity.verdict() == Verdict.BEGAN_AGAIN) { // only our own count says so: without it, then
            rank = Continuity.UNKNOWN;
            continuity = Continuity.judge(cursor, rank, snapshot.events(), snapshot.state(), limit);
        }
        boolean countedByWindow =
                snapshot.events().isEmpty() && window.base().isAfter(cursor) && isKnown(window.rank(), rank);
        if (continuity.verdict() == Verdict.MISSING && !countedByWindow) {
            lose(Gap.Kind.REMOVED, continuity.missed());
            rank = Continuity.plus(rank, continuity.missed());
        }
        return snapshot.events();
    }

    /** Redis has nothing after the cursor, so what there was up to the window is gone. */
    private boolean intoWindow(Slice window) {
        take(window.rank());
        cursor = window.base();
        rank = window.rank(); // also where that is unknown: ours was of another cursor
        return true;
    }

    private static boolean isKnown(long rank, long other) {
        return rank != Continuity.UNKNOWN && other != Continuity.UNKNOWN;
    }

    private void lose(Gap.Kind kind, long missed) {
        Loss before = loss;
        if (before == null) {
            loss = new Loss(kind, position, missed);
        } else {
            Gap.Kind worst = before.kind() == Gap.Kind.BEGAN_AGAIN ? before.kind() : kind;
            loss = new Loss(worst, before.lastSeen(), Continuity.plus(before.missed(), missed));
        }
    }

    private void waitForRedis(EventLogUnavailableException why) {
        if (backOff == null) {
            backOff = settings.recovery().start();
        }
        long delay = backOff.nextBackOff();
        if (delay == BackOffExecution.STOP) {
            fail(why);
            return;
        }
        logger.debug("A follower of log '" + log() + "' waits " + delay + " ms", why);
        CompletableFuture.delayedExecutor(delay, TimeUnit.MILLISECONDS, Runnable::run)
                .execute(this::ring);
    }

    private boolean deliver(List<Event> found) {
        List<Event> events = Collections.unmodifiableList(found);
        EventId first = events.get(0).id();
        EventId last = events.get(events.size() - 1).id();
        Loss lost = loss;
        if (lost != null) {
            OptionalLong missed =
                    lost.missed() == Continuity.UNKNOWN ? OptionalLong.empty() : OptionalLong.of(lost.missed());
            Gap gap = new Gap(log(), lost.kind(), lost.lastSeen(), first, missed);
            if (!call(() -> listener.onGap(gap))) {
                return false;
            }
            loss = null;
        }
        boolean delivered = call(() -> {
            listener.onBatch(events);
            position = last; // here, as it holds also if the follower was closed meanwhile
        });
        if (!delivered) {
            return false;
        }
        cursor = last;
        rank = Continuity.plus(rank, events.size());
        if (!existingEnd.isAfter(cursor)) {
            catchUp();
        }
        return true;
    }

    /** Tells the listener, once, that it has all that there was. */
    private void catchUp() {
        if (!caughtUp) {
            caughtUp = true;
            call(listener::onCaughtUp);
        }
    }

    /** {@return whether the listener was called and returned, and the follower goes on} */
    private boolean call(Callback callback) {
        Throwable thrown = null;
        synchronized (this) {
            if (ended) {
                return false;
            }
            caller = Thread.currentThread();
        }
        try {
            callback.run();
        } catch (Throwable any) {
            thrown = any;
        }
        boolean closedMeanwhile;
        synchronized (this) {
            closedMeanwhile = ended;
            if (closedMeanwhile || thrown == null) {
                caller = null;
                notifyAll();
            }
        }
        if (closedMeanwhile) {
            if (thrown != null && !(thrown instanceof InterruptedException)) {
                logger.warn("The listener of log '" + log() + "' threw after its follower had been closed", thrown);
            }
            completion.complete(null);
            return false;
        }
        if (thrown != null) {
            fail(thrown);
            return false;
        }
        return true;
    }

    /** Ends by an error. The last callback is {@code onFailure}, unless the follower has been closed before. */
    private void fail(Throwable failure) {
        boolean closedBefore = !end(Thread.currentThread());
        try {
            if (!closedBefore) {
                listener.onFailure(log(), failure);
            }
        } catch (Throwable thrown) {
            logger.error("The listener of log '" + log() + "' threw when told of this failure: " + failure, thrown);
        } finally {
            synchronized (this) {
                caller = null;
                notifyAll();
            }
            if (closedBefore) {
                completion.complete(null);
            } else {
                completion.completeExceptionally(failure);
            }
        }
    }

    /**
     * Lets nothing more begin.
     *
     * @param lastCaller the thread that has one more callback to make, for which {@link #close()} is to wait
     * @return whether this call did it
     */
    private boolean end(@Nullable Thread lastCaller) {
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
            caller = lastCaller != null ? lastCaller : caller;
        }
        feeds.leave(stream, feed, this);
        return true;
    }

    /**
     * Lets nothing more begin, and waits for nothing.
     *
     * @return completes when a running callback has returned
     */
    CompletableFuture<Void> closeSoon() {
        end(null);
        boolean idle;
        synchronized (this) {
            idle = caller == null;
        }
        if (idle) {
            completion.complete(null);
        }
        return completion;
    }

    @Override
    public void close() {
        CompletableFuture<Void> unused = closeSoon();
        try {
            if (returnsWithin(settings.closeTimeout().toNanos())) {
                return;
            }
            logger.warn("The listener of log '" + log() + "' has not returned within " + settings.closeTimeout()
                    + " of its follower being closed (eventlog.follow.close-timeout): its thread is interrupted");
            synchronized (this) {
                if (caller != null) {
                    caller.interrupt();
                }
            }
            returnsWithin(TimeUnit.MILLISECONDS.toNanos(100));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean returnsWithin(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        while (caller != null && caller != Thread.currentThread()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }
}
