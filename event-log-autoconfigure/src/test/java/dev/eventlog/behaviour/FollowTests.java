package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Followers without failures. */
@RedisTest(
        properties = {
            "eventlog.follow.batch-size=10",
            "eventlog.follow.window-size=50",
            "eventlog.follow.poll-timeout=100ms"
        })
class FollowTests extends LogTests {

    /** A tail after the greatest id, after which no event is possible. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 10})
    void tailCanIncludeTheGreatestPossibleId(long count) {
        EventLog log = newLog();
        for (String id : List.of("5-1", "5-2", EventId.MAX.toString())) {
            addWithId(log, id);
        }
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.last(count), listener));
        await().until(() -> listener.count() == Math.min(count, 3) && listener.caughtUp() == 1);
        assertThat(listener.all()).isEqualTo(log.read(Tail.last(count)));
        assertThat(listener.gaps()).isEmpty();
    }

    /** The start is further back than one page, and nearer than the max-length. */
    @Test
    void readerThatResumesInALogBeyondItsMaxLengthReceivesNoGap() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 5_000));
        EventLog limited = factory.create(log.name(), options -> options.maxLength(2_000));
        for (Tail tail : List.of(Tail.after(ids.get(3_499)), Tail.from(ids.get(3_500)))) {
            Collected<Event> listener = Collected.events();
            closeLater(limited.follow(tail, listener));
            await().until(() -> listener.count() == 1_500);
            assertThat(numbers(listener.all())).as(tail.toString()).isEqualTo(range(3_500, 5_000));
            assertThat(listener.gaps()).as(tail.toString()).isEmpty();
        }
        assertThat(limited.page(Tail.from(ids.get(3_500)), 10).gap()).isEmpty();
    }

    @Test
    void batchesOfAnySizeMissNothing() {
        EventLog all = newFactory("eventlog.follow.batch-size=2147483647").create(newName());
        for (int i = 0; i < 3; i++) {
            all.addAll(events(2_000 * i, 2_000 * (i + 1)));
        }
        Collected<Event> listener = Collected.events();
        closeLater(all.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 6_000));
        all.add(event(6_000));
        await().until(() -> listener.count() == 6_001);
    }

    @Test
    void followerReceivesExistingEventsAndThenNewOnes() {
        EventLog log = newLog();
        List<EventId> ids = new ArrayList<>(log.addAll(events(0, 30)));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.from(ids.get(5)), listener));
        assertThat(follower.log()).isEqualTo(log.name());
        assertThat(follower.isRunning()).isTrue();
        await().until(() -> listener.count() == 25);
        ids.add(log.add(event(30)));
        ids.addAll(log.addAll(events(31, 100)));

        await().until(() -> listener.count() == 95);
        assertThat(numbers(listener.all())).isEqualTo(range(5, 100));
        assertThat(ids(listener.all())).isEqualTo(ids.subList(5, 100));
        assertThat(listener.all()).isEqualTo(log.read(Tail.from(ids.get(5))));
        await().until(() -> follower.position().equals(ids.get(99)));
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void lastZeroDeliversOnlyEventsAddedAfterFollowReturns() {
        for (int round = 0; round < 20; round++) {
            EventLog log = newLog();
            log.addAll(events(0, 5));
            Collected<Event> listener = Collected.events();
            Follower follower = closeLater(log.follow(Tail.last(0), listener));
            log.add(event(5));
            log.add(event(6));
            await().until(() -> listener.count() >= 2);
            assertThat(numbers(listener.all())).containsExactly(5, 6);
            follower.close();
        }
    }

    @Test
    @SuppressWarnings("NullAway") // like a caller without null checks
    void nullIsRefused() {
        EventLog log = newLog();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.follow(Tail.all(), null))
                .withMessageContaining(log.name());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> factory.create(log.name(), Map.class).follow(Tail.all(), null))
                .withMessageContaining(log.name());
        assertThatIllegalArgumentException().isThrownBy(() -> log.follow(null, Collected.events()));
        assertThatIllegalArgumentException().isThrownBy(() -> log.read((Tail) null));
        assertThatIllegalArgumentException().isThrownBy(() -> factory.create(null));
    }

    @Test
    void followerWaitsForALogThatDoesNotExist() {
        for (Tail tail :
                List.of(Tail.all(), Tail.last(0), Tail.last(3), Tail.from(EventId.MIN), Tail.after(EventId.MIN))) {
            EventLog log = newLog();
            Collected<Event> listener = Collected.events();
            closeLater(log.follow(tail, listener));
            await().until(() -> listener.caughtUp() == 1);
            assertThat(log.exists()).isFalse();
            log.addAll(events(0, 3));
            await().until(() -> listener.count() >= 3);
            assertThat(numbers(listener.all())).as(tail.toString()).containsExactly(0, 1, 2);
            assertThat(listener.gaps()).isEmpty();
        }
    }

    @Test
    void followerCanStartAtAFutureId() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        EventId last = log.lastId().orElseThrow();
        Collected<Event> from = Collected.events();
        Collected<Event> after = Collected.events();
        closeLater(log.follow(Tail.from(new EventId(last.milliseconds(), last.sequence() + 1)), from));
        closeLater(log.follow(Tail.after(last), after));
        log.addAll(events(3, 6));
        await().until(() -> from.count() >= 3 && after.count() >= 3);
        assertThat(numbers(from.all())).containsExactly(3, 4, 5);
        assertThat(numbers(after.all())).containsExactly(3, 4, 5);
        assertThat(from.gaps()).isEmpty();
        assertThat(after.gaps()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 10, 11, 49, 50, 51, 200})
    void onCaughtUpIsCalledOnceAfterTheExistingEvents(int existing) {
        EventLog log = newLog();
        log.addAll(events(0, existing));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() > 0);
        assertThat(listener.count()).isEqualTo(existing);
        log.addAll(events(existing, existing + 60));
        await().until(() -> listener.count() == existing + 60);
        assertThat(listener.caughtUp()).isEqualTo(1);
    }

    @Test
    void onCaughtUpIsCalledWhileOthersKeepAdding() throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 500));
        CountDownLatch stop = new CountDownLatch(1);
        AtomicInteger next = new AtomicInteger(500);
        ExecutorService writer = Executors.newSingleThreadExecutor();
        try {
            Future<?> writing = writer.submit(() -> {
                while (stop.getCount() > 0) {
                    log.add(event(next.getAndIncrement()));
                }
            });
            Collected<Event> listener = Collected.events();
            closeLater(log.follow(Tail.all(), listener));
            await().until(() -> listener.caughtUp() == 1);
            stop.countDown();
            writing.get(10, TimeUnit.SECONDS);
            await().until(() -> listener.count() >= next.get());
            assertThat(numbers(listener.all())).isEqualTo(range(0, next.get()));
            assertThat(listener.caughtUp()).isEqualTo(1);
        } finally {
            stop.countDown();
            writer.shutdownNow();
        }
    }

    @Test
    void batchesAreFullIfPossibleAndNeverTooLarge() {
        EventLog log = newLog();
        log.addAll(events(0, 100));
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> listener = Collected.and(batch -> go.await());
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() > 0);
        log.addAll(events(100, 200));
        go.countDown();

        await().until(() -> listener.count() == 200);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 200));
        assertThat(listener.batches()).allSatisfy(batch -> assertThat(batch).hasSizeBetween(1, 10));
        assertThat(listener.batches()).as("mostly full").hasSizeLessThanOrEqualTo(40);
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> listener.batches().get(0).clear());
    }

    @Test
    void followerCanHaveSmallerBatches() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 25));
        List<EventId> positions = new CopyOnWriteArrayList<>();
        CompletableFuture<Follower> follower = new CompletableFuture<>();
        Collected<Event> listener =
                Collected.and(batch -> positions.add(follower.get().position()));
        follower.complete(closeLater(log.follow(Tail.all(), listener, options -> options.batchSize(4))));
        await().until(() -> listener.count() == 25);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 25));
        assertThat(listener.batches()).extracting(List::size).containsExactly(4, 4, 2, 4, 4, 2, 4, 1);
        assertThat(positions.subList(1, 4)).containsExactly(ids.get(3), ids.get(7), ids.get(9));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(listener.calls().get(8)).isEqualTo(Collected.CAUGHT_UP);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.follow(Tail.all(), listener, options -> options.batchSize(0)))
                .withMessageContaining("1 or more");
    }

    @Test
    void eventsAddedWhileTheListenerIsBusyBecomeOneBatch() {
        EventLog log = newLog();
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> listener = Collected.and(batch -> go.await());
        closeLater(log.follow(Tail.all(), listener));
        log.add(event(0));
        await().until(() -> listener.count() == 1);
        for (int i = 1; i <= 8; i++) {
            log.add(event(i));
        }
        Collected<Event> witness = Collected.events();
        closeLater(log.follow(Tail.all(), witness));
        await().until(() -> witness.count() == 9);
        go.countDown();
        await().until(() -> listener.count() == 9);
        assertThat(listener.batches().size()).isBetween(2, 3);
    }

    @Test
    void pollTimeoutsAreInvisible() {
        EventLog log = newLog();
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        log.add(event(0));
        await().until(() -> listener.count() == 1);
        List<Object> calls = listener.calls();
        Awaitility.await()
                .during(Duration.ofMillis(700))
                .atMost(Duration.ofSeconds(5))
                .until(() -> listener.calls().equals(calls) && follower.isRunning());

        log.add(event(1));
        await().until(() -> listener.count() == 2);
        assertThat(numbers(listener.all())).containsExactly(0, 1);
        assertThat(listener.gaps()).isEmpty();
        assertThat(listener.failure()).isNull();
    }

    @Test
    void callbacksOfOneFollowerNeverOverlap() {
        EventLog log = newLog();
        AtomicInteger plain = new AtomicInteger();
        int[] unguarded = {0};
        Collected<Event> listener = Collected.and(batch -> {
            unguarded[0] += batch.size();
            plain.addAndGet(batch.size());
        });
        closeLater(log.follow(Tail.all(), listener));
        for (int i = 0; i < 500; i++) {
            log.add(event(i));
        }
        await().until(() -> listener.count() == 500);
        await().until(() -> plain.get() == 500);
        assertThat(listener.overlapped()).isFalse();
        assertThat(unguarded[0])
                .as("each call sees the effects of earlier calls")
                .isEqualTo(500);
    }

    @Test
    void slowListenerDelaysNoOther() {
        EventLog log = newLog();
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        Collected<Event> quick = Collected.events();
        closeLater(log.follow(Tail.all(), slow));
        closeLater(log.follow(Tail.all(), quick));
        for (int i = 0; i < 300; i++) {
            log.add(event(i));
        }
        await().until(() -> quick.count() == 300);
        assertThat(slow.count()).isLessThanOrEqualTo(10);
        Collected<Event> late = Collected.events();
        closeLater(log.follow(Tail.last(5), late));
        await().until(() -> late.count() == 5);

        go.countDown();
        await().until(() -> slow.count() == 300);
        assertThat(numbers(slow.all())).as("behind the window, but complete").isEqualTo(range(0, 300));
        assertThat(numbers(quick.all())).isEqualTo(range(0, 300));
        assertThat(slow.gaps()).isEmpty();
    }

    @Test
    void twentyBlockedListenersDoNotStarveAnother() {
        CountDownLatch go = new CountDownLatch(1);
        List<Collected<Event>> blocked = new ArrayList<>();
        EventLog log = newLog();
        log.add(event(0));
        for (int i = 0; i < 20; i++) {
            Collected<Event> listener = Collected.and(batch -> go.await());
            blocked.add(listener);
            closeLater(log.follow(Tail.all(), listener));
        }
        await().until(() -> blocked.stream().allMatch(listener -> listener.count() == 1));

        Collected<Event> one = Collected.events();
        closeLater(log.follow(Tail.all(), one));
        Collected<Event> other = Collected.events();
        EventLog elsewhere = newLog();
        closeLater(elsewhere.follow(Tail.all(), other));
        log.add(event(1));
        elsewhere.add(event(0));
        await().until(() -> one.count() == 2 && other.count() == 1);
        go.countDown();
        await().until(() -> blocked.stream().allMatch(listener -> listener.count() == 2));
    }

    @Test
    void manyFollowersReceiveEachEventOfManyWritersOnceInOrder() throws Exception {
        int writers = 20;
        int each = 25;
        int followers = 40;
        String name = newName();
        EventLog log = factory.create(name);
        List<EventLog> handles = new ArrayList<>();
        for (int writer = 0; writer < writers; writer++) {
            handles.add((writer % 2 == 0 ? factory : newFactory()).create(name));
        }
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<?>> writing = new ArrayList<>();
            for (int writer = 0; writer < writers; writer++) {
                int number = writer;
                writing.add(threads.submit(() -> {
                    EventLog handle = handles.get(number);
                    start.await();
                    for (int i = 0; i < each; i += 5) {
                        handle.add(event(number * each + i));
                        handle.addAll(events(number * each + i + 1, number * each + i + 5));
                    }
                    return null;
                }));
            }
            List<Collected<Event>> listeners = new ArrayList<>();
            for (int follower = 0; follower < followers; follower++) {
                if (follower == followers / 2) {
                    start.countDown(); // half of the followers start before the first event, half later
                }
                Collected<Event> listener = Collected.events();
                listeners.add(listener);
                EventLog handle = handles.get(follower % 4 == 0 ? 2 * (follower % 10) + 1 : 0);
                closeLater(handle.follow(Tail.all(), listener));
            }
            for (Future<?> writer : writing) {
                writer.get(20, TimeUnit.SECONDS);
            }
            List<Event> expected = log.read(Tail.all());
            assertThat(expected).hasSize(writers * each);
            assertThat(numbers(expected)).containsExactlyInAnyOrderElementsOf(range(0, writers * each));
            for (Collected<Event> listener : listeners) {
                await().until(() -> listener.count() >= expected.size());
                assertThat(listener.all()).isEqualTo(expected);
                assertThat(listener.overlapped()).isFalse();
                assertThat(listener.gaps()).isEmpty();
                assertThat(listener.caughtUp()).isEqualTo(1);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void trimmingCausesNoGapForAFollowerThatKeepsUp() {
        EventLog log = newLog(options -> options.maxLength(25));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        for (int i = 0; i < 1_000; i += 20) {
            int count = i + 20;
            log.addAll(events(i, count));
            await().until(() -> listener.count() == count);
        }
        assertThat(log.size()).as("events were trimmed").isLessThan(500);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 1_000));
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void idsBeyondTheSignedRangeKeepTheirOrder() {
        EventLog log = newLog();
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        List<EventId> ids = new ArrayList<>();
        for (String id : List.of("1-1", "1-9223372036854775808", "9223372036854775807-5", "9223372036854775808-0")) {
            ids.add(EventId.parse(id));
            addWithId(log, id);
        }
        await().until(() -> listener.count() == 4);
        assertThat(ids(listener.all())).isEqualTo(ids);
        assertThat(listener.gaps()).isEmpty();
    }
}
