package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.Collected;
import dev.eventlog.test.FlakyPositions;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ConfigurableApplicationContext;

/** Followers with a name: they store their positions, and one follower of a name runs at a time. */
@RedisTest(
        properties = {
            "eventlog.follow.lease=500ms",
            "eventlog.follow.poll-timeout=300ms",
            "eventlog.positions.key=test:positions"
        })
class NamedFollowerTests extends LogTests {

    private static final String[] SAME = {"eventlog.follow.lease=500ms", "eventlog.positions.key=test:positions"};
    private static final Consumer<FollowOptions.Builder> NAMED = options -> options.named("invoices");

    @Autowired
    EventPositions positions;

    @Test
    void anotherApplicationContinuesAfterTheLastBatch() {
        EventLog log = newLog();
        log.addAll(events(0, 10));
        ConfigurableApplicationContext first = newApplication(SAME);
        Collected<Event> before = Collected.events();
        Follower follower = follow(first, log, Tail.last(5), before);
        await().until(() -> before.count() == 5);
        assertThat(numbers(before.all())).isEqualTo(range(5, 10));
        first.close();
        assertThat(follower.isRunning()).isFalse();
        assertThat(stored(log)).contains(before.all().get(4).id());
        log.addAll(events(10, 20));

        Collected<Event> after = Collected.events();
        follow(newApplication(SAME), log, Tail.last(0), after);
        await().until(() -> after.count() == 10);
        assertThat(numbers(after.all())).isEqualTo(range(10, 20));
        assertThat(after.gaps()).isEmpty();
    }

    @Test
    void startIsFixedEvenIfNoEventWasDelivered() {
        EventLog log = newLog();
        ConfigurableApplicationContext first = newApplication(SAME);
        follow(first, log, Tail.last(0), Collected.events());
        first.close();
        log.addAll(events(0, 3));

        Collected<Event> after = Collected.events();
        follow(newApplication(SAME), log, Tail.last(0), after);
        await().until(() -> after.count() == 3);
        assertThat(after.gaps()).isEmpty();
    }

    @Test
    void typedFollowerContinuesAtItsPosition() {
        record Order(int n) {}
        String name = newName();
        TypedEventLog<Order> log = factory.create(name, Order.class);
        log.add(new Order(1));
        Collected<TypedEvent<Order>> before = Collected.and(batch -> {});
        Follower follower = closeLater(log.follow(Tail.all(), before, NAMED));
        await().until(() -> before.count() == 1 && stored(log.untyped()).isPresent());
        follower.close();
        log.add(new Order(2));
        Collected<TypedEvent<Order>> after = Collected.and(batch -> {});
        closeLater(log.follow(Tail.all(), after, NAMED));
        await().until(() -> after.count() == 1);
        assertThat(after.all().get(0).value()).isEqualTo(new Order(2));
    }

