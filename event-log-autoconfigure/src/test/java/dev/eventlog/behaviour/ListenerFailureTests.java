package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.StringUtils;
import org.springframework.util.backoff.FixedBackOff;

/** Followers with a retry policy or a recoverer whose listener throws. */
@RedisTest(properties = {"eventlog.follow.batch-size=10", "eventlog.follow.poll-timeout=100ms"})
class ListenerFailureTests extends LogTests {

    private static final Consumer<FollowOptions.Builder> FOR_EVER =
            options -> options.retry(policy(FixedBackOff.UNLIMITED_ATTEMPTS, 1));

    /** Longer than any test: a wait of this time lasts until the test ends it. */
    private static final long HOUR = TimeUnit.HOURS.toMillis(1);

    private static RetryPolicy policy(long retries, long delay) {
        return RetryPolicy.builder().backOff(new FixedBackOff(delay, retries)).build();
    }

    /** A batch that a recoverer received. */
    private record Recovered(String log, List<Event> batch, Throwable failure) {}

    /** Throws a different exception each time. */
    private static final class Thrower {

        private final List<Throwable> thrown = new CopyOnWriteArrayList<>();

        <X extends Throwable> void fail() throws X {
            int number = thrown.size() + 1;
            fail(
                    switch (number % 3) {
                        case 0 -> new IllegalStateException("unchecked " + number);
                        case 1 -> new IOException("checked " + number);
                        default -> new AssertionError("error " + number);
                    });
        }

        @SuppressWarnings("unchecked")
        <X extends Throwable> void fail(Throwable failure) throws X {
            thrown.add(failure);
            throw (X) failure;
        }

        int count() {
            return thrown.size();
        }

        Throwable last() {
            return thrown.get(thrown.size() - 1);
        }
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void failedBatchIsDeliveredAgainUntilItSucceeds(CapturedOutput output) {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 30));
        CompletableFuture<Follower> own = new CompletableFuture<>();
        List<EventId> positions = new CopyOnWriteArrayList<>();
        Thrower thrower = new Thrower();
        Collected<Event> listener = Collected.and(batch -> {
            positions.add(own.join().position());
            if (numbers(batch).contains(15) && thrower.count() < 4) {
                thrower.<Exception>fail();
            }
        });
        Follower follower = closeLater(log.follow(Tail.all(), listener, options -> options.retry(policy(4, 1))));
        own.complete(follower);

