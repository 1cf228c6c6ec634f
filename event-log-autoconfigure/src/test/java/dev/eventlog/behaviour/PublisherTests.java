package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventGapException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowSignals;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedis;
import dev.eventlog.test.TestSubscriber;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** Subscribers that control demand. {@link PublisherTckTests} checks the rules of Reactive Streams. */
@RedisTest(properties = {"eventlog.follow.batch-size=10", "eventlog.follow.window-size=20"})
class PublisherTests extends LogTests {

    @Test
    void batchesAreDeliveredOnRequest() {
        EventLog log = newLog();
        log.addAll(events(0, 35));
        TestSubscriber<Event> subscriber = subscribe(log, Tail.all());
        log.addAll(events(35, 40));
        assertNoMoreThan(subscriber, 0);
        subscriber.request(1);
        await().until(() -> subscriber.batches().size() == 1);
        subscriber.request(1);
        await().until(() -> subscriber.batches().size() == 2);
        assertNoMoreThan(subscriber, 2);
        subscriber.request(Long.MAX_VALUE);
        subscriber.request(Long.MAX_VALUE);
        await().until(() -> subscriber.all().size() == 40);
        log.addAll(events(40, 50));
        await().until(() -> subscriber.all().size() == 50);
        assertThat(subscriber.all()).isEqualTo(log.read(Tail.all()));
        assertThat(subscriber.batches()).allSatisfy(batch -> assertThat(batch).hasSizeBetween(1, 10));
        assertThat(subscriber.isBroken()).isFalse();
    }

    /** The library runs all work for followers as tasks on this executor. */
    @Test
    void subscriberWithoutDemandUsesNoThread() {
        AtomicInteger tasks = new AtomicInteger();
        AtomicInteger running = new AtomicInteger();
        ExecutorService threads = Executors.newCachedThreadPool();
        closeLater(threads::shutdownNow);
        EventLog log = newFactory(task -> {
                    tasks.incrementAndGet();
                    threads.execute(() -> {
                        running.incrementAndGet();
                        task.run();
                        running.decrementAndGet();
                    });
                })
                .create(newName());
        TestSubscriber<Event> subscriber = subscribe(log, Tail.last(0));
        subscriber.request(1);
        log.add(event(0));
        await().until(() -> subscriber.all().size() == 1 && running.get() == 0);
        int before = tasks.get();
        TestSubscriber<Event> other = subscribe(log, Tail.last(0));
        other.request(Long.MAX_VALUE);
        for (int number = 1; number <= 30; number++) {
            log.add(event(number));
            int count = number;
            await().until(() -> other.all().size() == count); // so the feed has notified all followers
        }
        other.cancel();
        await().until(() -> running.get() == 0);
        assertThat(tasks.get() - before)
                .as("two tasks to start, and the tasks of the other follower")
                .isBetween(3, 2 + 2 * 30);
        assertThat(subscriber.all()).hasSize(1);
        int between = tasks.get();
        log.addAll(events(31, 40));
        assertNoMoreThan(subscriber, 1);
        assertThat(tasks).hasValue(between);

        subscriber.request(Long.MAX_VALUE);
        await().until(() -> subscriber.all().size() == 40);
        assertThat(numbers(subscriber.all())).isEqualTo(range(0, 40));
    }

    @Test
    void slowSubscriberReceivesAllEventsInOrder() {
        EventLog log = newLog();
        TestSubscriber<Event> subscriber = new TestSubscriber<>((self, batch) -> self.request(1));
        subscriber.to(log.publisher(Tail.all()));
        for (int number = 0; number < 1_000; number += 50) {
            log.addAll(events(number, number + 50));
        }
        subscriber.request(1);
        await().until(() -> subscriber.all().size() == 1_000);
        assertThat(subscriber.all()).isEqualTo(log.read(Tail.all()));
        assertThat(subscriber.isBroken()).isFalse();
        assertThat(subscriber.failure()).isNull();
    }

    @Test
    void startOfASubscriberIsFixedByItsSubscription() {
        EventLog log = newLog();
        var publisher = log.publisher(Tail.last(0));
        TestSubscriber<Event> first = new TestSubscriber<Event>().to(publisher);
        log.add(event(0));
        TestSubscriber<Event> second = new TestSubscriber<Event>().to(publisher);
        log.add(event(1));
        first.request(Long.MAX_VALUE);
        second.request(Long.MAX_VALUE);
        await().until(() -> first.all().size() == 2 && second.all().size() == 1);
        assertThat(numbers(second.all())).containsExactly(1);
    }

