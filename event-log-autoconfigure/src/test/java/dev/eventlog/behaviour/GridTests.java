package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares reads and followers with a plain list: each number of events from 0 to 200, with and without a max-length,
 * from each kind of start, and with 10 more events added.
 */
class GridTests extends LogTests {

    private static final int MOST = 200;
    private static final int MORE = 10;

    @Tag("long")
    @ParameterizedTest
    @ValueSource(ints = {0, 25})
    void readsAndFollowersReturnTheSameAsAList(int maxLength) throws Exception {
        List<EventLog> logs = IntStream.rangeClosed(0, MOST)
                .mapToObj(existing -> newLog(options -> options.maxLength(maxLength)))
                .toList();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> cells = new ArrayList<>();
            for (int existing = 0; existing <= MOST; existing++) {
                int number = existing;
                cells.add(threads.submit(() -> check(logs.get(number), number)));
            }
            for (Future<?> cell : cells) {
                cell.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private void check(EventLog log, int existing) {
        List<EventId> ids = log.addAll(events(0, existing));
        long max = log.options().hasMaxLength() ? log.options().maxLength() : Long.MAX_VALUE;
        Map<Tail, Integer> starts = new LinkedHashMap<>();
        starts.put(Tail.all(), 0);
        for (int n : new int[] {0, 16, 32, 48}) {
            starts.put(Tail.last(n), Math.max(existing - n, 0));
        }
        for (int quarter = 0; quarter < 4 && existing > 0; quarter++) {
            int index = existing * quarter / 4;
            starts.put(Tail.from(ids.get(index)), index);
            starts.put(Tail.after(ids.get(index)), index + 1);
        }
        Map<Tail, Collected<Event>> listeners = new LinkedHashMap<>();
        List<Follower> followers = new ArrayList<>();
        try {
            starts.forEach((tail, start) -> {
                int first = (int) Math.max(start, existing - max);
                assertThat(numbers(log.read(tail)))
                        .as("%s existing, %s, read %s", existing, log.options(), tail)
                        .isEqualTo(range(first, existing));
                Collected<Event> listener = Collected.events();
                listeners.put(tail, listener);
                followers.add(log.follow(tail, listener));
            });
            // a trim may remove existing events, so each follower receives them first
            listeners.forEach((tail, listener) -> await().until(() -> listener.caughtUp() == 1));
            log.add(event(existing));
            log.addAll(events(existing + 1, existing + MORE));
            starts.forEach((tail, start) -> {
                int first = (int) Math.max(start, existing - max);
                Collected<Event> listener = listeners.get(tail);
                assertThat(listener).isNotNull();
                await().alias("%s existing, %s, followed %s".formatted(existing, log.options(), tail))
                        .untilAsserted(
                                () -> assertThat(numbers(listener.all())).isEqualTo(range(first, existing + MORE)));
                if (!(tail instanceof Tail.After)) {
                    assertThat(listener.gaps())
                            .as("%s existing, gaps of %s", existing, tail)
                            .isEmpty();
                }
            });
        } finally {
            followers.forEach(Follower::close);
        }
        listeners.forEach((tail, listener) -> {
            assertThat(listener.count()).as("no repeats at the end: %s", tail).isLessThanOrEqualTo(existing + MORE);
            assertThat(listener.overlapped()).isFalse();
            assertThat(listener.failure()).isNull();
        });
    }
}