        await().until(() -> listener.caughtUp() == 1);
        EventId last = log.add(event(30));
        await().until(() -> follower.position().equals(last));
        List<Event> stored = log.read(Tail.all());
        List<Event> second = stored.subList(10, 20);
        assertThat(listener.batches())
                .containsExactly(
                        stored.subList(0, 10),
                        second,
                        second,
                        second,
                        second,
                        second,
                        stored.subList(20, 30),
                        stored.subList(30, 31));
        assertThat(positions.subList(1, 6)).containsOnly(ids.get(9));
        assertThat(thrower.count()).isEqualTo(4);
        assertThat(listener.failure()).isNull();
        assertThat(listener.overlapped()).isFalse();
        assertThat(follower.isRunning()).isTrue();
        assertThat(output.getAll().lines().filter(line -> line.contains(" WARN ")))
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .contains(
                                log.name(),
                                "10 events",
                                ids.get(10).toString(),
                                ids.get(19).toString(),
                                "1 ms")
                        .contains("java.io.IOException: checked 1"));
        assertThat(output.getAll()).contains("continues after 5 attempts").doesNotContain("\tat ");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void followerEndsAfterTheLastAttempt(int retries) {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 30));
        Thrower thrower = new Thrower();
        Collected<Event> listener = Collected.and(batch -> {
            if (numbers(batch).contains(15)) {
                thrower.<Exception>fail();
            }
        });
        Follower follower = closeLater(log.follow(Tail.all(), listener, options -> options.retry(policy(retries, 1))));

        assertFailed(follower, listener, thrower::last);
        assertThat(thrower.count()).isEqualTo(1 + retries);
        assertThat(listener.batches()).hasSize(2 + retries);
        assertThat(listener.count()).isEqualTo(20 + 10 * retries);
        assertThat(follower.position()).isEqualTo(ids.get(9));
    }

    @Test
    void newEventsDoNotShortenTheBackOff() throws Exception {
        EventLog log = newLog();
        List<Long> times = new CopyOnWriteArrayList<>();
        Collected<Event> listener = Collected.and(batch -> {
            times.add(System.nanoTime());
            if (times.size() <= 4) {
                throw new IllegalStateException("attempt " + times.size());
            }
        });
        Collected<Event> witness = Collected.events();
        closeLater(log.follow(Tail.all(), witness));
        closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(RetryPolicy.builder()
                        .maxRetries(4)
                        .delay(Duration.ofMillis(50))
                        .multiplier(2)
                        .build())));
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger added = new AtomicInteger();
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            while (!stop.get()) {
                log.add(event(added.getAndIncrement()));
            }
        });
        try {
            await().until(() -> times.size() > 4);
        } finally {
            stop.set(true);
            writing.get(10, TimeUnit.SECONDS);
        }
        await().until(() -> numbers(listener.all()).contains(added.get() - 1));
        for (int i = 0; i < 4; i++) {
            assertThat(Duration.ofNanos(times.get(i + 1) - times.get(i)))
                    .as("before attempt %d", i + 2)
                    .isGreaterThanOrEqualTo(Duration.ofMillis(50L << i));
            assertThat(listener.batches().get(i + 1))
                    .isEqualTo(listener.batches().get(0));
        }
        assertThat(witness.batches()).as("wakeups").hasSizeGreaterThan(20);
        List<List<Event>> taken =
                listener.batches().subList(4, listener.batches().size());
        assertThat(taken.stream().flatMap(batch -> numbers(batch).stream())).isEqualTo(range(0, added.get()));
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void deliveryContinuesAfterTheRecoverer(CapturedOutput output) {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 40));
        CompletableFuture<Follower> own = new CompletableFuture<>();
        List<Recovered> recovered = new CopyOnWriteArrayList<>();
        List<EventId> positions = new CopyOnWriteArrayList<>();
        Thrower thrower = new Thrower();
        Collected<Event> listener = Collected.and(batch -> {
            positions.add(own.join().position());
            if (numbers(batch).contains(15) || numbers(batch).contains(25)) {
                thrower.<Exception>fail();
            }
        });
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(policy(2, 1)).recoverer((name, batch, failure) -> {
                    positions.add(own.join().position());
                    recovered.add(new Recovered(name, batch, failure));
                })));
        own.complete(follower);

        await().until(() -> listener.caughtUp() == 1);
        List<Event> stored = log.read(Tail.all());
        assertThat(recovered)
                .containsExactly(
                        new Recovered(log.name(), stored.subList(10, 20), thrower.thrown.get(2)),
                        new Recovered(log.name(), stored.subList(20, 30), thrower.thrown.get(5)));
        assertThat(thrower.count())
                .as("the full number of attempts for each batch")
                .isEqualTo(6);
        assertThat(positions)
                .containsExactly(
                        ids.get(0).previous(),
                        ids.get(9),
                        ids.get(9),
                        ids.get(9),
                        ids.get(9),
                        ids.get(19),
                        ids.get(19),
                        ids.get(19),
                        ids.get(19),
                        ids.get(29));
        assertThat(numbers(listener.all().subList(70, 80))).isEqualTo(range(30, 40));
        assertThat(listener.batches()).hasSize(8);
        EventId last = log.add(event(40));
        await().until(() -> follower.position().equals(last));
        assertThat(follower.isRunning()).isTrue();
        assertThat(StringUtils.countOccurrencesOf(output.getAll(), "took over onBatch with"))
                .isEqualTo(2);
        assertThat(StringUtils.countOccurrencesOf(output.getAll(), " WARN ")).isEqualTo(4);
    }

    @Test
    void recovererWithoutRetriesReceivesTheBatchAtOnce() {
        EventLog log = newLog();
        List<Integer> recovered = new CopyOnWriteArrayList<>();
        Collected<Event> listener = Collected.and(batch -> {
            if (numbers(batch).contains(25)) {
                throw new IOException("no");
            }
        });
        closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.recoverer((name, batch, failure) -> recovered.addAll(numbers(batch)))));
        log.addAll(events(0, 50));
        await().until(() ->
                listener.batches().stream().anyMatch(batch -> numbers(batch).contains(49)));
        assertThat(numbers(listener.all())).isEqualTo(range(0, 50));
        assertThat(recovered).contains(25).hasSizeLessThanOrEqualTo(10);
    }

    @Test
    void onCaughtUpFollowsARecoveredLastBatch() {
        EventLog log = newLog();
        log.add(event(0));
        Collected<Event> listener = Collected.and(new ThrowsInOnBatch());
        closeLater(log.follow(Tail.all(), listener, options -> options.recoverer((name, batch, failure) -> {})));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(listener.count()).isEqualTo(1);
    }

    @Test
    void failedRecovererEndsTheFollower() {
        EventLog log = newLog();
        EventId first = log.addAll(events(0, 20)).get(9);
        IOException fromListener = new IOException("listener");
        IOException fromRecoverer = new IOException("recoverer");
        Collected<Event> listener = Collected.and(batch -> {
            if (numbers(batch).contains(15)) {
                throw fromListener;
            }
        });
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.recoverer((name, batch, failure) -> {
                    throw fromRecoverer;
                })));
        assertFailed(follower, listener, () -> fromRecoverer);
        assertThat(fromRecoverer).hasSuppressedException(fromListener);
        assertThat(follower.position()).isEqualTo(first);
        assertThat(listener.count()).isEqualTo(20);
    }

    @Test
    void recovererCanRethrowItsException() {
        EventLog log = newLog();
        log.add(event(0));
        IOException thrown = new IOException("listener");
        Collected<Event> listener = Collected.and(batch -> {
            throw thrown;
        });
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.recoverer((name, batch, failure) -> {
                    throw (Exception) failure;
                })));
        assertFailed(follower, listener, () -> thrown);
        assertThat(thrown).hasNoSuppressedExceptions();
    }

    @Test
    void failedPolicyEndsTheFollower() {
        EventLog log = newLog();
        log.add(event(0));
        IllegalStateException fromPolicy = new IllegalStateException("policy");
        IOException fromListener = new IOException("listener");
        Collected<Event> listener = Collected.and(batch -> {
            throw fromListener;
        });
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(failure -> {
                            throw fromPolicy;
                        })
                        .recoverer((name, batch, failure) -> {})));
        assertFailed(follower, listener, () -> fromPolicy);
        assertThat(fromPolicy).hasSuppressedException(fromListener);
    }

    @Test
    void policyDecidesByTheException() {
        EventLog log = newLog();
        log.add(event(0));
        Thrower thrower = new Thrower();
        Collected<Event> listener = Collected.and(batch -> thrower.<Exception>fail(
                thrower.count() < 2 ? new IOException("passing") : new AssertionError("lasting")));
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(RetryPolicy.builder()
                        .includes(IOException.class)
                        .maxRetries(100)
                        .delay(Duration.ofMillis(1))
                        .build())));
        assertFailed(follower, listener, thrower::last);
        assertThat(thrower.count()).isEqualTo(3);
    }

    @Test
    void timeoutOfThePolicyEndsTheAttempts() {
        EventLog log = newLog();
        log.add(event(0));
        Collected<Event> listener = Collected.and(new ThrowsInOnBatch());
        closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(RetryPolicy.builder()
                                .delay(Duration.ofHours(1))
                                .timeout(Duration.ofMinutes(59))
                                .build())
                        .recoverer((name, batch, failure) -> {})));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(listener.count()).isEqualTo(1);
    }

    @Test
    void interruptIsNeitherRetriedNorRecovered() {
        EventLog log = newLog();
        log.add(event(0));
        InterruptedException interrupt = new InterruptedException();
        AtomicInteger recovered = new AtomicInteger();
        Collected<Event> listener = Collected.and(batch -> {
            throw interrupt;
        });
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options ->
                        options.retry(policy(3, 1)).recoverer((name, batch, failure) -> recovered.incrementAndGet())));
        assertFailed(follower, listener, () -> interrupt);
        assertThat(listener.count()).isEqualTo(1);
        assertThat(recovered).hasValue(0);
    }

    record Step(int length) {}

    @Test
    void recovererReceivesOnlyTheUnreadableEventAsStored() {
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        log.add(new Step(1));
        EventId foreign = log.untyped().add(Map.of("length", "not a number"));
        log.add(new Step(2));
        AtomicInteger asked = new AtomicInteger();
        List<Recovered> recovered = new CopyOnWriteArrayList<>();
        Collected<TypedEvent<Step>> listener = Collected.and(batch -> {});
        closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(RetryPolicy.builder()
                                .predicate(failure -> asked.incrementAndGet() > 0)
                                .maxRetries(2)
                                .delay(Duration.ofMillis(1))
                                .build())
                        .recoverer((name, batch, failure) -> recovered.add(new Recovered(name, batch, failure)))));
        await().until(() -> listener.caughtUp() == 1);
        log.add(new Step(3));
        await().until(() -> listener.count() == 3);

        assertThat(listener.all()).extracting(TypedEvent::value).containsExactly(new Step(1), new Step(2), new Step(3));
        assertThat(asked).as("attempts").hasValue(3);
        assertThat(recovered).singleElement().satisfies(call -> {
            assertThat(call.log()).isEqualTo(log.name());
            assertThat(call.batch()).containsExactly(new Event(foreign, Map.of("length", "not a number")));
            assertThat(call.failure()).isInstanceOfSatisfying(EventConversionException.class, failure -> {
                assertThat(failure.id()).isEqualTo(foreign);
                assertThat(failure.fields()).containsEntry("length", "not a number");
            });
        });
    }

    @Test
    void excludedUnreadableEventIsRecoveredWithoutRetries() {
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        log.untyped().add(Map.of("length", "not a number"));
        List<Recovered> recovered = new CopyOnWriteArrayList<>();
        Thrower thrower = new Thrower();
        Collected<TypedEvent<Step>> listener = Collected.and(batch -> {
            if (thrower.count() == 0) {
                thrower.<Exception>fail();
            }
        });
        closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(RetryPolicy.builder()
                                .excludes(EventConversionException.class)
                                .maxRetries(1)
                                .delay(Duration.ofMillis(1))
                                .build())
                        .recoverer((name, batch, failure) -> recovered.add(new Recovered(name, batch, failure)))));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(recovered)
                .singleElement()
                .satisfies(call -> assertThat(call.failure()).isInstanceOf(EventConversionException.class));
        log.add(new Step(1));
        await().until(() -> listener.count() == 2);
        assertThat(listener.all())
                .as("other failures are retried")
                .extracting(TypedEvent::value)
                .containsOnly(new Step(1));
        assertThat(recovered).hasSize(1);
    }

    @Test
    void unreadableEventEndsAFollowerWithoutRetries() {
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        log.untyped().add(Map.of("length", "not a number"));
        Collected<TypedEvent<Step>> listener = Collected.and(batch -> {});
        Follower follower = closeLater(log.follow(Tail.all(), listener, options -> {}));
        await().until(() -> listener.failure() instanceof EventConversionException);
        assertThat(follower.isRunning()).isFalse();
    }

    @Test
    void followerInABackOffClosesAtOnce() {
        EventLog log = newLog();
        List<Event> batch = new ArrayList<>();
        WeakReference<Follower> left = new WeakReference<>(closedWhileItWaits(log, batch));
        assertThat(numbers(batch)).isEqualTo(range(0, 10));
        log.add(event(20));
        await().until(() -> {
            System.gc();
            return left.get() == null;
        });
    }

    private Follower closedWhileItWaits(EventLog log, List<Event> batch) {
        EventId first = log.addAll(events(0, 20)).get(0);
        AtomicInteger recovered = new AtomicInteger();
        Collected<Event> listener = Collected.and(new ThrowsInOnBatch());
        Follower follower = log.follow(
                Tail.all(),
                listener,
                options -> options.retry(policy(1, HOUR))
                        .recoverer((name, events, failure) -> recovered.incrementAndGet()));
        await().until(() -> listener.count() == 10);
        assertThat(follower.isRunning()).isTrue();
        long begin = System.nanoTime();
        follower.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
        assertEnded(follower, EndReason.CLOSED, first.previous());
        assertThat(listener.calls()).hasSize(1);
        assertThat(recovered).hasValue(0);
        batch.addAll(listener.all());
        return follower;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void failedCallThatClosesItsFollowerIsNotRetried(int retries) throws Exception {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        AtomicInteger recovered = new AtomicInteger();
        CompletableFuture<Follower> own = new CompletableFuture<>();
        Collected<Event> listener = Collected.and(batch -> {
            own.join().close();
            throw new IOException("after close");
        });
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(policy(retries, 0))
                        .recoverer((name, batch, failure) -> recovered.incrementAndGet())));
        own.complete(follower);
        follower.completion().toCompletableFuture().get(5, TimeUnit.SECONDS);
        assertEnded(follower, EndReason.CLOSED, id.previous());
        Collected<Event> witness = Collected.events();
        closeLater(log.follow(Tail.all(), witness));
        log.add(event(1));
        await().until(() -> witness.count() == 2);
        assertThat(listener.calls()).hasSize(1);
        assertThat(recovered).hasValue(0);
    }

    @Test
    void recovererThatClosesItsFollowerIsTheLastCall() throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 20));
        CompletableFuture<Follower> own = new CompletableFuture<>();
        Collected<Event> listener = Collected.and(new ThrowsInOnBatch());
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options ->
                        options.recoverer((name, batch, failure) -> own.join().close())));
        own.complete(follower);
        follower.completion().toCompletableFuture().get(5, TimeUnit.SECONDS);
        assertEnded(follower, EndReason.CLOSED, ids.get(9));
        assertThat(listener.calls()).hasSize(1);
    }

    @Test
    void closeWaitsForTheRecoverer() throws Exception {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        CountDownLatch recovering = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Follower follower = closeLater(log.follow(
                Tail.all(),
                new ThrowsInOnBatch(),
                options -> options.recoverer((name, batch, failure) -> {
                    recovering.countDown();
                    go.await();
                })));
        assertThat(recovering.await(10, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<EventId> closing = CompletableFuture.supplyAsync(() -> {
            follower.close();
            return follower.position();
        });
        await().until(() -> !follower.isRunning());
        assertThat(closing).isNotDone();
        go.countDown();
        assertThat(closing.get(5, TimeUnit.SECONDS)).isEqualTo(id);
    }

    @Test
    void shutdownDoesNotWaitForABackOff() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        ConfigurableApplicationContext application = newApplication();
        EventLog log = TestApplication.factory(application).create(newName());
        EventId id = log.add(event(0));
        Collected<Event> listener = Collected.and(new ThrowsInOnBatch());
        Follower follower = log.follow(Tail.all(), listener, options -> options.retry(policy(1, HOUR)));
        await().until(() -> listener.count() == 1);
        long begin = System.nanoTime();
        application.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(3));
        await().until(() -> follower.completion().toCompletableFuture().isDone());
        assertEnded(follower, EndReason.SHUTDOWN, id.previous());
        assertThat(listener.calls()).hasSize(1);
        await().untilAsserted(() -> assertThat(eventLogThreads(before)).isEmpty());
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void shutdownDuringRetriesLogsNoError(CapturedOutput output) {
        ConfigurableApplicationContext application = newApplication();
        EventLog log = TestApplication.factory(application).create(newName());
        log.add(event(0));
        AtomicInteger calls = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            log.follow(
                    Tail.all(),
                    batch -> {
                        calls.incrementAndGet();
                        throw new IOException("always");
                    },
                    FOR_EVER);
        }
        await().until(() -> calls.get() > 1_000);
        application.close();
        int atTheEnd = calls.get();
        await().during(Duration.ofMillis(100)).until(() -> calls.get() == atTheEnd);
        // A listener that was running may report its exception.
        assertThat(output.getAll()).doesNotContain("accepts no more tasks", "ERROR");
    }

    @Test
    void failedListenerDelaysNoOtherOfItsLog() {
        EventLog log = newLog();
        Collected<Event> failing = Collected.and(new ThrowsInOnBatch());
        Collected<Event> other = Collected.events();
        closeLater(log.follow(Tail.all(), failing, options -> options.retry(policy(1, HOUR))));
        closeLater(log.follow(Tail.all(), other));
        for (int i = 0; i < 200; i++) {
            log.add(event(i));
        }
        await().until(() -> other.count() == 200);
        assertThat(numbers(other.all())).isEqualTo(range(0, 200));
        assertThat(failing.batches()).hasSize(1);
    }

    @Test
    void thousandFollowersInABackOffUseNoThread() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        EventLogFactory own = newFactory("eventlog.follow.max-threads=2");
        EventLog log = own.create(newName());
        log.add(event(0));
        AtomicInteger calls = new AtomicInteger();
        List<Follower> followers = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            followers.add(closeLater(log.follow(
                    Tail.all(),
                    batch -> {
                        calls.incrementAndGet();
                        throw new IOException("always");
                    },
                    options -> options.retry(policy(1, HOUR)))));
        }
        await().until(() -> calls.get() == 1_000);
        Collected<Event> other = Collected.events();
        closeLater(log.follow(Tail.all(), other));
        log.add(event(1));
        await().until(() -> other.count() == 2);
        assertThat(eventLogThreads(before).stream().filter(name -> name.contains("listener")))
                .hasSizeLessThanOrEqualTo(2);
        long begin = System.nanoTime();
        followers.forEach(Follower::close);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        assertThat(calls).hasValue(1_000);
    }

    @Test
    void failedOnGapIsRetriedUntilItSucceeds() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 20));
        redis.opsForStream().trim(log.name(), 5);
        Thrower thrower = new Thrower();
        Collected<Event> listener = Collected.and(new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onGap(Gap gap) throws Exception {
                if (thrower.count() < 2) {
                    thrower.<Exception>fail();
                }
            }
        });
        closeLater(log.follow(Tail.after(ids.get(2)), listener, options -> options.retry(policy(2, 50))));
        await().until(() -> thrower.count() > 0);
        log.addAll(events(20, 30));
        await().until(() -> listener.count() == 15);
        Gap gap = listener.gaps().get(0);
        assertThat(gap.lastSeen()).isEqualTo(ids.get(2));
        assertThat(gap.firstAvailable()).isEqualTo(ids.get(15));
        assertThat(listener.calls().subList(0, 3)).containsOnly(gap);
        assertThat(listener.gaps()).hasSize(3);
        assertThat(numbers(listener.all())).isEqualTo(range(15, 30));
        assertThat(listener.caughtUp()).isEqualTo(1);
    }

    @Test
    void lastFailedOnGapEndsTheFollowerDespiteARecoverer() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 20));
        redis.opsForStream().trim(log.name(), 5);
        Thrower thrower = new Thrower();
        AtomicInteger recovered = new AtomicInteger();
        Collected<Event> listener = Collected.and(new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onGap(Gap gap) throws Exception {
                thrower.<Exception>fail();
            }
        });
        Follower follower = closeLater(log.follow(
                Tail.after(ids.get(2)),
                listener,
                options ->
                        options.retry(policy(2, 1)).recoverer((name, batch, failure) -> recovered.incrementAndGet())));
        assertFailed(follower, listener, thrower::last);
        assertThat(thrower.count()).isEqualTo(3);
        assertThat(listener.count()).isZero();
        assertThat(recovered).hasValue(0);
        assertThat(follower.position()).isEqualTo(ids.get(2));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void failedOnCaughtUpIsRetriedBeforeLaterEvents(int existing) {
        EventLog log = newLog();
        log.addAll(events(0, existing));
        Thrower thrower = new Thrower();
        Collected<Event> listener = Collected.and(new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onCaughtUp() throws Exception {
                if (thrower.count() < 2) {
                    thrower.<Exception>fail();
                }
            }
        });
        Follower follower = closeLater(log.follow(Tail.all(), listener, options -> options.retry(policy(2, 50))));
        await().until(() -> thrower.count() > 0);
        EventId last = log.add(event(existing));
        await().until(() -> follower.position().equals(last));
        int batches = existing == 0 ? 0 : 1;
        assertThat(listener.calls().subList(batches, batches + 3)).containsOnly(Collected.CAUGHT_UP);
        assertThat(listener.caughtUp()).isEqualTo(3);
        assertThat(numbers(listener.all())).isEqualTo(range(0, existing + 1));
    }

    @Test
    void failedBatchIsRetriedAlthoughTheLogBeganAgain() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        AtomicBoolean begunAgain = new AtomicBoolean();
        Collected<Event> listener = Collected.and(batch -> {
            if (!begunAgain.get()) {
                throw new IOException("not yet");
            }
        });
        Collected<Event> witness = Collected.events();
        closeLater(log.follow(Tail.all(), witness));
        closeLater(log.follow(Tail.all(), listener, FOR_EVER));
        await().until(() -> witness.count() == 3 && listener.count() >= 3);
        log.delete();
        addWithId(log, "5-1");
        await().until(() -> witness.count() == 4);
        begunAgain.set(true);

        await().until(() -> ids(listener.all()).contains(EventId.parse("5-1")));
        List<List<Event>> batches = listener.batches();
        assertThat(batches.subList(0, batches.size() - 1)).containsOnly(batches.get(0));
        assertThat(numbers(batches.get(0))).isEqualTo(range(0, 3));
        assertThat(batches.get(batches.size() - 1)).hasSize(1);
        assertThat(listener.gaps()).singleElement().satisfies(gap -> {
            assertThat(gap.kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
            assertThat(gap.lastSeen()).isEqualTo(batches.get(0).get(2).id());
        });
    }

    @Test
    void errorOfRedisIsNotRetriedAsAListenerFailure() {
        EventLog log = newLog();
        log.add(event(0));
        AtomicInteger asked = new AtomicInteger();
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(failure -> asked.incrementAndGet() > 0)
                        .recoverer((name, batch, failure) -> asked.incrementAndGet())));
        await().until(() -> listener.caughtUp() == 1);
        log.delete();
        redis.opsForValue().set(log.name(), "text");
        await().until(() -> listener.failure() instanceof EventLogException);
        assertThat(follower.isRunning()).isFalse();
        assertThat(asked).hasValue(0);
    }

    @Test
    void randomFailuresLoseOrRepeatNoEvent() {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        EventLog log = newLog();
        int count = 2_000;
        List<Integer> taken = Collections.synchronizedList(new ArrayList<>());
        Collected<Event> listener = Collected.and(new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) throws Exception {
                mayThrow();
                taken.addAll(numbers(batch));
            }

            @Override
            public void onCaughtUp() throws Exception {
                mayThrow();
            }

            private void mayThrow() throws Exception {
                if (random.nextInt(3) == 0) {
                    throw new IOException("by chance");
                }
            }
        });
        log.addAll(events(0, count / 2));
        closeLater(log.follow(Tail.all(), listener, FOR_EVER));
        for (int i = count / 2; i < count; i++) {
            log.add(event(i));
        }
        await().untilAsserted(() -> assertThat(taken).as("seed %d", seed).isEqualTo(range(0, count)));
        assertThat(listener.overlapped()).isFalse();
    }

    @Test
    @SuppressWarnings("NullAway") // like a caller without null checks
    void nullIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> newLog().follow(Tail.all(), batch -> {}, options -> options.retry(null)))
                .withMessageContaining("retry policy");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> newLog().follow(Tail.all(), batch -> {}, options -> options.recoverer(null)))
                .withMessageContaining("recoverer");
    }

    private static final class ThrowsInOnBatch implements EventBatchListener<Event> {

        @Override
        public void onBatch(List<Event> batch) throws IOException {
            throw new IOException("cannot take " + numbers(batch));
        }
    }

    private static void assertEnded(Follower follower, EndReason reason, EventId position) {
        assertThat(follower.isRunning()).isFalse();
        assertThat(follower.position()).isEqualTo(position);
        assertThat(follower.completion()) // shortly after close() returned, because it waited for a call
                .succeedsWithin(10, TimeUnit.SECONDS)
                .isEqualTo(reason);
    }

    private static void assertFailed(Follower follower, Collected<?> listener, Supplier<Throwable> failure) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> follower.completion().toCompletableFuture().get(10, TimeUnit.SECONDS))
                .satisfies(ex -> assertThat(ex.getCause()).isSameAs(failure.get()));
        assertThat(follower.isRunning()).isFalse();
        assertThat(listener.failure()).isSameAs(failure.get());
        assertThat(listener.calls().stream().filter(Collected.Failure.class::isInstance))
                .hasSize(1);
    }
}
