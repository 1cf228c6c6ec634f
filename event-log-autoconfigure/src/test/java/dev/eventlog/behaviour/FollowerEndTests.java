package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.Condition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** The ways in which followers end: closed from outside or inside, by an error, or by the application. */
@RedisTest(properties = {"eventlog.follow.batch-size=10", "eventlog.follow.close-timeout=300ms"})
class FollowerEndTests extends LogTests {

    @Test
    void idleFollowerClosesAtOnceAndReceivesNothingMore() {
        List<Long> milliseconds = new ArrayList<>();
        for (int round = 0; round < 5; round++) {
            EventLog log = newLog();
            log.addAll(events(0, 3));
            EventId last = log.lastId().orElseThrow();
            Collected<Event> closed = Collected.events();
            Collected<Event> open = Collected.events();
            Follower follower = closeLater(log.follow(Tail.all(), closed));
            Follower other = closeLater(log.follow(Tail.all(), open));
            await().until(() -> closed.caughtUp() == 1 && open.caughtUp() == 1);

            milliseconds.add(millisecondsToClose(follower));
            log.add(event(3));
            await().until(() -> open.count() == 4);
            assertEnded(follower, EndReason.CLOSED, last);
            assertThat(closed.count()).isEqualTo(3);
            milliseconds.add(millisecondsToClose(other)); // the last follower of the feed
            log.add(event(4));
            assertThat(log.read(Tail.all())).hasSize(5);
            assertThat(open.count()).isEqualTo(4);
        }
        assertThat(milliseconds)
                .as("except for a pause of the machine")
                .haveAtLeast(8, new Condition<>(ms -> ms < 200, "< 200 ms"));
    }

