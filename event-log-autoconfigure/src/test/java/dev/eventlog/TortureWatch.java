package dev.eventlog;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The listener of one follower of a torture run: remembers what it was told, and takes its time. */
final class TortureWatch implements EventBatchListener<Event> {

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
        long now = System.nanoTime();
        synchronized (calls) {
            lastBatchAt = calls.size();
            for (Event event : batch) {
                long number = TortureRun.number(event);
                Got got = new Got(event.id(), number);
                calls.add(got);
                times.add(now);
                last = got;
                if (!event.fields().equals(TortureRun.event(number))) {
                    complaints.add("not as it was added: " + event);
                }
            }
        }
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
        synchronized (calls) {
            calls.add(gap);
            times.add(System.nanoTime());
        }
        leave();
    }

    @Override
    public void onCaughtUp() {
        enter();
        caughtUp.incrementAndGet();
        leave();
    }

    @Override
    public void onFailure(String log, Throwable why) {
        enter();
        failure = why;
        leave();
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

    private void complain(String complaint) {
        synchronized (calls) {
            complaints.add(complaint);
        }
    }

    /** Closes the follower, and looks at how that went. */
    void close() {
        Follower open = follower;
        if (open == null || closed) {
            return;
        }
        boolean failed = !open.isRunning();
        long begin = System.nanoTime();
        open.close();
        closed = true;
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        Got end = last;
        if (millis > 4_500) {
            complain("close() took " + millis + " ms");
        }
        if (failed || failure != null) {
            complain("ended by itself: " + failure);
        }
        if (end != null && !open.position().equals(end.id())) {
            complain("position() is " + open.position() + ", the last event was " + end);
        }
        int times = caughtUp.get();
        if (times > 1 || (times == 0 && toTheEnd)) {
            complain("onCaughtUp() was called " + times + " times");
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
