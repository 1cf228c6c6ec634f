package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventBatchRecoverer;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowedLog.Progress;
import dev.eventlog.Gap;
import dev.eventlog.redis.Bookmark.NotStoredException;
import dev.eventlog.redis.EventStream.Snapshot;
import dev.eventlog.redis.Window.Behind;
import dev.eventlog.redis.Window.Slice;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
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
 * followers that catch up do not hold the threads against the others. What is found is due, and stays so until the listener
 * has taken it: before that nothing else is looked for. A listener that is to be called again later ends the turn, too. Where
 * there is no {@link Demand} it sleeps on, however often it is rung.
 */
final class PullFollower implements RunningFollower {

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
        /** Something to do, but not yet: no ring ends this, only time. */
        PAUSED,
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

    /**
     * A call of the listener that is due.
     *
     * @param method which of its methods
     * @param batch what a recoverer can take instead; nothing unless it is a call of {@code onBatch}
     */
    private record Call(String method, List<Event> batch, Callback callback) {

        /** As it stands in the application's log. */
        @Override
        public String toString() {
            return batch.isEmpty()
                    ? method
                    : method + " with " + batch.size() + " events from "
                            + batch.get(0).id() + " to "
                            + batch.get(batch.size() - 1).id();
        }
    }

    private static final Log logger = LogFactory.getLog(PullFollower.class);

    private static final int BATCHES_A_TURN = 8;

    private final EventStream stream;
    private final Feeds feeds;
    private final Feed feed;
    private final FollowSettings settings;
    private final Executor threads;
    private final EventBatchListener<Event> listener;
    private final @Nullable EventBatchRecoverer recoverer;
    private final Demand demand;
    private final @Nullable Bookmark bookmark;
    private final EventId existingEnd;
    private final long limit;
    private final int batchSize;
    private final AtomicReference<Turn> turn = new AtomicReference<>(Turn.SLEEPING);
    private final CompletableFuture<EndReason> completion = new CompletableFuture<>();

    private volatile EventId position;
    private volatile @Nullable RuntimeException refusal;

    // Guarded by this.
    private boolean ended;
    private EndReason reason = EndReason.CLOSED; // of an end without a failure
    private @Nullable Thread caller;
    private @Nullable CompletableFuture<Void> timer;

    // Written by the turn only.
    private volatile long rank;
    private volatile int life;

    // What follows belongs to the turn.
    private EventId cursor;
    private @Nullable Loss loss;
    private boolean caughtUp;
    private @Nullable BackOffExecution backOff;
    private @Nullable BackOffExecution storing;
    private final Deque<Call> due = new ArrayDeque<>();
    private final Attempts attempts;
    private long retryIn = BackOffExecution.STOP;

