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
 * The listener of one follower of a torture run: remembers what it was told, and takes its time. Readers of other kinds have
 * one, too, and tell it themselves.
 */
final class TortureWatch implements EventBatchListener<Event> {

    /** Among the notes: what comes next belongs to another batch than what came before. */
    static final Object BATCH = new Object();

    /** An event that was delivered. */
    record Got(EventId id, long number) {}

    /** How a listener spends its time. */
    enum Pace {
        QUICK,
        /** A few milliseconds a batch. */
        SLOW,
        /** Now and then a second or two. */
        BLOCKING
    }

    final String name;
    final String log;
    final Tail tail;
    final boolean limited;
    /** The event after which it resumes, if it does. */
    final @Nullable Got resumed;

    private final Pace pace;
    private final Random random;
    private final AtomicBoolean inCall = new AtomicBoolean();

    /** Each a {@link Got} or a {@link Gap}. */
    private final List<Object> calls = new ArrayList<>(); // guarded by itself

    /** When each of the calls was made. */
    private final List<Long> times = new ArrayList<>(); // guarded by calls

    private int lastBatchAt; // in calls; guarded by calls

    private final List<String> complaints = new ArrayList<>(); // guarded by calls
    private final AtomicInteger caughtUp = new AtomicInteger();
    private volatile @Nullable Got last;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /** Whether it was told that its log has ended, which must be the last that it is told. */
    volatile boolean completed;

    /** When {@code follow} was called and had returned. */
    volatile long calledAt;

    volatile long returnedAt;
    volatile @Nullable Follower follower;
    /** Whether there was a log then, as far as is known. */
    volatile boolean logWasThere;

    /** Whether it was still running when the faults were over. */
    volatile boolean toTheEnd;

    /** The name under which its position is stored, if it is a named follower. */
    volatile @Nullable String durableName;

    /** Whether its process was killed or its lease lost, so that its last batch may come again to the next of its name. */
    volatile boolean lastBatchMayComeAgain;

    /** Ends a reader that is no follower. */
    volatile @Nullable Runnable ending;

    /** Is told what is noted here, at once, to keep it beyond the death of this process. */
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
            // all there is to do now is to get there
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

    /** A batch has come. */
    void took(List<Event> batch) {
        long now = System.nanoTime();
        beginBatch();
        for (Event event : batch) {
            long number = TortureLogs.number(event);
            if (!event.fields().equals(TortureLogs.event(number))) {
                complain("not as it was added: " + event);
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

    /** The log has ended: as an event that comes last. */
    void ended(Completion completion) {
        took(new Got(EventId.MAX, TortureLogs.number(completion)), System.nanoTime());
    }

    private void complainIfOver(Object what) {
        if (completed) {
            complain("after the end of the log came " + what);
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

    /** Closes the follower, and looks at how that went. */
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
            complain("ended by itself: " + failure);
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

    /** {@return when each of the calls was made} */
    List<Long> times() {
        synchronized (calls) {
            return List.copyOf(times);
        }
    }

    /** {@return where in the calls the last batch begins} */
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