    @Test
    void followerReceivesAGapForEventsTrimmedWhileItWasAway() {
        EventLog log = newLog(options -> options.maxLength(10));
        log.addAll(events(0, 5));
        Collected<Event> before = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), before, NAMED));
        await().until(() -> before.count() == 5);
        follower.close();
        log.addAll(events(5, 30));

        Collected<Event> after = Collected.events();
        closeLater(log.follow(Tail.all(), after, NAMED));
        await().until(() -> after.count() == 10);
        assertThat(numbers(after.all())).isEqualTo(range(20, 30));
        assertThat(after.gaps())
                .extracting(Gap::lastSeen)
                .containsExactly(before.all().get(4).id());
    }

    @Test
    void followerReceivesAGapForALogThatBeganWhileItWasAway() {
        EventLog log = newLog(options -> options.maxLength(10));
        closeLater(log.follow(Tail.all(), Collected.events(), NAMED)).close();
        assertThat(stored(log)).contains(EventId.MIN);
        log.addAll(events(0, 30));

        Collected<Event> after = Collected.events();
        closeLater(log.follow(Tail.all(), after, NAMED));
        await().until(() -> after.count() == 10);
        assertThat(after.gaps()).extracting(Gap::lastSeen).containsExactly(EventId.MIN);
    }

    @Test
    void positionMovesBackWithALogThatBeganAgain() {
        EventLog log = newLog();
        log.addAll(events(0, 5));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener, NAMED));
        await().until(() -> listener.count() == 5);
        log.delete();
        addWithId(log, "7-7");
        await().until(() -> listener.count() == 6);
        await().until(() -> stored(log).equals(Optional.of(new EventId(7, 7))));
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
    }

    @Test
    void failedBatchIsDeliveredAgainAfterARestart() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        Collected<Event> failing = Collected.and(batch -> {
            throw new IllegalStateException("on purpose");
        });
        Follower follower = closeLater(log.follow(Tail.all(), failing, NAMED));
        await().until(() -> follower.completion().toCompletableFuture().isDone());
        assertThat(failing.failure()).hasMessage("on purpose");
        assertThat(follower.completion().toCompletableFuture())
                .isCompletedExceptionally()
                .failsWithin(Duration.ofSeconds(1))
                .withThrowableThat()
                .withCauseInstanceOf(IllegalStateException.class);

        Collected<Event> next = Collected.events();
        closeLater(log.follow(Tail.last(0), next, NAMED));
        await().until(() -> next.count() == 3);
    }

    @Test
    void positionOfARecoveredBatchIsStored() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        Collected<Event> failing = Collected.and(batch -> {
            throw new IllegalStateException("on purpose");
        });
        closeLater(log.follow(
                Tail.all(), failing, options -> options.named("invoices").recoverer((name, batch, failure) -> {})));
        EventId last = log.lastId().orElseThrow();
        await().until(() -> stored(log).equals(Optional.of(last)));
    }

    @Test
    void closeStoresThePositionOfTheRunningBatch() throws Exception {
        EventLog log = newLog();
        EventId id = log.add(event(1));
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Follower follower = closeLater(log.follow(
                Tail.all(),
                batch -> {
                    begun.countDown();
                    go.await();
                },
                NAMED));
        begun.await();
        CompletableFuture<Void> closing = CompletableFuture.runAsync(follower::close);
        go.countDown();
        closing.join();
        assertThat(stored(log)).contains(id);
    }

    @Test
    void followerClosedByItsListenerCanRestartAtOnce() {
        EventLog log = newLog();
        log.add(event(1));
        CompletableFuture<Follower> self = new CompletableFuture<>();
        Follower follower =
                closeLater(log.follow(Tail.all(), batch -> self.get().close(), NAMED));
        self.complete(follower);
        await().until(() -> follower.completion().toCompletableFuture().isDone());
        log.add(event(2));
        Collected<Event> next = Collected.events();
        closeLater(log.follow(Tail.all(), next, NAMED));
        await().until(() -> next.count() == 1);
        assertThat(numbers(next.all())).containsExactly(2);
    }

    @Test
    void waitingFollowerTakesOverAfterAClose() {
        EventLog log = newLog();
        ConfigurableApplicationContext one = newApplication(SAME);
        ConfigurableApplicationContext other = newApplication(SAME);
        Collected<Event> first = Collected.events();
        Collected<Event> second = Collected.events();
        follow(one, log, Tail.all(), first);
        await().until(() -> first.caughtUp() == 1);
        Follower waiting = follow(other, log, Tail.all(), second);
        for (int i = 0; i < 20; i++) {
            log.add(event(i));
        }
        await().until(() -> first.count() == 20);
        assertThat(second.calls()).isEmpty();
        assertThat(waiting.isRunning()).isTrue();
        one.close();
        for (int i = 20; i < 40; i++) {
            log.add(event(i));
        }
        await().until(() -> second.count() == 20);
        assertThat(numbers(first.all())).isEqualTo(range(0, 20));
        assertThat(numbers(second.all())).isEqualTo(range(20, 40));
        await().until(() -> waiting.position().equals(second.all().get(19).id())); // stored after the listener returned
    }

    @Test
    void waitingFollowerCanBeClosed() {
        EventLog log = newLog();
        Set<Thread> before = Set.copyOf(Thread.getAllStackTraces().keySet());
        Collected<Event> first = Collected.events();
        Follower following = closeLater(log.follow(Tail.all(), first, NAMED));
        await().until(() -> first.caughtUp() == 1);
        Collected<Event> second = Collected.events();
        Follower waiting = closeLater(log.follow(Tail.all(), second, NAMED));
        waiting.close();
        assertThat(waiting.isRunning()).isFalse();
        await().until(() -> waiting.completion().toCompletableFuture().isDone());
        log.add(event(1));
        await().until(() -> first.count() == 1);
        assertThat(second.calls()).isEmpty();
        following.close();
        await().until(() -> eventLogThreads(before).stream().noneMatch(name -> name.startsWith("eventlog-lease")));
    }

    @Test
    void completionHasTheReasonOfTheEnd() {
        EventLog log = newLog();
        ConfigurableApplicationContext application = newApplication(SAME);
        Collected<Event> listener = Collected.events();
        Follower following = follow(application, log, Tail.all(), listener);
        await().until(() -> listener.caughtUp() == 1);
        Follower waiting = follow(application, log, Tail.all(), Collected.events());
        Follower closed = follow(application, log, Tail.all(), Collected.events());
        closed.close();
        application.close();
        assertThat(closed.completion()).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(EndReason.CLOSED);
        assertThat(following.completion()).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(EndReason.SHUTDOWN);
        assertThat(waiting.completion()).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(EndReason.SHUTDOWN);
    }

    /** Another client takes its lock, as if its lease had expired during a pause. */
    @Test
    void followerPausesWithoutItsLeaseAndContinuesWithIt() {
        EventLog log = newLog();
        log.add(event(0));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener, NAMED));
        await().until(() -> listener.count() == 1 && listener.caughtUp() == 1);
        String lock = "eventlog:lock:invoices@" + log.name();
        redis.opsForValue().set(lock, "another");
        closeLater(() -> redis.delete(lock));
        CompletableFuture<Void> other = CompletableFuture.runAsync(() -> {
            await().pollDelay(Duration.ofMillis(750)).until(() -> true);
            // the work of the other client
            EventId last = log.addAll(events(1, 4)).get(1);
            assertThat(positions.store("invoices", log.name(), stored(log).orElseThrow(), last))
                    .isTrue();
            redis.delete(lock);
        });
        other.join();
        await().until(() -> numbers(listener.all()).contains(3));
        await().until(() -> listener.caughtUp() == 2);
        assertThat(numbers(listener.all())).containsExactly(0, 3);

        follower.close();
        Collected<Event> next = Collected.events();
        closeLater(log.follow(Tail.all(), next, NAMED));
        await().until(() -> next.caughtUp() == 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "a@b"})
    void invalidNamesAreRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> newLog().follow(Tail.all(), batch -> {}, options -> options.named(name)))
                .withMessageContaining("'" + name + "'");
    }

    /** Positions that are unavailable for a while. */
    @Test
    void nextBatchWaitsUntilThePositionIsStored() {
        EventLog log = newLog();
        FlakyPositions flaky = new FlakyPositions();
        ConfigurableApplicationContext application =
                closeLater(TestApplication.startWith(EventPositions.class, flaky, SAME));
        Collected<Event> listener = Collected.events();
        follow(application, log, Tail.all(), listener);
        await().until(() -> listener.caughtUp() == 1);
        flaky.away = true;
        log.add(event(0));
        await().until(() -> flaky.refused.get() > 2);
        log.add(event(1));
        assertThat(numbers(listener.all())).containsExactly(0);
        flaky.away = false;
        await().until(() -> listener.count() == 2);
        assertThat(numbers(listener.all())).as("not delivered again").containsExactly(0, 1);
        await().until(() -> Optional.of(listener.all().get(1).id()).equals(flaky.load("", "")));
    }

    /** A process dies between the effect and the position, and loses everything in memory. */
    @Test
    void batchWithoutAStoredPositionIsDeliveredAgain() {
        EventLog log = newLog();
        FlakyPositions flaky = new FlakyPositions();
        ConfigurableApplicationContext dying = closeLater(TestApplication.startWith(EventPositions.class, flaky, SAME));
        Collected<Event> listener = Collected.events();
        follow(dying, log, Tail.all(), listener);
        await().until(() -> listener.caughtUp() == 1);
        flaky.away = true;
        log.add(event(0));
        await().until(() -> flaky.refused.get() > 1);
        dying.close();
        flaky.away = false;
        Collected<Event> next = Collected.events();
        follow(closeLater(TestApplication.startWith(EventPositions.class, flaky, SAME)), log, Tail.last(0), next);
        await().until(() -> next.count() == 1);
        assertThat(numbers(next.all())).containsExactly(0);
    }

    /**
     * Two followers without locks, which is a misconfiguration: still only one of them continues from each position.
     */
    @Test
    void followerContinuesAtThePositionThatAnotherStored() {
        EventLog log = newLog();
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener, NAMED));
        await().until(() -> listener.caughtUp() == 1);
        EventId other = EventId.parse("5-5");
        EventId before = stored(log).orElseThrow();
        assertThat(positions.store("invoices", log.name(), EventId.MAX, other)).isFalse();
        assertThat(positions.store("invoices", log.name(), before, other)).isTrue();
        log.add(event(0));
        await().until(() -> listener.count() == 2);
        assertThat(numbers(listener.all()))
                .as("delivered, refused, and delivered from the other position")
                .containsExactly(0, 0);
        assertThat(listener.failure()).isNull();
    }

    private Optional<EventId> stored(EventLog log) {
        return positions.load("invoices", log.name());
    }

    private Follower follow(
            ConfigurableApplicationContext application, EventLog log, Tail tail, EventBatchListener<Event> listener) {
        return closeLater(
                TestApplication.factory(application).create(log.name()).follow(tail, listener, NAMED));
    }

    @AfterEach
    void forget() {
        redis.delete("test:positions");
    }

    @Test
    void completionIsDeliveredOnceAndTheFollowerDoesNotRestart() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        Collected<Event> listener = Collected.events();
        ConfigurableApplicationContext first = newApplication(SAME);
        Follower follower = follow(first, log, Tail.all(), listener);
        Collected<Event> waiting = Collected.events();
        Follower waits = follow(newApplication(SAME), log, Tail.all(), waiting);
        await().until(() -> listener.count() + waiting.count() == 3);
        log.completeExceptionally("no memory");
        for (Follower each : List.of(follower, waits)) {
            assertThat(each.completion().toCompletableFuture())
                    .succeedsWithin(Duration.ofSeconds(10))
                    .isEqualTo(EndReason.COMPLETED);
        }
        assertThat(Stream.concat(listener.calls().stream(), waiting.calls().stream()))
                .filteredOn(Completion.class::isInstance)
                .containsExactly(Completion.failed("no memory"));
        assertThat(stored(log)).contains(EventId.MAX);
        first.close();

        Collected<Event> after = Collected.events();
        Follower again = follow(newApplication(SAME), log, Tail.all(), after);
        assertThat(again.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(10))
                .isEqualTo(EndReason.COMPLETED);
        assertThat(after.count()).isZero();
        assertThat(after.calls()).doesNotHaveAnyElementsOfTypes(Completion.class, Gap.class);
    }

    @Test
    void followerReceivesAGapIfACompleteLogBeganAgain() {
        EventLog log = newLog();
        log.add(event(0));
        log.complete();
        Follower ended = closeLater(log.follow(Tail.all(), Collected.events(), NAMED));
        await().until(() -> !ended.isRunning());
        delete(log);
        log.add(event(1));
        Collected<Event> after = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), after, NAMED));
        await().until(
                        () -> { // it starts at the end of the new log once it has the lease
                            log.add(event(2));
                            return after.count() > 0;
                        });
        assertThat(numbers(after.all())).doesNotContain(1);
        assertThat(after.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
        assertThat(follower.isRunning()).isTrue();
    }

    @Test
    void newFollowerOfACompleteLogReceivesTheCompletion() {
        for (Tail tail : List.of(Tail.newOnly(), Tail.all())) {
            EventLog log = newLog();
            if (tail.equals(Tail.newOnly())) {
                log.add(event(0));
            }
            log.complete();
            Collected<Event> listener = Collected.events();
            Follower follower = closeLater(log.follow(tail, listener, NAMED));
            await().until(() -> !follower.isRunning());
            assertThat(listener.all()).isEmpty();
            assertThat(listener.calls()).endsWith(Completion.done());
            assertThat(listener.gaps()).isEmpty();
        }
    }
}
