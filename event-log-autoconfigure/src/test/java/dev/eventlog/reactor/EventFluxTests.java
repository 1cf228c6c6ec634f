package dev.eventlog.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventGapException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.CountedBatches;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** Followed logs as a Flux. */
@RedisTest(properties = "eventlog.follow.batch-size=10")
class EventFluxTests extends LogTests {

    private static final Duration SOON = Duration.ofSeconds(10);

    @Test
    void fluxEmitsSingleEventsAndCancelEndsTheFollower() {
        EventLog log = newLog();
        log.addAll(events(0, 35));
        Set<Thread> threads = Thread.getAllStackTraces().keySet();
        List<Event> got = EventFlux.events(log.publisher(Tail.all()))
                .publishOn(Schedulers.parallel())
                .doOnNext(event -> {
                    if (event.fields().containsValue("34")) {
                        log.addAll(events(35, 50));
                    }
                })
                .take(50)
                .collectList()
                .block(SOON);
        assertThat(got).isEqualTo(log.read(Tail.all()));
        await().untilAsserted(() -> assertThat(eventLogThreads(threads)).noneMatch(name -> name.contains("feed")));
    }

    @Test
    void fluxBuffersAtMostOneBatch() {
        EventLog log = newLog();
        log.addAll(events(0, 100));
        AtomicInteger batches = new AtomicInteger();
        Requesting<Event> subscriber = new Requesting<>();
        EventFlux.events(CountedBatches.of(log.publisher(Tail.all()), batches)).subscribe(subscriber);
        await().until(subscriber::hasBegun);
        subscriber.request(3);
        await().until(() -> subscriber.got.size() == 3);
        assertStays(batches, 1);
        subscriber.request(8);
        await().until(() -> subscriber.got.size() == 11);
        assertStays(batches, 2);
        assertThat(numbers(subscriber.got)).isEqualTo(range(0, 11));
        subscriber.cancel();
    }

    @Test
    void batchesAreFetchedOnRequest() {
        EventLog log = newLog();
        log.addAll(events(0, 100));
        AtomicInteger batches = new AtomicInteger();
        Requesting<List<Event>> subscriber = new Requesting<>();
        EventFlux.batches(CountedBatches.of(log.publisher(Tail.all()), batches)).subscribe(subscriber);
        await().until(subscriber::hasBegun);
        assertStays(batches, 0);
        subscriber.request(3);
        await().until(() -> subscriber.got.size() == 3);
        assertStays(batches, 3);
        subscriber.cancel();
    }

    @Test
    void fluxCanResumeAfterAGap() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 30));
        redis.opsForStream().trim(log.name(), 5);
        List<Event> got = EventFlux.events(log.publisher(Tail.after(ids.get(3))))
                .onErrorResume(EventGapException.class, gap -> EventFlux.events(log.publisher(gap.resume())))
                .take(5)
                .collectList()
                .block(SOON);
        assertThat(got).isEqualTo(log.read(Tail.all()));
    }

    record Number(int n) {}

    @Test
    void typedFluxEmitsValues() {
        TypedEventLog<Number> log = factory.create(newName(), Number.class);
        log.addAll(List.of(new Number(0), new Number(1)));
        Flux<Number> numbers = EventFlux.events(log.publisher(Tail.all())).map(TypedEvent::value);
        assertThat(numbers.take(2).collectList().block(SOON)).containsExactly(new Number(0), new Number(1));
    }

    private static void assertStays(AtomicInteger count, int value) {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .during(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(count).hasValue(value));
    }

    /** A subscriber that requests only on command. */
    private static final class Requesting<E> extends BaseSubscriber<E> {

        private final List<E> got = new CopyOnWriteArrayList<>();
        private volatile boolean begun;

        boolean hasBegun() {
            return begun;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            begun = true;
        }

        @Override
        protected void hookOnNext(E value) {
            got.add(value);
        }
    }
}
