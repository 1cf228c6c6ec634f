package dev.eventlog.test;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.Gap;
import dev.eventlog.LogsListener;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A listener of many logs that remembers what came of each. */
public final class Heard implements LogsListener<Event> {

    /** The events of each log. */
    public final Map<String, List<Event>> events = new ConcurrentHashMap<>();

    /** All gaps. */
    public final List<Gap> gaps = new CopyOnWriteArrayList<>();

    /** The logs that were caught up with. */
    public final Set<String> caughtUp = ConcurrentHashMap.newKeySet();

    /** How many logs were complete. */
    public final AtomicInteger completions = new AtomicInteger();

    /** Why logs failed. */
    public final Map<String, Throwable> failures = new ConcurrentHashMap<>();

    /** The logs whose batch is being taken. */
    public final Set<String> busy = ConcurrentHashMap.newKeySet();

    /** How many batches are being taken. */
    public final AtomicInteger atOnce = new AtomicInteger();

    /** How many batches were taken at the same time at most. */
    public final AtomicInteger mostAtOnce = new AtomicInteger();

    /** Whether two batches of one log overlapped. */
    public volatile boolean overlapped;

    private final LogsListener<Event> andThen;

    /** Creates a listener that only remembers. */
    public Heard() {
        this((log, batch) -> {});
    }

    /**
     * Creates a listener that does something more.
     *
     * @param andThen gets each batch too
     */
    public Heard(LogsListener<Event> andThen) {
        this.andThen = andThen;
    }

    @Override
    public void onBatch(String log, List<Event> batch) throws Exception {
        overlapped |= !busy.add(log);
        mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        try {
            events.computeIfAbsent(log, any -> new CopyOnWriteArrayList<>()).addAll(batch);
            andThen.onBatch(log, batch);
        } finally {
            atOnce.decrementAndGet();
            busy.remove(log);
        }
    }

    @Override
    public void onCaughtUp(String log) {
        caughtUp.add(log);
    }

    @Override
    public void onGap(Gap gap) {
        gaps.add(gap);
    }

    @Override
    public void onComplete(String log, Completion completion) {
        completions.incrementAndGet();
    }

    @Override
    public void onFailure(String log, Throwable failure) {
        failures.put(log, failure);
    }

    /**
     * {@return the events of a log}
     *
     * @param log the name of the log
     */
    public List<Event> of(String log) {
        return events.getOrDefault(log, List.of());
    }

    /** {@return how many events there were in all logs} */
    public int count() {
        return events.values().stream().mapToInt(List::size).sum();
    }
}
