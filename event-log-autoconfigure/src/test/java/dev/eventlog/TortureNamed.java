package dev.eventlog;

import dev.eventlog.TortureWatch.Got;
import dev.eventlog.TortureWatch.Pace;
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

    /**
     * What was told from one look at the stored position to the next.
     *
     * @param at when it began to deliver, by {@link System#nanoTime()}
     * @param after the position after which it goes on
     * @param calls each a {@link Got} or a {@link Gap}
     */
    record Incarnation(String instance, long at, EventId after, List<Object> calls) {}

    final String instance;
    final String name;
    final EventLog log;
    private final Pace pace;
    private final Random random;
    private final AtomicInteger inCall = new AtomicInteger();
    private final List<Incarnation> incarnations = new ArrayList<>(); // guarded by itself
    private @Nullable EventId goesOnAfter; // guarded by incarnations; null if it goes on as before
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

    /** Of this position the follower knows now that it is stored: after it, it may go on. */
    void standsAt(EventId position) {
        synchronized (incarnations) {
            goesOnAfter = position;
        }
    }

    /** It has stored the position of what it has just taken, and goes on as before, unless it has only just looked. */
    void hasStored(@Nullable EventId before, EventId position) {
        synchronized (incarnations) {
            if (before == null || goesOnAfter != null) {
                goesOnAfter = position;
            }
        }
    }

    @Override
    public void onBatch(List<Event> batch) throws Exception {
        enter();
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
                begin(System.nanoTime(), after != null ? after : EventId.MIN);
                goesOnAfter = null;
            }
            incarnations.get(incarnations.size() - 1).calls().add(call);
        }
        note(call);
    }

    private void begin(long at, EventId after) {
        Incarnation begun = new Incarnation(instance, at, after, new ArrayList<>());
        incarnations.add(begun);
        note(begun);
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
    void take(Object noted) {
        synchronized (incarnations) {
            if (noted instanceof Incarnation begun) {
                incarnations.add(begun);
            } else if (noted instanceof String complaint) {
                complaints.add(complaint);
            } else {
                incarnations.get(incarnations.size() - 1).calls().add(noted);
                last = noted instanceof Got got ? got : last;
            }
        }
    }

    @Nullable
    Got last() {
        return last;
    }

    List<Incarnation> incarnations() {
        synchronized (incarnations) {
            return incarnations.stream()
                    .map(each -> new Incarnation(each.instance(), each.at(), each.after(), List.copyOf(each.calls())))
                    .toList();
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
