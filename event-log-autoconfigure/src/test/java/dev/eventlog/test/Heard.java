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

/** A listener of many logs that records the calls for each log. */
public final class Heard implements LogsListener<Event> {

    /** The events of each log. */
    public final Map<String, List<Event>> events = new ConcurrentHashMap<>();

    /** All gaps. */
    public final List<Gap> gaps = new CopyOnWriteArrayList<>();

    /** The logs that the follower caught up with. */
    public final Set<String> caughtUp = ConcurrentHashMap.newKeySet();

    /** The number of complete logs. */
    public final AtomicInteger completions = new AtomicInteger();

    /** The failures of logs. */
    public final Map<String, Throwable> failures = new ConcurrentHashMap<>();

    /** The logs with a running batch. */
    public final Set<String> busy = ConcurrentHashMap.newKeySet();

    /** The number of running batches. */
    public final AtomicInteger atOnce = new AtomicInteger();

    /** The maximum number of batches that ran at the same time. */
    public final AtomicInteger mostAtOnce = new AtomicInteger();

    /** Whether two batches of one log overlapped. */
    public volatile boolean overlapped;

    private final LogsListener<Event> andThen;

    /** Creates a listener that only records calls. */
    public Heard() {
        this((log, batch) -> {});
    }

    /**
     * Creates a listener with an additional action.
     *
     * @param andThen an action that receives each batch
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

    /** {@return the number of events in all logs} */
    public int count() {
        return events.values().stream().mapToInt(List::size).sum();
    }
}