    @Test
    void cancelInACallbackEndsTheFollowerAndItsFeed() {
        String client = "test-" + newName();
        EventLog log = newFactory("spring.data.redis.client-name=" + client).create(newName());
        log.addAll(events(0, 3));
        log.read(Tail.all());
        Set<Thread> threads = Thread.getAllStackTraces().keySet();
        TestSubscriber<Event> subscriber = new TestSubscriber<>((self, batch) -> {
            self.cancel();
            self.request(1);
        });
        long connections = connectionsNamed(client);
        subscriber.to(log.publisher(Tail.all()));
        assertThat(eventLogThreads(threads)).anyMatch(name -> name.contains("feed"));
        subscriber.request(Long.MAX_VALUE);
        await().until(() -> !subscriber.batches().isEmpty());
        await().untilAsserted(() -> assertThat(eventLogThreads(threads)).noneMatch(name -> name.contains("feed")));
        await().untilAsserted(() -> assertThat(connectionsNamed(client)).isLessThanOrEqualTo(connections + 8));
        log.add(event(3));
        assertNoMoreThan(subscriber, 1);
        assertThat(subscriber.isCompleted()).isFalse();
        assertThat(subscriber.failure()).isNull();
    }

    @Test
    void cancelDoesNotWait() {
        EventLog log = newLog();
        log.addAll(events(0, 30));
        CountDownLatch go = new CountDownLatch(1);
        closeLater(go::countDown);
        TestSubscriber<Event> subscriber = new TestSubscriber<>((self, batch) -> {
            try {
                go.await();
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        });
        subscriber.to(log.publisher(Tail.all()));
        subscriber.request(Long.MAX_VALUE);
        await().until(() -> subscriber.batches().size() == 1);
        subscriber.cancel(); // would exceed the timeout of the test, or interrupt the subscriber, if it waited
        subscriber.cancel();
        go.countDown();
        assertNoMoreThan(subscriber, 1);
    }

    @Test
    void shutdownCompletesSubscribers() {
        ConfigurableApplicationContext application = newApplication();
        EventLog log = TestApplication.factory(application).create(newName());
        log.addAll(events(0, 3));
        TestSubscriber<Event> reading = subscribe(log, Tail.all());
        TestSubscriber<Event> waiting = subscribe(log, Tail.all());
        reading.request(Long.MAX_VALUE);
        await().until(() -> reading.all().size() == 3);
        application.close();
        assertThat(reading.isCompleted()).isTrue();
        assertThat(waiting.isCompleted()).isTrue();
        assertThat(waiting.batches()).isEmpty();
        TestSubscriber<Event> tooLate = subscribe(log, Tail.all());
        assertThat(tooLate.awaitFailure(IllegalStateException.class)).hasMessageContaining(log.name(), "shutting down");
        assertThat(List.of(reading, waiting, tooLate)).noneMatch(TestSubscriber::isBroken);
    }

    @Test
    void gapIsAnErrorWithThePositionToContinue() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 30));
        TestSubscriber<Event> subscriber = subscribe(log, Tail.all());
        subscriber.request(1);
        await().until(() -> subscriber.batches().size() == 1);
        redis.opsForStream().trim(log.name(), 5);
        assertThat(subscriber.failure()).isNull();
        subscriber.request(1);
        EventGapException failure = subscriber.awaitFailure(EventGapException.class);
        assertThat(subscriber.batches()).hasSize(1);
        assertThat(failure).hasMessageContaining("resume()");
        assertThat(failure.log()).isEqualTo(log.name());
        assertThat(failure.gap().kind()).isEqualTo(Gap.Kind.REMOVED);
        assertThat(failure.gap().lastSeen()).isEqualTo(ids.get(9));
        assertThat(failure.gap().firstAvailable()).isEqualTo(ids.get(25));

        TestSubscriber<Event> resumed = subscribe(log, failure.resume());
        resumed.request(1);
        await().until(() -> resumed.all().size() == 5);
        assertThat(numbers(resumed.all())).isEqualTo(range(25, 30));
        assertThat(resumed.failure()).isNull();

        redis.opsForStream().trim(log.name(), 2);
        TestSubscriber<Event> again = subscribe(log, failure.resume());
        again.request(1);
        assertThat(again.awaitFailure(EventGapException.class).gap().firstAvailable())
                .isEqualTo(ids.get(28));
    }

    @Test
    void gapConsumerReceivesTheGapAndDeliveryContinues() {
        EventLog log = newLog();
        log.addAll(events(0, 30));
        List<Gap> gaps = new ArrayList<>();
        TestSubscriber<Event> subscriber = new TestSubscriber<Event>().to(log.publisher(Tail.all(), gaps::add));
        subscriber.request(1);
        await().until(() -> subscriber.batches().size() == 1);
        redis.opsForStream().trim(log.name(), 5);
        subscriber.request(1);
        await().until(() -> subscriber.batches().size() == 2);
        assertThat(numbers(subscriber.batches().get(1))).isEqualTo(range(25, 30));
        assertThat(gaps)
                .singleElement()
                .satisfies(gap -> assertThat(gap.firstAvailable())
                        .isEqualTo(subscriber.batches().get(1).get(0).id()));
    }

    /** The feed detects that the log began again while the follower was idle. */
    @Test
    void logThatBeganAgainWithoutDemandIsAGap() {
        EventLog log = newLog(options -> options.maxLength(100)); // otherwise Redis 6.2 cannot detect it
        log.addAll(events(0, 5));
        TestSubscriber<Event> subscriber = subscribe(log, Tail.all());
        TestSubscriber<Event> live = new TestSubscriber<Event>().to(log.publisher(Tail.last(0), gap -> {}));
        subscriber.request(1);
        live.request(Long.MAX_VALUE);
        await().until(() -> subscriber.all().size() == 5);
        log.delete();
        log.addAll(events(100, 103));
        await().until(() -> live.all().size() == 3);
        subscriber.request(1);
        EventGapException failure = subscriber.awaitFailure(EventGapException.class);
        assertThat(failure.gap().kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
        TestSubscriber<Event> resumed = subscribe(log, failure.resume());
        resumed.request(1);
        await().until(() -> resumed.all().size() == 3);
        assertThat(numbers(resumed.all())).isEqualTo(range(100, 103));
    }

    /** A log that lost its newest events still has older ones, but no event just before the position to continue at. */
    @Test
    void resumeAtAGapDoesNotRepeatOlderEvents() {
        EventLog log = newLog();
        for (String id : List.of("5-1", "5-2", "7-0", "7-1")) {
            addWithId(log, id);
        }
        EventId first = new EventId(7, 0);
        Gap lost = new Gap(log.name(), Gap.Kind.BEGAN_AGAIN, new EventId(6, 3), first, OptionalLong.empty());
        TestSubscriber<Event> resumed = subscribe(log, new EventGapException(lost).resume());
        resumed.request(1);
        await().until(() -> resumed.all().size() == 2);
        assertThat(resumed.all().get(0).id()).isEqualTo(first);
        assertThat(resumed.failure()).isNull();

        redis.opsForStream().trim(log.name(), 1);
        TestSubscriber<Event> tooLate = subscribe(log, new EventGapException(lost).resume());
        tooLate.request(1);
        Gap gone = tooLate.awaitFailure(EventGapException.class).gap();
        assertThat(gone.lastSeen()).isEqualTo(first.previous());
        assertThat(gone.firstAvailable()).isEqualTo(new EventId(7, 1));
    }

    record Number(int n) {}

    @Test
    void eventsBeforeAnUnreadableOneAreDelivered() {
        TypedEventLog<Number> log = factory.create(newName(), Number.class);
        log.addAll(List.of(new Number(0), new Number(1)));
        EventId unfit = log.untyped().add(Map.of("n", "none"));
        log.add(new Number(3));
        TestSubscriber<TypedEvent<Number>> subscriber =
                new TestSubscriber<TypedEvent<Number>>().to(log.publisher(Tail.all()));
        subscriber.request(1);
        assertThat(subscriber.awaitFailure(EventConversionException.class).id()).isEqualTo(unfit);
        assertThat(subscriber.all()).extracting(event -> event.value().n()).containsExactly(0, 1);
        assertThat(subscriber.isBroken()).isFalse();
        TestSubscriber<TypedEvent<Number>> resumed =
                new TestSubscriber<TypedEvent<Number>>().to(log.publisher(Tail.after(unfit)));
        resumed.request(1);
        await().until(() -> resumed.all().size() == 1);
        assertThat(resumed.all().get(0).value()).isEqualTo(new Number(3));
    }

    @Test
    void failedStartIsAnErrorAfterOnSubscribe() {
        EventLog log = newLog();
        redis.opsForValue().set(log.name(), "no stream");
        TestSubscriber<Event> refused = subscribe(log, Tail.all());
        assertThat(refused.awaitFailure(EventLogException.class))
                .isExactlyInstanceOf(EventLogException.class)
                .hasMessageContaining(log.name(), "another Redis type");
        refused.request(1);
        refused.cancel();

        EventLog away = TestApplication.factory(closeLater(
                        TestApplication.startOn(URI.create("redis://127.0.0.1:" + EmbeddedRedis.freePort()))))
                .create("log");
        TestSubscriber<Event> unreached = subscribe(away, Tail.all());
        assertThat(unreached.awaitFailure(EventLogUnavailableException.class)).hasMessageContaining("'log'");
        assertThat(List.of(refused, unreached)).noneMatch(TestSubscriber::isBroken);
    }

    @Test
    void laterErrorOfRedisIsReportedWithoutDemand() {
        EventLog log = newLog();
        TestSubscriber<Event> subscriber = subscribe(log, Tail.all());
        redis.opsForValue().set(log.name(), "no stream");
        assertThat(subscriber.awaitFailure(EventLogException.class)).isExactlyInstanceOf(EventLogException.class);
    }

    @Test
    void outagePausesTheSubscriber() throws Exception {
        TcpProxy proxy = closeLater(new TcpProxy(TestRedis.get().uri()));
        EventLog following = TestApplication.factory(closeLater(TestApplication.startOn(
                        proxy.uri(), "eventlog.follow.recovery.max-delay=100ms", "eventlog.follow.batch-size=10")))
                .create(newName());
        EventLog log = factory.create(following.name());
        log.addAll(events(0, 30));
        TestSubscriber<Event> subscriber = subscribe(following, Tail.all());
        subscriber.request(1);
        await().until(() -> subscriber.batches().size() == 1);
        proxy.refuse();
        proxy.cut();
        subscriber.request(2);
        log.addAll(events(30, 35));
        assertNoMoreThan(subscriber, 1);
        proxy.accept();
        await().until(() -> subscriber.batches().size() == 3);
        subscriber.request(Long.MAX_VALUE);
        await().until(() -> subscriber.all().size() == 35);
        assertThat(numbers(subscriber.all())).isEqualTo(range(0, 35));
        assertThat(subscriber.failure()).isNull();
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void exceptionOfASubscriberCancels(CapturedOutput output) {
        EventLog log = newLog();
        log.addAll(events(0, 30));
        TestSubscriber<Event> subscriber = new TestSubscriber<>((self, batch) -> {
            throw new IllegalStateException("thrown by the subscriber");
        });
        subscriber.to(log.publisher(Tail.all()));
        subscriber.request(Long.MAX_VALUE);
        await().until(() -> output.getAll().contains("thrown by the subscriber"));
        assertThat(output).contains("The subscriber of log '" + log.name() + "' threw in onNext");
        assertNoMoreThan(subscriber, 1);
        assertThat(subscriber.failure()).isNull();
        assertThat(subscriber.isCompleted()).isFalse();
    }

    @Test
    @SuppressWarnings("NullAway") // like a caller without null checks
    void nullIsRefused() {
        EventLog log = newLog();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.publisher(null))
                .withMessageContaining("tail");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.publisher(Tail.all(), (FollowSignals) null))
                .withMessageContaining(log.name());
        assertThatNullPointerException()
                .isThrownBy(() -> log.publisher(Tail.all()).subscribe(null))
                .withMessageContaining(log.name());
    }

    private static TestSubscriber<Event> subscribe(EventLog log, Tail tail) {
        return new TestSubscriber<Event>().to(log.publisher(tail));
    }

    /** Waits a little for events that must not arrive. */
    private static void assertNoMoreThan(TestSubscriber<?> subscriber, int batches) {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .during(Duration.ofMillis(100))
                .until(() -> subscriber.batches().size() == batches);
    }

    private RedisEventLogFactory newFactory(Executor listeners) {
        RedisEventLogFactory made = TestApplication.newFactory(redis, 10, 20, listeners);
        closeLater(made::destroy);
        return made;
    }
}
