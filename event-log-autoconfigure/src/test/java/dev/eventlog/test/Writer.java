package dev.eventlog.test;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogUnavailableException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/** Adds one event after another, each with its own number, until it is closed. Failed adds are not repeated. */
public final class Writer implements AutoCloseable {

    private final EventLog log;
    private final int first;
    private final Duration pause;
    private final Map<Integer, EventId> added = new ConcurrentSkipListMap<>();
    private final List<RuntimeException> failures = new CopyOnWriteArrayList<>();
    private final Thread thread = new Thread(this::write, "writer of the test");
    private volatile boolean closed;

    private Writer(EventLog log, int first, Duration pause) {
        this.log = log;
        this.first = first;
        this.pause = pause;
    }

    /**
     * Starts to write.
     *
     * @param log the log
     * @param first the number of the first event
     * @param pause the pause after each event
     * @return the writer, which the caller closes
     */
    public static Writer start(EventLog log, int first, Duration pause) {
        Writer writer = new Writer(log, first, pause);
        writer.thread.start();
        return writer;
    }

    private void write() {
        for (int number = first; !closed; number++) {
            try {
                added.put(number, log.add(LogTests.event(number)));
            } catch (RuntimeException failure) {
                failures.add(failure);
            }
            LockSupport.parkNanos(pause.toNanos());
        }
    }

    /**
     * Waits for more adds.
     *
     * @param count the number of further events
     */
    public void awaitMore(int count) {
        int before = added.size();
        await().atMost(Duration.ofSeconds(30)).until(() -> added.size() >= before + count);
    }

    /**
     * Checks that each event was added at most once, whatever the outcome of its add, and that none was permanently
     * refused.
     *
     * @param inTheEnd the events of the log at the end
     * @return the numbers of the confirmed events that the log does not have
     */
    public List<Integer> assertNoneTwice(List<Event> inTheEnd) {
        Map<Integer, EventId> held = new HashMap<>();
        for (Event event : inTheEnd) {
            int number = LogTests.numbers(List.of(event)).get(0);
            assertThat(held.put(number, event.id())).as("added twice: " + event).isNull();
        }
        assertThat(failures)
                .hasOnlyElementsOfTypes(EventLogUnavailableException.class, AddOutcomeUnknownException.class);
        return added.entrySet().stream()
                .filter(each -> !each.getValue().equals(held.get(each.getKey())))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Returns when its last add has returned. */
    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
