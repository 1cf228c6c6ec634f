package dev.eventlog.torture;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureWatch.Got;
import dev.eventlog.torture.TortureWatch.Pace;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One of the instances that compete for the lease of a name. An incarnation is the time from one resumption at a stored
 * position to the next. The instance learns of a new incarnation from {@link TorturePositions}, because its listener
 * gets no call for it.
 */
final class TortureNamed implements EventBatchListener<Event> {

    /** The calls from one resumption at the stored position to the next. */
    static final class Incarnation {
        final String instance;
        /** The time when it loaded its position, by {@link System#nanoTime()}. */
        final long lookedAt;
        /** The time when it began to deliver. */
        final long at;
        /** The position after which it continues. */
        final EventId after;

        private final List<Object> calls = new ArrayList<>(); // each a Got or a Gap
        private final List<Long> times = new ArrayList<>();
        private int lastBatchAt;
        private @Nullable EventId stored;
        private long storedAt;

        Incarnation(String instance, long lookedAt, long at, EventId after) {
            this.instance = instance;
            this.lookedAt = lookedAt;
            this.at = at;
            this.after = after;
        }

        private void take(Object call, long now) {
            if (call == TortureWatch.BATCH) {
                lastBatchAt = calls.size();
            } else if (call instanceof EventId position) {
                stored = position;
                storedAt = now;
            } else {
                calls.add(call);
                times.add(now);
            }
        }

        /**
         * Returns this incarnation as a separate follower.
         *
         * @param resumed the event at the position after which it continued; null if there was none
         * @param others the incarnations of the same name and log; one that loads the position before the last batch is
         *     stored gets that batch again
         */
        TortureWatch watch(String name, EventLog log, @Nullable Got resumed, List<Incarnation> others) {
            Tail tail = Tail.after(after); // also for 0-0, because it may wait for the log long before it has the lease
            TortureWatch watch =
                    new TortureWatch(instance, log.name(), tail, log.options().hasMaxLength(), resumed, Pace.QUICK, 0);
            watch.durableName = name;
            watch.calledAt = lookedAt;
            watch.returnedAt = at;
            for (int i = 0; i < calls.size(); i++) {
                if (i == lastBatchAt) {
                    watch.beginBatch();
                }
                if (calls.get(i) instanceof Gap gap) {
                    watch.told(gap, times.get(i));
                } else {
                    watch.took((Got) calls.get(i), times.get(i));
                }
            }
            Got last = watch.last();
            watch.lastBatchMayComeAgain = last != null
                    && (!last.id().equals(stored)
                            || others.stream()
                                    .anyMatch(other -> other != this && other.at > at && other.lookedAt < storedAt));
            return watch;
        }
    }

    final String instance;
    final String name;
    final EventLog log;
    private final Pace pace;
    private final Random random;
    private final AtomicInteger inCall = new AtomicInteger();
    private final List<Incarnation> incarnations = new ArrayList<>(); // guarded by itself
    private @Nullable EventId goesOnAfter; // guarded by incarnations; null if it did not resume
    private long lookedAt; // guarded by incarnations
    private volatile @Nullable Got last;
    private volatile @Nullable Consumer<Object> notes;
    private final List<String> complaints = new ArrayList<>(); // guarded by incarnations

    volatile @Nullable Follower follower;
    volatile boolean toTheEnd;

    TortureNamed(String instance, String name, EventLog log, Pace pace, Random random) {
        this.instance = instance;
        this.name = name;
        this.log = log;
        this.pace = pace;
        this.random = random;
    }

    void keepNotes(Consumer<Object> keeper) {
        notes = keeper;
    }

    /**
     * The follower has loaded this stored position, and may continue after it.
     *
     * @param asked the time when it asked for the position
     */
    void standsAt(EventId position, long asked) {
        synchronized (incarnations) {
            goesOnAfter = position;
            lookedAt = asked;
        }
    }

    /**
     * The follower has stored the position of its last batch, and continues as before. If it has just loaded its
     * position, it begins a new incarnation instead.
     */
    void hasStored(@Nullable EventId before, EventId position, long asked) {
        synchronized (incarnations) {
            if (before == null || goesOnAfter != null) {
                lookedAt = goesOnAfter == null ? asked : lookedAt;
                goesOnAfter = position;
            } else if (!incarnations.isEmpty()) {
                current().take(position, System.nanoTime());
            }
        }
        note(position);
    }

    @Override
    public void onBatch(List<Event> batch) throws Exception {
        enter();
        call(TortureWatch.BATCH);
        for (Event event : batch) {
            long number = TortureLogs.number(event);
            if (!event.fields().equals(TortureLogs.event(number))) {
                complain("differs from the added event: " + event);
            }
            Got got = new Got(event.id(), number);
            call(got);
            last = got;
        }
        if (!toTheEnd && pace != Pace.QUICK && random.nextInt(5) == 0) {
            Thread.sleep(random.nextInt(pace == Pace.SLOW ? 20 : 1_500));
        }
        inCall.decrementAndGet();
    }

    @Override
    public void onGap(Gap gap) {
        enter();
        call(gap);
        inCall.decrementAndGet();
    }

    @Override
    public void onFailure(String ofLog, Throwable failure) {
        complain("ended on its own: " + failure);
    }

    private void enter() {
        if (inCall.getAndIncrement() > 0) {
            complain("two callbacks at once");
        }
    }

    private void call(Object call) {
        synchronized (incarnations) {
            EventId after = goesOnAfter;
            if (after != null || incarnations.isEmpty()) {
                Incarnation begun = new Incarnation(
                        instance,
                        after != null ? lookedAt : System.nanoTime(),
                        System.nanoTime(),
                        after != null ? after : EventId.MIN);
                incarnations.add(begun);
                goesOnAfter = null;
                note(begun);
            }
            current().take(call, System.nanoTime());
        }
        note(call);
    }

    private Incarnation current() {
        return incarnations.get(incarnations.size() - 1);
    }

    private void note(Object what) {
        Consumer<Object> keeper = notes;
        if (keeper != null) {
            keeper.accept(what);
        }
    }

    private void complain(String complaint) {
        synchronized (incarnations) {
            complaints.add(complaint);
        }
        note(complaint);
    }

    /** Takes over a note of another process. */
    void take(Object noted, long at) {
        synchronized (incarnations) {
            if (noted instanceof Incarnation begun) {
                incarnations.add(begun);
            } else if (noted instanceof String complaint) {
                complaints.add(complaint);
            } else if (!incarnations.isEmpty()) {
                current().take(noted, at);
                last = noted instanceof Got got ? got : last;
            }
        }
    }

    @Nullable
    Got last() {
        return last;
    }

    /** {@return the incarnations in order of time} Call this after the instance has ended. */
    List<Incarnation> incarnations() {
        synchronized (incarnations) {
            return List.copyOf(incarnations);
        }
    }

    List<String> complaints() {
        synchronized (incarnations) {
            return List.copyOf(complaints);
        }
    }

    void close() {
        Follower open = follower;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public String toString() {
        return "instance " + instance + " of '" + name + "' of log '" + log.name() + "'";
    }
}