    @RepeatedTest(5)
    void busyFollowerReceivesNothingAfterClose() throws Exception {
        EventLog log = newLog();
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            while (!stop.get()) {
                log.addAll(events(0, 20));
            }
        });
        try {
            List<Collected<Event>> listeners = new ArrayList<>();
            List<Follower> followers = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                Collected<Event> listener = Collected.events();
                listeners.add(listener);
                followers.add(closeLater(log.follow(Tail.last(0), listener)));
            }
            await().until(() -> listeners.stream().allMatch(listener -> listener.count() > 100));
            List<Integer> counts = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                followers.get(i).close();
                counts.add(listeners.get(i).calls().size());
            }
            long size = log.size();
            await().until(() -> log.size() > size + 200);
            for (int i = 0; i < 10; i++) {
                assertThat(listeners.get(i).calls()).hasSize(counts.get(i));
                List<Event> got = listeners.get(i).all();
                assertEnded(
                        followers.get(i),
                        EndReason.CLOSED,
                        got.get(got.size() - 1).id());
            }
        } finally {
            stop.set(true);
            writing.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void followerClosesCleanlyOnABusyConnection() throws Exception {
        EventLog log = newLog(options -> options.maxLength(100));
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            while (!stop.get()) {
                log.add(event(0));
            }
        });
        try {
            for (int i = 0; i < 200; i++) {
                Collected<Event> listener = Collected.events();
                Follower follower = log.follow(Tail.last(0), listener);
                await().until(() -> listener.count() > 0);
                follower.close();
                assertThat(follower.isRunning()).isFalse();
            }
        } finally {
            stop.set(true);
            writing.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void normalOperationLogsNoWarning(CapturedOutput output) {
        ConfigurableApplicationContext application = newApplication("eventlog.follow.poll-timeout=50ms");
        EventLog log = TestApplication.factory(application).create(newName());
        Collected<Event> listener = Collected.events();
        Follower follower = log.follow(Tail.all(), listener);
        log.add(event(0));
        await().until(() -> listener.count() == 1);
        follower.close();
        log.follow(Tail.all(), listener);
        await().until(() -> listener.count() == 2);
        application.close();
        assertThat(output.getAll()).doesNotContain("WARN", "ERROR", "Exception");
    }

    @Test
    void secondCloseDoesNothing() {
        Follower follower = newLog().follow(Tail.all(), Collected.events());
        follower.close();
        follower.close();
        assertThat(follower.isRunning()).isFalse();
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(EndReason.CLOSED);
    }

    @Test
    void followerCanBeClosedRightAfterItsStart() {
        EventLog log = newLog();
        log.addAll(events(0, 100));
        for (int i = 0; i < 50; i++) {
            Collected<Event> listener = Collected.events();
            Follower follower = log.follow(Tail.all(), listener);
            follower.close();
            List<Object> calls = listener.calls();
            assertThat(follower.isRunning()).isFalse();
            assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(EndReason.CLOSED);
            assertThat(numbers(listener.all())).isEqualTo(range(0, listener.count()));
            assertThat(listener.calls()).isEqualTo(calls);
        }
    }

    @Test
    void callbackThatClosesItsFollowerIsTheLastOne() throws Exception {
        EventLog log = newFactory("eventlog.follow.batch-size=10", "eventlog.follow.close-timeout=30s")
                .create(newName());
        List<EventId> ids = log.addAll(events(0, 100));
        CompletableFuture<Follower> own = new CompletableFuture<>();
        AtomicReference<Long> took = new AtomicReference<>();
        Collected<Event> listener = Collected.and(batch -> {
            took.set(millisecondsToClose(own.join()));
        });
        own.complete(closeLater(log.follow(Tail.all(), listener)));

        own.join().completion().toCompletableFuture().get(5, TimeUnit.SECONDS);
        assertThat(took.get()).as("waits for no callback").isLessThan(10_000);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 10));
        assertThat(listener.caughtUp()).isZero();
        assertEnded(own.join(), EndReason.CLOSED, ids.get(9));
        log.add(event(100));
        Collected<Event> witness = Collected.events();
        closeLater(log.follow(Tail.all(), witness));
        await().until(() -> witness.count() == 101);
        assertThat(listener.count()).isEqualTo(10);
    }

    @Test
    void onCaughtUpCanCloseItsFollower() throws Exception {
        EventLog log = newLog();
        log.add(event(0));
        CompletableFuture<Follower> own = new CompletableFuture<>();
        Collected<Event> listener = Collected.and(new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onCaughtUp() {
                own.join().close();
            }
        });
        own.complete(closeLater(log.follow(Tail.all(), listener)));
        own.join().completion().toCompletableFuture().get(5, TimeUnit.SECONDS);
        assertThat(own.join().isRunning()).isFalse();
        assertThat(listener.count()).isEqualTo(1);
    }

    @Test
    void callbackCanCloseAnotherFollower() throws Exception {
        EventLog log = newLog();
        Collected<Event> other = Collected.events();
        Follower victim = closeLater(log.follow(Tail.all(), other));
        Collected<Event> listener = Collected.and(batch -> victim.close());
        closeLater(log.follow(Tail.all(), listener));
        log.add(event(0));
        victim.completion().toCompletableFuture().get(5, TimeUnit.SECONDS);
        log.add(event(1));
        await().until(() -> listener.count() == 2);
        assertThat(other.count()).isLessThanOrEqualTo(1);
    }

    @Test
    void closeWaitsForTheRunningCallback() throws Exception {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        CountDownLatch go = new CountDownLatch(1);
        AtomicBoolean finished = new AtomicBoolean();
        Collected<Event> listener = Collected.and(batch -> {
            go.await();
            finished.set(true);
        });
        EventLog patient = newFactory("eventlog.follow.close-timeout=10s").create(log.name());
        Follower follower = patient.follow(Tail.all(), listener);
        await().until(() -> listener.count() == 1);
        CompletableFuture<Boolean> closing = CompletableFuture.supplyAsync(() -> {
            follower.close();
            return finished.get();
        });
        await().until(() -> !follower.isRunning());
        log.add(event(1));
        assertThat(closing).isNotDone();
        assertThat(follower.completion().toCompletableFuture()).isNotDone();
        go.countDown();
        assertThat(closing.get(5, TimeUnit.SECONDS))
                .as("finished before close returned")
                .isTrue();
        await().untilAsserted(() -> assertEnded(follower, EndReason.CLOSED, id));
        assertThat(listener.count()).isEqualTo(1);
        assertThat(listener.caughtUp()).isZero();
    }

    @Test
    void followerOfABlockedListenerCanBeClosed() {
        EventLog log = newLog();
        log.addAll(events(0, 50));
        AtomicBoolean interrupted = new AtomicBoolean();
        Collected<Event> listener = Collected.and(batch -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException ex) {
                interrupted.set(true);
                throw ex;
            }
        });
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        assertThat(millisecondsToClose(follower)).isBetween(200L, 2_000L);
        assertThat(follower.isRunning()).isFalse();
        await().untilTrue(interrupted);
        await().until(() -> follower.completion().toCompletableFuture().isDone());
        log.add(event(50));
        assertThat(listener.count()).isEqualTo(10);
        assertThat(listener.failure()).as("closed, not failed").isNull();
    }

    @Test
    void followerOfAListenerThatIgnoresInterruptsCanBeClosed() {
        EventLog log = newLog();
        log.add(event(0));
        AtomicBoolean go = new AtomicBoolean();
        Collected<Event> listener = Collected.and(batch -> {
            while (!go.get()) {
                Thread.onSpinWait();
            }
        });
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        try {
            await().until(() -> listener.count() == 1);
            assertThat(millisecondsToClose(follower)).isLessThan(2_000L);
            assertThat(follower.isRunning()).isFalse();
        } finally {
            go.set(true);
        }
        await().until(() -> follower.completion().toCompletableFuture().isDone());
        log.add(event(1));
        assertThat(log.size()).isEqualTo(2);
        assertThat(listener.count()).isEqualTo(1);
    }

    @Test
    void listenerThatThrowsEndsItsFollower() {
        for (Throwable thrown : List.of(
                new IllegalStateException("unchecked"), new IOException("checked"), new AssertionError("error"))) {
            EventLog log = newLog();
            List<EventId> ids = log.addAll(events(0, 50));
            Collected<Event> witness = Collected.events();
            closeLater(log.follow(Tail.all(), witness));
            Collected<Event> listener = Collected.and(batch -> {
                if (numbers(batch).contains(25)) {
                    FollowerEndTests.<RuntimeException>sneak(thrown);
                }
            });
            Follower follower = closeLater(log.follow(Tail.all(), listener));

            assertFailedWith(follower, thrown);
            await().until(() -> listener.failure() != null);
            assertThat(listener.failure()).isSameAs(thrown);
            assertThat(follower.isRunning()).isFalse();
            assertThat(follower.position())
                    .as("the last event of the batch before")
                    .isEqualTo(ids.get(19));
            assertThat(numbers(listener.all())).isEqualTo(range(0, 30));
            assertThat(listener.calls().get(listener.calls().size() - 1))
                    .isEqualTo(new Collected.Failure(log.name(), thrown));

            log.addAll(events(50, 60));
            await().until(() -> witness.count() == 60);
            assertThat(listener.count()).as("nothing later").isEqualTo(30);
            assertThat(listener.caughtUp()).isZero();
            follower.close();
            assertFailedWith(follower, thrown);

            Collected<Event> resumed = Collected.events();
            closeLater(log.follow(Tail.after(follower.position()), resumed));
            await().until(() -> resumed.count() == 40);
            assertThat(numbers(resumed.all())).isEqualTo(range(20, 60));
        }
    }

    @Test
    void failedOnCaughtUpEndsTheFollower() {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        IOException thrown = new IOException("caught up");
        Collected<Event> listener = Collected.and(new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onCaughtUp() throws IOException {
                throw thrown;
            }
        });
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        assertFailedWith(follower, thrown);
        assertThat(follower.position()).isEqualTo(id);
    }

    @Test
    void followerEndsEvenIfOnFailureThrows() {
        EventLog log = newLog();
        IllegalStateException thrown = new IllegalStateException("batch");
        Follower follower = closeLater(log.follow(Tail.all(), new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) {
                throw thrown;
            }

            @Override
            public void onFailure(String name, Throwable failure) {
                throw new IllegalArgumentException("failure");
            }
        }));
        Collected<Event> witness = Collected.events();
        closeLater(log.follow(Tail.all(), witness));
        log.add(event(0));
        assertFailedWith(follower, thrown);
        log.add(event(1));
        await().until(() -> witness.count() == 2);
    }

    @Test
    void defaultCallbacksOnlyWriteToTheApplicationLog() {
        EventLog log = newLog();
        List<Event> got = new CopyOnWriteArrayList<>();
        Follower follower = closeLater(log.follow(Tail.all(), got::addAll));
        log.add(event(0));
        await().until(() -> got.size() == 1);
        assertThat(follower.isRunning()).isTrue();
    }

    @Test
    void positionBeforeTheFirstEventIsTheStart() {
        EventLog log = newLog();
        try (Follower follower = log.follow(Tail.all(), Collected.events())) {
            assertThat(follower.position()).isEqualTo(EventId.MIN);
        }
        List<EventId> ids = log.addAll(events(0, 3));
        try (Follower follower = log.follow(Tail.last(0), Collected.events())) {
            assertThat(follower.position()).isEqualTo(ids.get(2));
        }
        try (Follower follower = log.follow(Tail.after(ids.get(2)), Collected.events())) {
            assertThat(follower.position()).isEqualTo(ids.get(2));
        }
    }

    @Test
    void completionStageCanCallTheFollower() throws Exception {
        EventLog log = newLog();
        Follower follower = log.follow(Tail.all(), Collected.events());
        CompletableFuture<Boolean> running =
                follower.completion().toCompletableFuture().thenApply(reason -> follower.isRunning());
        follower.close();
        assertThat(running.get(5, TimeUnit.SECONDS)).isFalse();
        CompletableFuture<EndReason> theirs = follower.completion().toCompletableFuture();
        theirs.obtrudeException(new IllegalStateException("set by a user"));
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(EndReason.CLOSED);
    }

    @Test
    void shutdownWaitsForTheRunningCallbackAndStartsNoOther() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        String name = newName();
        EventLog log = factory.create(name);
        log.addAll(events(0, 30));
        EventId tenth = log.read(Tail.all()).get(9).id();
        ConfigurableApplicationContext application =
                newApplication("spring.data.redis.client-name=" + clientName(name), "eventlog.follow.batch-size=10");
        EventLog theirs = TestApplication.factory(application).create(name);
        CountDownLatch go = new CountDownLatch(1);
        AtomicBoolean finished = new AtomicBoolean();
        Collected<Event> busy = Collected.and(batch -> {
            go.await();
            finished.set(true);
        });
        Collected<Event> idle = Collected.events();
        Follower busyFollower = theirs.follow(Tail.all(), busy);
        Follower idleFollower = theirs.follow(Tail.last(0), idle);
        Follower elsewhere =
                TestApplication.factory(application).create(newName()).follow(Tail.all(), idle);
        await().until(() -> busy.count() == 10 && idle.caughtUp() == 2);
        assertThat(connections(name)).isPositive();

        CompletableFuture<Void> closing = CompletableFuture.runAsync(application::close);
        await().until(() -> !busyFollower.isRunning() && !idleFollower.isRunning() && !elsewhere.isRunning());
        log.addAll(events(30, 40));
        assertThat(closing).isNotDone();
        go.countDown();
        closing.get(10, TimeUnit.SECONDS);

        assertThat(finished).as("not interrupted").isTrue();
        assertThat(busy.count()).isEqualTo(10);
        assertThat(busy.failure()).isNull();
        assertThat(idle.count()).isZero();
        assertEnded(busyFollower, EndReason.SHUTDOWN, tenth);
        assertThat(idleFollower.completion().toCompletableFuture()).isCompletedWithValue(EndReason.SHUTDOWN);
        assertThat(elsewhere.completion().toCompletableFuture()).isCompletedWithValue(EndReason.SHUTDOWN);
        await().untilAsserted(() -> assertThat(eventLogThreads(before)).isEmpty());
        await().untilAsserted(() -> assertThat(connections(name)).isZero());
    }

    @Test
    void followFailsAfterShutdown() {
        ConfigurableApplicationContext application = newApplication();
        EventLog log = TestApplication.factory(application).create(newName());
        application.close();
        assertThatIllegalStateException().isThrownBy(() -> log.follow(Tail.all(), Collected.events()));
    }

    @Test
    void shutdownEndsInTimeAlthoughListenersBlock() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        ConfigurableApplicationContext application =
                newApplication("spring.lifecycle.timeout-per-shutdown-phase=500ms");
        EventLog log = TestApplication.factory(application).create(newName());
        CountDownLatch interrupted = new CountDownLatch(5);
        List<Follower> followers = new ArrayList<>();
        List<Collected<Event>> listeners = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Collected<Event> listener = Collected.and(batch -> {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException end) {
                    interrupted.countDown();
                }
            });
            listeners.add(listener);
            followers.add(log.follow(Tail.all(), listener));
        }
        log.add(event(0));
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 1));
        long begin = System.nanoTime();
        application.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(3));
        assertThat(followers)
                .allSatisfy(follower -> assertThat(follower.isRunning()).isFalse());
        await().untilAsserted(() -> assertThat(eventLogThreads(before)).isEmpty());
        assertThat(followers)
                .allSatisfy(follower -> assertThat(follower.completion().toCompletableFuture())
                        .isCompletedWithValue(EndReason.SHUTDOWN));
        assertThat(listeners)
                .allSatisfy(listener ->
                        assertThat(listener.failure()).as("closed, not failed").isNull());
    }

    @Test
    void noThreadRunsWithoutAFollower() {
        ConfigurableApplicationContext application = newApplication("spring.data.redis.client-name=unused");
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        EventLog log = TestApplication.factory(application).create(newName());
        log.addAll(events(0, 10));
        log.read(Tail.all());
        assertThat(eventLogThreads(before)).isEmpty();
        Awaitility.await()
                .during(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(eventLogThreads(before)).isEmpty());
    }

    private static String clientName(String log) {
        return "of-" + log;
    }

    private long connections(String log) {
        return connectionsNamed(clientName(log));
    }

    private static void assertEnded(Follower follower, EndReason reason, EventId position) {
        assertThat(follower.isRunning()).isFalse();
        assertThat(follower.position()).isEqualTo(position);
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(reason);
    }

    private static void assertFailedWith(Follower follower, Throwable thrown) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> follower.completion().toCompletableFuture().get(5, TimeUnit.SECONDS))
                .satisfies(ex -> assertThat(ex.getCause()).isSameAs(thrown));
    }

    private static long millisecondsToClose(Follower follower) {
        long begin = System.nanoTime();
        follower.close();
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    @SuppressWarnings("unchecked")
    private static <X extends Throwable> void sneak(Throwable thrown) throws X {
        throw (X) thrown;
    }
}
