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
 * One of the instances that compete for the turn to follow under a name. Each time that it goes on after a stored position is
 * an incarnation, of which the instance learns by {@link TorturePositions}, as its listener is told nothing of it.
 */
final class TortureNamed implements EventBatchListener<Event> {

    /** What was told from one look at the stored position to the next. */
    static final class Incarnation {
        final String instance;
        /** When it looked for its position, by {@link System#nanoTime()}. */
        final long lookedAt;
        /** When it began to deliver. */
        final long at;
        /** The position after which it goes on. */
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
         * The same as if it were a follower of its own.
         *
         * @param resumed the event at the position after which it went on, if there was one
         * @param others those of the same name and log: one that looks before the last batch is stored gets it again
         */
        TortureWatch watch(String name, EventLog log, @Nullable Got resumed, List<Incarnation> others) {
            Tail tail =
                    Tail.after(after); // also of 0-0: it waits for a log to begin, perhaps long before it has its turn
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
    private @Nullable EventId goesOnAfter; // guarded by incarnations; null if it goes on as before
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
     * Of this position the follower knows now that it is stored: after it, it may go on.
     *
     * @param asked when it asked for it
     */
    void standsAt(EventId position, long asked) {
        synchronized (incarnations) {
            goesOnAfter = position;
            lookedAt = asked;
        }
    }

    /** It has stored the position of what it has just taken, and goes on as before, unless it has only just looked. */
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
                complain("not as it was added: " + event);
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
        complain("ended by itself: " + failure);
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

    /** Takes over what another process has noted. */
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

    /** {@return what it was told, in the order of time; to be asked when it has ended} */
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
