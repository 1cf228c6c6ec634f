package dev.eventlog.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowSignals;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.annotation.EventLogErrorPolicy;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Followers and subscribers receive the interruption and the recovery before any newer event. */
class InterruptionTests extends ServerTests {

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    /** Records the calls for one log. */
    private final class ToldOfOne implements EventBatchListener<Event> {

        @Override
        public void onBatch(List<Event> batch) {
            batch.forEach(event -> told.add("event " + event.fields().get("n")));
        }

        @Override
        public void onCaughtUp() {
            told.add("caught up");
        }

        @Override
        public void onGap(Gap gap) {
            told.add("gap");
        }

        @Override
        public void onInterrupted() {
            told.add("interrupted");
        }

        @Override
        public void onResumed() {
            told.add("resumed");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void listenerReceivesEachInterruption(int dedicated) throws Exception {
        EventLog log = newFactory(redis.uri(), "eventlog.follow.dedicated-connections=" + dedicated)
                .create("log");
        add("log", 0, 1);
        closeLater(log.follow(Tail.all(), new ToldOfOne()));
        assertTold("event 0", "caught up");

        for (int i = 1; i < 6; i++) {
            redis.kill();
            assertTold("interrupted");
            redis.start();
            add("log", i, i + 1);
            assertTold("resumed");
            String next = next();
            assertThat("gap".equals(next) ? next() : next)
                    .isEqualTo("event " + i); // the Redis of this test stores nothing on disk
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void followerThatStartsAfterAnOutageReceivesNoInterruption(int dedicated) throws Exception {
        EventLogFactory logs = newFactory("eventlog.follow.dedicated-connections=" + dedicated);
        CountDownLatch interrupted = new CountDownLatch(1);
        Follower during = logs.create("during").follow(Tail.all(), new EventBatchListener<>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onInterrupted() {
                interrupted.countDown();
            }
        });
        proxy.refuse();
        proxy.cut();
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
        during.close();
        proxy.accept();

        EventLog log = logs.create("log");
        await().ignoreExceptions().until(() -> !log.exists());
        add("log", 0, 1);
        closeLater(log.follow(Tail.all(), new ToldOfOne()));
        assertTold("event 0", "caught up");
        add("log", 1, 2);
        assertTold("event 1");
    }

    @ParameterizedTest
    @CsvSource({"0,", "8,", "0,invoices", "8,invoices"})
    void listenerOfAPatternReceivesEachInterruptionOnceEvenWithoutLogs(int dedicated, @Nullable String name)
            throws Exception {
        EventLogFactory logs = newFactory(
                redis.uri(),
                "eventlog.follow.dedicated-connections=" + dedicated,
                "eventlog.follow.sweep-interval=200ms");
        add("orders:1", 0, 1);
        add("orders:2", 0, 1);
        LogsFollower follower =
                closeLater(logs.follow(LogPattern.of("orders:*"), Tail.all(), new ToldOfMany(), options -> {
                    if (name != null) {
                        options.named(name);
                    }
                }));
        assertThat(List.of(next(), next(), next(), next()))
                .containsExactlyInAnyOrder("event 0", "event 0", "caught up", "caught up");

        interrupt();
        redis.ask("DEL", "orders:1", "orders:2");
        LogTests.await().until(() -> follower.logs().isEmpty());
        interrupt();
        interrupt();
        add("orders:3", 3, 4);
        assertTold("event 3", "caught up");
        follower.close();
        redis.kill();
        assertThat(told).isEmpty();
    }

    static final class Annotated {

        private final AtomicInteger events = new AtomicInteger();

        @EventLogListener(
                logs = {"log", "orders:*"},
                from = "all")
        void on(Event event) {
            events.incrementAndGet();
        }
    }

    @Test
    void policyOfAnnotatedListenersReceivesEachInterruption() throws Exception {
        add("log", 0, 1);
        add("orders:1", 0, 1);
        Annotated listener = new Annotated();
        EventLogErrorPolicy policy = new EventLogErrorPolicy() {
            @Override
            public void apply(FollowOptions.Builder options) {}

            @Override
            public void onInterrupted(String log) {
                told.add("interrupted " + log);
            }

            @Override
            public void onResumed(String log) {
                told.add("resumed " + log);
            }
        };
        closeLater(TestApplication.startOn(redis.uri(), context -> {
            context.registerBean(Annotated.class, () -> listener);
            context.registerBean(EventLogErrorPolicy.class, () -> policy);
        }));
        LogTests.await().until(() -> listener.events.get() == 2);

        for (int i = 0; i < 2; i++) {
            redis.kill();
            assertThat(List.of(next(), next())).containsExactlyInAnyOrder("interrupted log", "interrupted orders:*");
            redis.start();
            assertThat(List.of(next(), next())).containsExactlyInAnyOrder("resumed log", "resumed orders:*");
        }
    }

    private void interrupt() throws InterruptedException {
        redis.kill();
        assertTold("interrupted");
        redis.start();
        assertTold("resumed");
    }

    @Test
    void closeWaitsForOnInterrupted() throws Exception {
        EventLogFactory logs = newFactory(redis.uri());
        CountDownLatch mayReturn = new CountDownLatch(1);
        LogsFollower follower = closeLater(logs.follow(LogPattern.of("orders:*"), Tail.all(), new ToldOfMany() {
            @Override
            public void onInterrupted() {
                super.onInterrupted();
                try {
                    mayReturn.await();
                } catch (InterruptedException interrupted) {
                    told.add("thread interrupted");
                }
                told.add("returned");
            }
        }));
        redis.kill();
        assertTold("interrupted");

        Thread closing = new Thread(follower::close);
        closing.start();
        LogTests.await().until(() -> closing.getState() == Thread.State.TIMED_WAITING);
        assertThat(follower.completion().toCompletableFuture()).isNotDone();
        mayReturn.countDown();
        closing.join(Duration.ofSeconds(5).toMillis());

        assertThat(told).containsExactly("returned");
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(Follower.EndReason.CLOSED);
    }

    private class ToldOfMany implements LogsListener<Event> {

        @Override
        public void onBatch(String log, List<Event> batch) {
            batch.forEach(event -> told.add("event " + event.fields().get("n")));
        }

        @Override
        public void onCaughtUp(String log) {
            told.add("caught up");
        }

        @Override
        public void onInterrupted() {
            told.add("interrupted");
        }

        @Override
        public void onResumed() {
            told.add("resumed");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void subscriberReceivesInterruptionsWithoutDemand(int dedicated) throws Exception {
        EventLog log = newFactory(redis.uri(), "eventlog.follow.dedicated-connections=" + dedicated)
                .create("log");
        EventId id = add("log", 0, 1).get(0);
        log.publisher(Tail.after(id), new FollowSignals() {
                    @Override
                    public void onBegin(EventId position) {
                        told.add("begins at " + position);
                    }

                    @Override
                    public void onInterrupted() {
                        told.add("interrupted");
                    }

                    @Override
                    public void onResumed() {
                        told.add("resumed");
                    }
                })
                .subscribe(new Flow.Subscriber<>() {
                    @Override
                    public void onSubscribe(Flow.Subscription subscription) {
                        closeLater(subscription::cancel);
                    }

                    @Override
                    public void onNext(List<Event> batch) {
                        told.add("batch");
                    }

                    @Override
                    public void onError(Throwable failure) {
                        told.add(failure.toString());
                    }

                    @Override
                    public void onComplete() {
                        told.add("complete");
                    }
                });
        assertTold("begins at " + id);

        redis.kill();
        assertTold("interrupted");
        redis.start();
        assertTold("resumed");
    }

    private void assertTold(String... messages) throws InterruptedException {
        for (String message : messages) {
            assertThat(next()).isEqualTo(message);
        }
    }

    private String next() throws InterruptedException {
        String message = told.poll(20, TimeUnit.SECONDS);
        assertThat(message).as("reported within 20 s").isNotNull();
        return String.valueOf(message);
    }
}
