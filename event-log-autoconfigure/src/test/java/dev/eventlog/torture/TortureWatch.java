package dev.eventlog.torture;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.Follower;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The listener of one follower of a torture run. It records its calls, and can be slow. Readers of other kinds have a
 * watch too, and pass their calls to it.
 */
final class TortureWatch implements EventBatchListener<Event> {

    /** The note that a new batch begins. */
    static final Object BATCH = new Object();

    /** A delivered event. */
    record Got(EventId id, long number) {}

    /** The speed of a listener. */
    enum Pace {
        QUICK,
        /** Takes a few milliseconds for each batch. */
        SLOW,
        /** Takes a second or two from time to time. */
        BLOCKING
    }

    final String name;
    final String log;
    final Tail tail;
    final boolean limited;
    /** The event after which it resumes; null if it does not. */
    final @Nullable Got resumed;

    private final Pace pace;
    private final Random random;
    private final AtomicBoolean inCall = new AtomicBoolean();

    /** Each a {@link Got} or a {@link Gap}. */
    private final List<Object> calls = new ArrayList<>(); // guarded by itself

    /** The time of each call. */
    private final List<Long> times = new ArrayList<>(); // guarded by calls

    private int lastBatchAt; // in calls; guarded by calls

    private final List<String> complaints = new ArrayList<>(); // guarded by calls
    private final AtomicInteger caughtUp = new AtomicInteger();
    private volatile @Nullable Got last;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /** Whether it received the end of its log, which must be the last call. */
    volatile boolean completed;

    /** The time of the call of {@code follow}. */
    volatile long calledAt;

    /** The time when {@code follow} had returned. */
    volatile long returnedAt;

    volatile @Nullable Follower follower;
    /** Whether the log is known to have existed then. */
    volatile boolean logWasThere;

    /** Whether it was still running when the faults were over. */
    volatile boolean toTheEnd;

    /** The name under which its position is stored, if it is a named follower. */
    volatile @Nullable String durableName;

    /**
     * Whether its process was killed or its lease was lost, so that the next follower of its name may get its last
     * batch again.
     */
    volatile boolean lastBatchMayComeAgain;

    /** Ends a reader of another kind; null for a follower. */
    volatile @Nullable Runnable ending;

    /** Receives each note at once, to store it beyond the death of this process; null for none. */
    private volatile @Nullable Consumer<Object> notes;

    TortureWatch(String name, String log, Tail tail, boolean limited, @Nullable Got resumed, Pace pace, long seed) {
        this.name = name;
        this.log = log;
        this.tail = tail;
        this.limited = limited;
        this.resumed = resumed;
        this.pace = pace;
        this.random = new Random(seed);
    }

    @Override
    public void onBatch(List<Event> batch) throws Exception {
        enter();
        took(batch);
        if (toTheEnd) {
            // reaches the end as fast as possible
        } else if (pace == Pace.SLOW) {
            TimeUnit.MILLISECONDS.sleep(random.nextInt(20));
        } else if (pace == Pace.BLOCKING && random.nextInt(20) == 0) {
            TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(2_000));
        }
        leave();
    }

    @Override
    public void onGap(Gap gap) {
        enter();
        told(gap);
        leave();
    }

    @Override
    public void onCaughtUp() {
        enter();
        hasCaughtUp();
        leave();
    }

    @Override
    public void onComplete(Completion completion) {
        enter();
        ended(completion);
        leave();
    }

    @Override
    public void onFailure(String log, Throwable why) {
        enter();
        failure = why;
        leave();
    }

    /** Records a batch. */
    void took(List<Event> batch) {
        long now = System.nanoTime();
        beginBatch();
        for (Event event : batch) {
            long number = TortureLogs.number(event);
            if (!event.fields().equals(TortureLogs.event(number))) {
                complain("differs from the added event: " + event);
            }
            took(new Got(event.id(), number), now);
        }
    }

    void beginBatch() {
        synchronized (calls) {
            lastBatchAt = calls.size();
        }
        note(BATCH);
    }

    void took(Got got, long at) {
        boolean end = got.id().equals(EventId.MAX);
        complainIfOver(got);
        synchronized (calls) {
            calls.add(got);
            times.add(at);
            last = end ? last : got;
        }
        completed |= end;
        note(got);
    }

    /** Records the end of the log, as a last event. */
    void ended(Completion completion) {
        took(new Got(EventId.MAX, TortureLogs.number(completion)), System.nanoTime());
    }

    private void complainIfOver(Object what) {
        if (completed) {
            complain("received after the end of the log: " + what);
        }
    }

    void told(Gap gap) {
        told(gap, System.nanoTime());
    }

    void told(Gap gap, long at) {
        complainIfOver(gap);
        synchronized (calls) {
            calls.add(gap);
            times.add(at);
        }
        note(gap);
    }

    void hasCaughtUp() {
        if (caughtUp.incrementAndGet() > 1) {
            complain("onCaughtUp() was called " + caughtUp + " times");
        }
    }

    void keepNotes(Consumer<Object> keeper) {
        notes = keeper;
    }

    private void note(Object what) {
        Consumer<Object> keeper = notes;
        if (keeper != null) {
            keeper.accept(what);
        }
    }

    private void enter() {
        if (closed) {
            complain("a callback after close() had returned");
        }
        if (!inCall.compareAndSet(false, true)) {
            complain("two callbacks at once");
        }
    }

    private void leave() {
        inCall.set(false);
    }

    void complain(String complaint) {
        synchronized (calls) {
            complaints.add(complaint);
        }
        note(complaint);
    }

    /** Closes the follower, and checks its end. */
    void close() {
        Follower open = follower;
        Runnable end = ending;
        if (closed) {
            return;
        }
        if (open == null) {
            if (end != null) {
                end.run();
            }
            closed = true;
            return;
        }
        boolean failed = !open.isRunning();
        long begin = System.nanoTime();
        open.close();
        closed = true;
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        Got lastGot = last;
        if (millis > 4_500) {
            complain("close() took " + millis + " ms");
        }
        if ((failed && !completed) || failure != null) {
            complain("ended on its own: " + failure);
        }
        if (failed && completed && open.completion().toCompletableFuture().getNow(null) != EndReason.COMPLETED) {
            complain("ended, but not as completed: " + open.completion());
        }
        EventId expected = completed ? EventId.MAX : lastGot == null ? null : lastGot.id();
        if (expected != null && !open.position().equals(expected)) {
            complain("position() is " + open.position() + ", the last event was " + lastGot);
        }
        if (caughtUp.get() == 0 && toTheEnd) {
            complain("onCaughtUp() was not called");
        }
    }

    @Nullable
    Got last() {
        return last;
    }

    List<Object> calls() {
        synchronized (calls) {
            return List.copyOf(calls);
        }
    }

    /** {@return the time of each call} */
    List<Long> times() {
        synchronized (calls) {
            return List.copyOf(times);
        }
    }

    /** {@return the index of the first call of the last batch} */
    int lastBatchAt() {
        synchronized (calls) {
            return lastBatchAt;
        }
    }

    List<String> complaints() {
        synchronized (calls) {
            return List.copyOf(complaints);
        }
    }

    @Override
    public String toString() {
        return name + " of log '" + log + "', " + tail + ", " + pace;
    }
}
