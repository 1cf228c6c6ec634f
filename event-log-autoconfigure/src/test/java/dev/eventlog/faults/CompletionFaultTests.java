package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.ids;
import static dev.eventlog.test.LogTests.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.Told;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Completions of a log when Redis fails. */
class CompletionFaultTests extends ServerTests {

    @Test
    void completionWithoutAnAnswerIsUnknownAndCanBeRepeated() {
        EventLogFactory factory = newFactory();
        EventLog log = factory.create("log");
        EventId first = log.add(event(0));
        factory.create("other").complete(event(0)); // so that Redis has the script
        proxy.swallow();
        CompletableFuture<Void> completion = CompletableFuture.runAsync(() -> log.complete());
        await().until(() -> Long.valueOf(2).equals(redis.ask("XLEN", "log")));
        proxy.pass();
        proxy.cut();
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(completion::join)
                .withCauseInstanceOf(AddOutcomeUnknownException.class);
        assertThat(eventually(() -> log.complete())).as("repeated").isFalse();
        assertThat(ids(log.read(Tail.all()))).containsExactly(first);
    }

    @Test
    void repeatedCompletionAddsTheLastEventOnce() {
        EventLogFactory factory = newFactory();
        EventLog log = factory.create("log");
        log.add(event(0));
        factory.create("other").complete(event(0)); // so that Redis has the script
        proxy.swallow();
        CompletableFuture<EventId> completion = CompletableFuture.supplyAsync(() -> log.complete(event(1)));
        await().until(() -> Long.valueOf(3).equals(redis.ask("XLEN", "log")));
        proxy.pass();
        proxy.cut();
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(completion::join)
                .withCauseInstanceOf(AddOutcomeUnknownException.class);
        EventId last = eventually(() -> log.complete(event(1)));
        assertThat(log.lastId()).contains(last);
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1);
    }

    @Test
    void followerReceivesTheCompletionAfterAnOutage() {
        EventLog log = newFactory().create("log");
        log.add(event(1));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        Told.awaitLast(listener, 1);
        proxy.refuse();
        proxy.cut();
        add("log", 2, 4);
        redis.ask("XADD", "log", EventId.MAX.toString(), "@complete", "done");
        proxy.accept();
        assertThat(follower.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(10))
                .isEqualTo(Follower.EndReason.COMPLETED);
        Told.to(listener).assertIs("1..3");
        assertThat(listener.calls()).endsWith(Completion.done());
    }

    /**
     * The server that takes over never received the completion: followers that received it have ended, and the others
     * continue.
     */
    @Test
    void followersContinueIfAFailoverLosesTheCompletion() throws Exception {
        EmbeddedRedis next = closeLater(EmbeddedRedis.inMemory());
        EventLogFactory factory = newFactory();
        EventLog log = factory.create("log");
        Collected<Event> quick = Collected.events();
        CountDownLatch released = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> released.await(20, TimeUnit.SECONDS));
        Follower ends = closeLater(log.follow(Tail.all(), quick));
        Follower goesOn = closeLater(log.follow(Tail.all(), slow));
        for (int n = 1; n <= 3; n++) {
            addWithId("log", n + "-1", n);
            next.ask("XADD", "log", n + "-1", "n", Integer.toString(n));
        }
        Told.awaitLast(quick, 3);
        log.complete();
        assertThat(ends.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(10))
                .isEqualTo(Follower.EndReason.COMPLETED);

        proxy.leadTo(next.uri());
        proxy.cut();
        assertThat(eventually(() -> log.isComplete())).isFalse();
        next.ask("XADD", "log", "4-1", "n", "4");
        await().until(() ->
                isAtAnotherLog(factory)); // otherwise the follower receives the completion that its feed had read
        released.countDown();
        Told.awaitLast(slow, 4);
        assertThat(goesOn.isRunning()).isTrue();
        Told.to(slow).assertIs("1..3, BEGAN_AGAIN, 4", "1..4");
        assertThat(quick.calls()).endsWith(Completion.done());
        log.complete();
        assertThat(goesOn.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(10))
                .isEqualTo(Follower.EndReason.COMPLETED);
    }

    private static boolean isAtAnotherLog(EventLogFactory factory) {
        return ((RedisEventLogFactory) factory)
                .followedLogs().stream()
                        .flatMap(followed -> followed.followers().stream())
                        .allMatch(progress -> progress.lag().isEmpty());
    }
}
