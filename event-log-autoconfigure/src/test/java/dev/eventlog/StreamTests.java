package dev.eventlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.test.CountedBatches;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** A blocking stream of the events of a log. */
@RedisTest(properties = "eventlog.follow.batch-size=10")
class StreamTests extends LogTests {

    @Test
    void streamReturnsExistingEventsAndThenNewOnes() throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 25));
        List<Event> got = new ArrayList<>();
        try (Stream<Event> stream = log.stream(Tail.all())) {
            CompletableFuture<Void> adding = CompletableFuture.runAsync(() -> {
                for (int number = 25; number < 40; number++) {
                    log.add(event(number));
                }
            });
            for (Iterator<Event> events = stream.iterator(); got.size() < 40; ) {
                got.add(events.next());
            }
            adding.get(10, TimeUnit.SECONDS);
        }
        assertThat(got).isEqualTo(log.read(Tail.all()));
    }

    @Test
    void startIsFixedWhenTheStreamIsCreated() {
        EventLog log = newLog();
        log.add(event(0));
        try (Stream<Event> stream = log.stream(Tail.last(0))) {
            log.add(event(1));
            assertThat(stream.findFirst()).map(event -> event.fields().get("n")).hasValue("1");
        }
    }

    /** Counts batches where they are delivered: in the publisher below the stream. */
    @Test
    void streamFetchesOnlyTheBatchesThatAreUsed() {
        EventLog log = newLog();
        log.addAll(events(0, 100));
        AtomicInteger batches = new AtomicInteger();
        Flow.Publisher<List<Event>> counting = CountedBatches.of(log.publisher(Tail.all()), batches);
        try (Stream<Event> stream = BlockingEvents.stream(log.name(), counting, null)) {
            assertThat(batches).hasValue(0);
            assertThat(numbers(stream.limit(13).toList())).isEqualTo(range(0, 13));
        }
        assertThat(batches).hasValue(2);
    }

    @Test
    void streamWithATimeoutEndsWhenNoEventArrives() {
        EventLog log = newLog();
        log.addAll(events(0, 25));
        try (Stream<Event> stream = log.stream(Tail.all(), Duration.ofSeconds(1))) {
            assertThat(stream.toList()).isEqualTo(log.read(Tail.all()));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.stream(Tail.all(), Duration.ZERO).close())
                .withMessageContaining(log.name());
    }

    @Test
    void closeFromAnotherThreadEndsTheWait() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        List<Event> got = new ArrayList<>();
        Stream<Event> stream = log.stream(Tail.all());
        CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> stream.forEach(event -> {
            synchronized (got) {
                got.add(event);
            }
        }));
        await().until(() -> {
            synchronized (got) {
                return got.size() == 1;
            }
        });
        assertThat(waiting).isNotDone();
        stream.close();
        waiting.get(10, TimeUnit.SECONDS);
    }

    @Test
    void interruptEndsTheWaitWithAnException() throws Exception {
        EventLog log = newLog();
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        AtomicReference<@Nullable Boolean> interrupted = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try (Stream<Event> stream = log.stream(Tail.all())) {
                stream.forEach(event -> {});
            } catch (RuntimeException failure) {
                thrown.set(failure);
                interrupted.set(Thread.currentThread().isInterrupted());
            }
        });
        thread.start();
        await().until(() -> thread.getState() == Thread.State.WAITING);
        thread.interrupt();
        thread.join(10_000);
        assertThat(thrown.get()).isInstanceOf(CancellationException.class).hasMessageContaining(log.name());
        assertThat(interrupted.get()).isTrue();
    }

    @Test
    void shutdownEndsTheWait() throws Exception {
        ConfigurableApplicationContext application = newApplication();
        EventLog log = TestApplication.factory(application).create(newName());
        Stream<Event> stream = closeLater(log.stream(Tail.all()));
        CompletableFuture<Long> waiting = CompletableFuture.supplyAsync(stream::count);
        application.close();
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void streamThrowsTheFailureThatEndsItsFollower() {
        EventLog refused = newLog();
        redis.opsForValue().set(refused.name(), "no stream");
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> first(refused, Tail.all()))
                .withMessageContaining("another Redis type");

        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 30));
        redis.opsForStream().trim(log.name(), 5);
        assertThatExceptionOfType(EventGapException.class)
                .isThrownBy(() -> first(log, Tail.after(ids.get(3))))
                .satisfies(failure -> {
                    assertThat(failure.gap().firstAvailable()).isEqualTo(ids.get(25));
                    assertThat(first(log, failure.resume()).id()).isEqualTo(ids.get(25));
                });
    }

    private static Event first(EventLog log, Tail tail) {
        try (Stream<Event> stream = log.stream(tail)) {
            return stream.iterator().next();
        }
    }

    record Number(int n) {}

    @Test
    void typedStreamReturnsValues() {
        TypedEventLog<Number> log = factory.create(newName(), Number.class);
        log.addAll(List.of(new Number(0), new Number(1)));
        log.untyped().add(Map.of("n", "none"));
        List<Number> got = new ArrayList<>();
        try (Stream<TypedEvent<Number>> stream = log.stream(Tail.all())) {
            assertThatExceptionOfType(EventConversionException.class)
                    .isThrownBy(() -> stream.forEach(event -> got.add(event.value())));
        }
        assertThat(got).containsExactly(new Number(0), new Number(1));
    }
}
