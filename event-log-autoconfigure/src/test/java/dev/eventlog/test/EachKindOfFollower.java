package dev.eventlog.test;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Four followers of one log: a live one, a slow one, a named one, and one that catches up from the start of the log.
 */
public final class EachKindOfFollower implements AutoCloseable {

    private static final String NAMED = "by name";

    private final EventLog log;
    private final EventId begin;
    private final Collected<Event> live = Collected.events();
    private final Collected<Event> slow = Collected.and(pausing(30));
    private final Collected<Event> named = Collected.events();
    private final Collected<Event> catchingUp = Collected.and(pausing(3));
    private final List<Follower> followers = new ArrayList<>();
    private volatile boolean hurrying;

    /**
     * Starts the first three followers.
     *
     * @param log the log, which must not change during the call
     */
    public EachKindOfFollower(EventLog log) {
        this.log = log;
        this.begin = log.lastId().orElse(EventId.MIN);
        followers.add(log.follow(Tail.last(0), live));
        followers.add(log.follow(Tail.last(0), slow));
        followers.add(log.follow(Tail.last(0), named, options -> options.named("each")));
    }

    private EventBatchListener<Event> pausing(long millis) {
        return batch -> {
            if (!hurrying) {
                Thread.sleep(millis);
            }
        };
    }

    /** Starts the last follower. Returns when it is catching up. */
    public void catchUp() {
        followers.add(log.follow(Tail.all(), catchingUp));
        await().until(() -> catchingUp.count() > 0);
        assertThat(catchingUp.caughtUp()).as("the log is too short").isZero();
    }

    /** {@return the listener of the live follower} */
    public Collected<Event> live() {
        return live;
    }

    private List<Event> awaitEnd() {
        hurrying = true;
        List<Event> inTheEnd = await().ignoreExceptions().until(() -> log.read(Tail.all()), all -> true);
        Event last = inTheEnd.get(inTheEnd.size() - 1);
        listeners()
                .forEach((kind, listener) -> await().atMost(Duration.ofSeconds(20))
                        .untilAsserted(() -> assertThat(last(listener)).as(kind).isEqualTo(last)));
        return inTheEnd;
    }

    private static Event last(Collected<Event> listener) {
        List<List<Event>> batches = listener.batches();
        List<Event> last = batches.get(batches.size() - 1);
        return last.get(last.size() - 1);
    }

    /**
     * Waits for all followers, and asserts that each received every event once, in order, and without a gap.
     *
     * @return the events of the log at the end
     */
    public List<Event> assertEachEventOnce() {
        List<Event> inTheEnd = awaitEnd();
        listeners().forEach((kind, listener) -> {
            assertThat(LogTests.ids(listener.all())).as(kind).isEqualTo(LogTests.ids(expected(listener, inTheEnd)));
            assertThat(listener.all()).as(kind).isEqualTo(expected(listener, inTheEnd));
            assertThat(listener.gaps()).as(kind).isEmpty();
            assertThat(listener.failure()).as(kind).isNull();
            assertThat(listener.overlapped()).as(kind).isFalse();
        });
        return inTheEnd;
    }

    /**
     * Waits for all followers, and asserts that each received every event in order, or a gap. Redis may have lost the
     * position of the named follower, which then receives events again.
     *
     * @param repeats the number of events that may come twice after the log began again
     * @return the events of the log at the end
     */
    public List<Event> assertNothingMissedInSilence(int repeats) {
        List<Event> inTheEnd = awaitEnd();
        Map<String, Collected<Event>> exact = listeners();
        exact.remove(NAMED);
        exact.forEach(
                (kind, listener) -> Deliveries.assertComplete(kind, listener, expected(listener, inTheEnd), repeats));
        assertThat(new HashSet<>(named.all())).as(NAMED).containsAll(expected(named, inTheEnd));
        return inTheEnd;
    }

    private List<Event> expected(Collected<Event> listener, List<Event> inTheEnd) {
        return listener == catchingUp
                ? inTheEnd
                : inTheEnd.stream().filter(event -> event.id().isAfter(begin)).toList();
    }

    private Map<String, Collected<Event>> listeners() {
        Map<String, Collected<Event>> listeners = new LinkedHashMap<>();
        listeners.put("live", live);
        listeners.put("slow", slow);
        listeners.put(NAMED, named);
        listeners.put("catching up", catchingUp);
        return listeners;
    }

    @Override
    public void close() {
        followers.forEach(Follower::close);
    }
}