    PullFollower(
            EventStream stream,
            Feeds feeds,
            Feed feed,
            FollowSettings settings,
            Executor threads,
            EventBatchListener<Event> listener,
            FollowOptions options,
            Demand demand,
            @Nullable Bookmark bookmark,
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
        this.recoverer = options.recoverer();
        this.demand = demand;
        this.bookmark = bookmark;
        this.attempts = new Attempts(options.retryPolicy());
        this.cursor = start.cursor();
        this.position = start.position();
        this.rank = start.rank();
        this.loss = start.loss();
        this.existingEnd = existingEnd;
        this.limit = limit;
        this.batchSize = Objects.requireNonNullElse(options.batchSize(), Integer.MAX_VALUE);
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
    public CompletionStage<EndReason> completion() {
        return completion.minimalCompletionStage();
    }

    EventLogOptions options() {
        return stream.options();
    }

    Feed feed() {
        return feed;
    }

    /** {@return how far it has come, by what its feed has read} */
    Progress state() {
        EventId taken = position;
        Behind behind = feed.window().behind(taken, rank, life);
        boolean known = behind.events() != Continuity.UNKNOWN;
        EventId since = behind.since();
        Duration waiting = known ? Duration.ZERO : null;
        if (since != null) {
            Duration age = Duration.between(since.timestamp(), Instant.now());
            waiting = age.isNegative() ? Duration.ZERO : age; // the clock is that of Redis
        }
        return new Progress(taken, known ? OptionalLong.of(behind.events()) : OptionalLong.empty(), waiting);
    }

    /** Has something done when the follower has ended and its last callback has returned. */
    void whenEnded(Consumer<@Nullable Throwable> action) {
        CompletableFuture<EndReason> unused = completion.whenComplete((why, failure) -> action.accept(failure));
    }

    /** Has something be called before anything of the listener. To be called before anybody can ring, so at most once. */
    void callFirst(Runnable begin) {
        due.add(new Call("onSubscribe", List.of(), begin::run));
        wake();
    }

    /** Says that there may be something to do. From any thread; never blocks. */
    void ring() {
        if (demand.isThere()) {
            wake();
        }
    }

    private void wake() {
        Turn before =
                turn.getAndUpdate(now -> now == Turn.SLEEPING ? Turn.QUEUED : now == Turn.RUNNING ? Turn.RUNG : now);
        if (before == Turn.SLEEPING) {
            queue();
        }
    }

    /** Lets the follower end by an error: Redis refuses to have this log followed, say. From any thread; never blocks. */
    void refuse(RuntimeException why) {
        refusal = why;
        wake();
    }

    private void queue() {
        try {
            threads.execute(this::takeTurn);
        } catch (RejectedExecutionException shutDown) {
            if (end(EndReason.SHUTDOWN, null)) {
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
            boolean more;
            try {
                more = isRunning() && deliverAndLook();
            } catch (RuntimeException | Error unforeseen) {
                fail(unforeseen);
                more = false;
            }
            if (retryIn != BackOffExecution.STOP) {
                pause();
                return;
            }
            if (!more && turn.compareAndSet(Turn.RUNNING, Turn.SLEEPING)) {
                return;
            }
        }
        turn.set(Turn.QUEUED);
        queue();
    }

    /** Ends the turn until the listener is to be called again. */
    private void pause() {
        long delay = retryIn;
        retryIn = BackOffExecution.STOP;
        turn.set(Turn.PAUSED);
        after(delay, () -> {
            turn.set(Turn.QUEUED);
            queue();
        });
    }

    /** Does something later, unless the follower has ended by then. */
    private void after(long milliseconds, Runnable something) {
        CompletableFuture<Void> time =
                new CompletableFuture<Void>().completeOnTimeout(null, milliseconds, TimeUnit.MILLISECONDS);
        synchronized (this) {
            timer = time;
            if (ended) {
                time.cancel(false);
            }
        }
        CompletableFuture<Void> unused = time.thenRun(something);
    }

    /** {@return whether to go on at once} */
    private boolean deliverAndLook() {
        RuntimeException refused = refusal;
        if (refused != null) {
            fail(refused);
            return false;
        }
        return deliver() && demand.isThere() && look() && deliver();
    }

    /** Looks what comes next. {@return whether something is due, or to look again} */
    private boolean look() {
        Slice slice = feed.window().after(cursor, life, settings.batchSize());
        return switch (slice.found()) {
            case EVENTS -> {
                take(slice.rank());
                takesNext(slice.events());
                yield true;
            }
            case NOTHING -> {
                take(slice.rank());
                yield !caughtUp && nothingIsToComeOfWhatExisted() && hasCaughtUp();
            }
            case BEHIND -> page(slice);
            case BEGAN_AGAIN -> {
                beginAgain(slice);
                yield true;
            }
        };
    }

    /**
     * Takes over the window's count of the cursor. If it is further than ours, single events were deleted on the way. If it
     * is less, the feed has passed deleted events of which it does not know yet: ours is the better one.
     */
    private void take(long rankInWindow) {
        if (isKnown(rankInWindow, rank) && rankInWindow > rank) {
            lose(Gap.Kind.REMOVED, rankInWindow - rank);
        }
        rank = Math.max(rank, rankInWindow);
    }

    private void beginAgain(Slice slice) {
        life = slice.life();
        rank = Continuity.UNKNOWN;
        if (cursor.isAfter(EventId.MIN) || slice.endOfLast().isAfter(cursor)) {
            lose(Gap.Kind.BEGAN_AGAIN, Continuity.UNKNOWN);
        }
        if (cursor.compareTo(slice.resume()) >= 0) {
            cursor = slice.resume();
            rank = slice.rank();
        }
    }

    /** Whether nothing is to come of what was there when the follow began, nor a gap to be told first. */
    private boolean nothingIsToComeOfWhatExisted() {
        return (!existingEnd.isAfter(cursor) && loss == null)
                || ask(() -> stream.range(cursor.next(), EventId.MAX, 1))
                        .filter(List::isEmpty)
                        .isPresent();
    }

    /** Asks Redis. {@return nothing if it does not answer: then the follower has ended, or will look again later} */
    private <T> Optional<T> ask(Supplier<T> question) {
        try {
            T answer = question.get();
            backOff = null;
            return Optional.of(answer);
        } catch (EventLogUnavailableException passing) {
            waitForRedis(passing);
        } catch (EventLogException refused) {
            fail(refused);
        }
        return Optional.empty();
    }

    /**
     * Looks in Redis, but only up to where the window begins: so whatever a follower has got, its feed has come by as well,
     * and if that finds the log to be another one it knows what its followers can have had.
     */
    private boolean page(Slice window) {
        if (cursor.equals(EventId.MIN)) {
            cursor = window.start(); // where no event ever was, but one that is no longer there can be missed from
        }
        Optional<List<Event>> found = ask(() -> read(window));
        if (found.isEmpty()) {
            return false;
        }
        if (found.get().isEmpty()) { // what there was before the window is gone
            cursor = window.base();
            rank = Math.max(rank, window.rank());
        } else {
            takesNext(found.get());
        }
        return true;
    }

    /**
     * The next events after the cursor. The one at the cursor is asked for too: while that is there nothing after it can
     * have been trimmed, and the answer proves itself whole.
     */
    private List<Event> read(Slice window) {
        List<Event> answer = stream.range(cursor, window.base(), settings.batchSize() + 1);
        if (answer.size() > 1 && answer.get(0).id().equals(cursor)) {
            return answer.subList(1, answer.size());
        }
        if (feed.isInterrupted()) { // perhaps another server answers by now, whose log has gone another way
            throw new EventLogUnavailableException(
                    log(), "Log '" + log() + "' is to be looked at by its feed first", null);
        }
        Window.End end = feed.window().end();
        Snapshot snapshot = snapshot(window.base());
        if (feed.window().lifeOf(end, snapshot.state()) != life) {
            throw new EventLogUnavailableException(
                    log(), "Log '" + log() + "' has begun again: its feed will say so", null);
        }
        long missed = missed(snapshot, window);
        if (missed != 0) {
            lose(Gap.Kind.REMOVED, missed);
        }
        rank = Continuity.plus(rank, missed);
        return snapshot.events();
    }

    /** Where something was trimmed that follows the cursor, the events after the window are counted as well. */
    private Snapshot snapshot(EventId base) {
        Snapshot snapshot = stream.snapshot(cursor.next(), base, settings.batchSize(), false);
        return rank != Continuity.UNKNOWN && !isThereUpTo(cursor, snapshot.state())
                ? stream.snapshot(cursor.next(), base, settings.batchSize(), true)
                : snapshot;
    }

    private static boolean isThereUpTo(EventId cursor, StreamState state) {
        EventId first = state.firstId();
        return first != null && !first.isAfter(cursor);
    }

    /**
     * How many events are missing between the cursor and the window. Where that holds more than was asked for, only trimming
     * tells now, and single events that were deleted further on may be counted in; what trimming does not tell is counted
     * when the cursor gets into the window.
     */
    private long missed(Snapshot snapshot, Slice window) {
        StreamState state = snapshot.state();
        boolean full = snapshot.events().size() == settings.batchSize();
        boolean counted = snapshot.rest() != Continuity.UNKNOWN;
        // The window may have passed single events that were deleted, and not know it yet. The stream knows
        // better where nothing is gone that came after the window's beginning.
        boolean restIsWhole = counted
                && state.countsAdded()
                && !snapshot.events().isEmpty()
                && !state.deleted().isAfter(window.base());
        long rankOfBase = restIsWhole ? state.added() - snapshot.rest() : window.rank();
        long added = rankOfBase - rank;
        if (!isKnown(rank, rankOfBase) || added < snapshot.events().size()) { // or one was counted in another log
            rank = Continuity.UNKNOWN;
            return Continuity.trimmedPast(cursor, cursor, state, limit) ? Continuity.UNKNOWN : 0;
        }
        if (!full) {
            return added - snapshot.events().size();
        }
        return counted ? Math.max(0, added - (state.length() - snapshot.rest())) : 0;
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
        after(delay, this::ring);
    }

    /** The next events after the cursor are found: they are due, and before them what is missing. */
    private void takesNext(List<Event> found) {
        List<Event> events = Collections.unmodifiableList(found);
        Loss lost = loss;
        if (lost != null) {
            OptionalLong missed =
                    lost.missed() == Continuity.UNKNOWN ? OptionalLong.empty() : OptionalLong.of(lost.missed());
            Gap gap = new Gap(log(), lost.kind(), lost.lastSeen(), events.get(0).id(), missed);
            due.add(new Call("onGap", List.of(), () -> {
                listener.onGap(gap);
                loss = null;
            }));
        }
        if (events.size() <= batchSize) {
            takesNextBatch(events);
            return;
        }
        for (int from = 0; from < events.size(); from += batchSize) { // a copy, as a part would hold on to the whole
            takesNextBatch(List.copyOf(events.subList(from, Math.min(events.size(), from + batchSize))));
        }
    }

    private void takesNextBatch(List<Event> batch) {
        due.add(new Call("onBatch", batch, () -> take(batch, () -> listener.onBatch(batch))));
    }

    /** Has events taken, and where the follower has a name its position stored, from within the callback as below. */
    private void take(List<Event> events, Bookmark.Taking taking) throws Exception {
        if (bookmark == null) {
            taking.run();
        } else if (!bookmark.take(events.get(events.size() - 1).id(), taking)) {
            CompletableFuture<EndReason> unused = closeSoon(EndReason.SUPERSEDED);
            return;
        }
        if (storing != null) {
            storing = null;
            logger.info("The position of " + bookmark + " is stored again");
        }
        hasTaken(events);
    }

    /** Moves on, from within the callback that took them, as that holds also if the follower was closed meanwhile. */
    private void hasTaken(List<Event> events) {
        cursor = events.get(events.size() - 1).id();
        position = cursor;
        rank = Continuity.plus(rank, events.size());
        if (!existingEnd.isAfter(cursor)) {
            hasCaughtUp();
        }
    }

    /** There was no more than this: the listener is to be told so, once. {@return whether it has not been} */
    private boolean hasCaughtUp() {
        boolean first = !caughtUp;
        if (first) {
            caughtUp = true;
            due.add(new Call("onCaughtUp", List.of(), listener::onCaughtUp));
        }
        return first;
    }

    /** Makes the calls that are due. {@return whether all of them are done and the follower goes on} */
    private boolean deliver() {
        for (Call call = due.peek(); call != null; call = due.peek()) {
            if (!deliver(call)) {
                return false;
            }
            due.remove();
        }
        return true;
    }

    private boolean deliver(Call call) {
        if (bookmark != null && !bookmark.isItsTurn()) {
            waitForRedis(new EventLogUnavailableException(
                    log(), "The lease of " + bookmark + " was not renewed in time", null));
            return false;
        }
        synchronized (this) {
            if (ended) {
                return false;
            }
            caller = Thread.currentThread();
        }
        Throwable thrown = null;
        attempts.begin();
        try {
            call.callback().run();
            if (attempts.count() > 1) {
                logger.info("The listener of log '" + log() + "' goes on after " + attempts.count() + " attempts at "
                        + call);
            }
        } catch (Throwable any) {
            thrown = isRunning() ? retryOrRecover(call, any) : any;
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
            if (thrown != null
                    && !(thrown instanceof InterruptedException)
                    && !(thrown instanceof NotStoredException)) {
                logger.warn("The listener of log '" + log() + "' threw after its follower had been closed", thrown);
            }
            completeWithReason();
            return false;
        }
        if (thrown != null) {
            fail(thrown);
            return false;
        }
        if (retryIn != BackOffExecution.STOP) {
            return false;
        }
        attempts.done();
        return true;
    }

    /** {@return what is to end the follower; null if the call is to be repeated or a recoverer took the batch} */
    private @Nullable Throwable retryOrRecover(Call call, Throwable failure) {
        if (failure instanceof InterruptedException) { // says nothing of the call, but that the thread is to end
            return failure;
        }
        if (failure instanceof NotStoredException notStored) {
            return storeLater(notStored);
        }
        try {
            retryIn = attempts.delayAfter(failure);
            if (retryIn != BackOffExecution.STOP) {
                sayRetry(call, failure);
                return null;
            }
            if (recoverer == null || call.batch().isEmpty()) {
                return failure;
            }
            take(call.batch(), () -> recoverer.recover(log(), call.batch(), failure));
            logger.warn("The follower of log '" + log() + "' goes on after " + attempts.count() + " attempts at " + call
                    + ", which its recoverer took: " + failure);
            return null;
        } catch (NotStoredException notStored) {
            return storeLater(notStored);
        } catch (Throwable another) {
            if (another != failure) {
                another.addSuppressed(failure);
            }
            return another;
        }
    }

    /** Repeats the call: not by the policy, as it is not the listener that failed. {@return what is to end the follower} */
    private @Nullable Throwable storeLater(NotStoredException failure) {
        attempts.done();
        BackOffExecution before = storing;
        BackOffExecution execution =
                before != null ? before : settings.recovery().start();
        storing = execution;
        retryIn = execution.nextBackOff();
        if (retryIn == BackOffExecution.STOP) {
            return failure;
        }
        String message =
                failure.getMessage() + ". Nothing more is delivered before it is; next try in " + retryIn + " ms";
        if (before == null) {
            logger.warn(message);
        } else {
            logger.debug(message, failure);
        }
        return null;
    }

    private void sayRetry(Call call, Throwable failure) {
        if (attempts.count() == 1) {
            logger.warn("The listener of log '" + log() + "' threw in " + call + ", and will be called again in "
                    + retryIn + " ms: " + failure);
        }
        logger.debug("Attempt " + attempts.count() + " at " + call + " of log '" + log() + "' failed", failure);
    }

    /** Ends by an error. The last callback is {@code onFailure}, unless the follower has been closed before. */
    private void fail(Throwable failure) {
        boolean closedBefore = !end(EndReason.CLOSED, Thread.currentThread());
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
                completeWithReason();
            } else {
                completion.completeExceptionally(failure);
            }
        }
    }

    /**
     * Lets nothing more begin.
     *
     * @param why the reason, if it is the first and no failure
     * @param lastCaller the thread that has one more callback to make, for which {@link #close()} is to wait
     * @return whether this call did it
     */
    private boolean end(EndReason why, @Nullable Thread lastCaller) {
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
            reason = why;
            caller = lastCaller != null ? lastCaller : caller;
            if (timer != null) {
                timer.cancel(false);
            }
        }
        feeds.leave(stream, feed, this);
        return true;
    }

    @Override
    public CompletableFuture<EndReason> closeSoon(EndReason why) {
        end(why, null);
        boolean idle;
        synchronized (this) {
            idle = caller == null;
        }
        if (idle) {
            completeWithReason();
        }
        return completion;
    }

    private void completeWithReason() {
        EndReason why;
        synchronized (this) {
            why = reason;
        }
        completion.complete(why);
    }

    @Override
    public void close() {
        CompletableFuture<EndReason> unused = closeSoon(EndReason.CLOSED);
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
