package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SameQuestionsTests {

    private final SameQuestions questions = new SameQuestions();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stopThreads() {
        threads.shutdownNow();
    }

    /** A reply must not be older than the call that receives it. */
    @Test
    void concurrentCallersShareTheNextQuestion() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        CountDownLatch answer = new CountDownLatch(1);
        CompletableFuture<Integer> first = ask(asked, answer);
        await().until(() -> asked.get() == 1);
        List<CompletableFuture<Integer>> later = new ArrayList<>();
        AtomicInteger waiting = new AtomicInteger();
        for (int i = 0; i < 20; i++) {
            later.add(CompletableFuture.supplyAsync(
                    () -> {
                        waiting.incrementAndGet();
                        return questions.ask("a", asked::incrementAndGet);
                    },
                    threads));
        }
        await().until(() -> waiting.get() == 20);
        assertThat(questions.<Integer>ask("another", () -> 7)).isEqualTo(7);
        assertThat(asked).hasValue(1);

        answer.countDown();

        assertThat(first.get(10, TimeUnit.SECONDS)).isEqualTo(1);
        for (CompletableFuture<Integer> one : later) {
            assertThat(one.get(10, TimeUnit.SECONDS)).isGreaterThan(1);
        }
        assertThat(asked.get()).isLessThan(21);
        int before = asked.get();
        assertThat(questions.<Integer>ask("a", asked::incrementAndGet)).isEqualTo(before + 1);
    }

    @Test
    void failureReachesAllCallersAndNoLaterOne() {
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> questions.ask("a", () -> {
                    throw new EventLogException("log", "refused", null);
                }));
        assertThat(questions.<Integer>ask("a", () -> 1)).isEqualTo(1);
    }

    /** The thread of one caller says nothing about the others, or about Redis. */
    @Test
    void interruptedCallerDoesNotFailTheOthers() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        CompletableFuture<Integer> first = ask(asked, answer);
        await().until(() -> asked.get() == 1);
        Thread asking = new Thread(() -> questions.ask("a", () -> {
            asked.incrementAndGet();
            throw new EventLogUnavailableException("log", "interrupted", new InterruptedException());
        }));
        asking.setUncaughtExceptionHandler((thread, failure) -> {});
        asking.start();
        await().until(() -> asking.getState() == Thread.State.WAITING); // it asks for all later callers
        AtomicReference<Integer> answered = new AtomicReference<>();
        Thread joining = new Thread(() -> answered.set(questions.ask("a", () -> 7)));
        joining.start();
        await().until(() -> joining.getState() == Thread.State.WAITING);

        answer.countDown();

        assertThat(first.get(10, TimeUnit.SECONDS)).isEqualTo(1);
        asking.join();
        joining.join();
        assertThat(asked).hasValue(2);
        assertThat(answered).hasValue(7);
    }

    private CompletableFuture<Integer> ask(AtomicInteger asked, CountDownLatch answer) {
        return CompletableFuture.supplyAsync(
                () -> questions.ask("a", () -> {
                    int number = asked.incrementAndGet();
                    try {
                        answer.await();
                    } catch (InterruptedException ended) {
                        throw new IllegalStateException(ended);
                    }
                    return number;
                }),
                threads);
    }
}
