package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Recording;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.TaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/** An executor of the application that rejects tasks for a while. */
@ExtendWith(OutputCaptureExtension.class)
class BusyExecutorTests extends ClosingTests {

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
    private final CountDownLatch go = new CountDownLatch(1);
    private final ConfigurableApplicationContext application = closeLater(TestApplication.startOn(
            redis.uri(),
            (GenericApplicationContext context) ->
                    context.registerBean("eventLogTaskExecutor", TaskExecutor.class, BusyExecutorTests::ofOneThread),
            "eventlog.follow.recovery.delay=20ms",
            "eventlog.follow.recovery.max-delay=100ms"));
    private final EventLog log = TestApplication.factory(application).create("log");

    private static TaskExecutor ofOneThread() {
        ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
        executor.setMaxPoolSize(1);
        executor.setQueueCapacity(0);
        executor.initialize();
        return executor;
    }

    @Test
    void followersWaitForAThreadAndMissNothing(CapturedOutput output) {
        List<Collected<Event>> listeners = new ArrayList<>();
        List<Follower> followers = new ArrayList<>();
        followers.add(closeLater(log.follow(Tail.all(), batch -> go.await())));
        log.addAll(events(0, 3));
        await().until(() -> application
                        .getBean("eventLogTaskExecutor", ThreadPoolTaskExecutor.class)
                        .getActiveCount()
                == 1);
        for (int i = 0; i < 4; i++) {
            Collected<Event> listener = Collected.events();
            listeners.add(listener);
            boolean named = i % 2 == 0;
            String name = "app" + i;
            followers.add(closeLater(log.follow(Tail.all(), listener, options -> {
                if (named) {
                    options.named(name);
                }
            })));
        }
        log.addAll(events(3, 6));
        await().until(() -> output.getAll().contains("for a thread"));
        assertThat(followers).allMatch(Follower::isRunning);
        assertThat(listeners).allMatch(listener -> listener.count() == 0);

        go.countDown();
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 6));
        assertThat(listeners)
                .allSatisfy(listener -> assertThat(numbers(listener.all())).isEqualTo(range(0, 6)));
    }

    @Test
    void recordingWaitsForAThreadAndLosesNothing() throws Exception {
        closeLater(log.follow(Tail.all(), batch -> go.await()));
        log.addAll(events(0, 3));
        ThreadPoolTaskExecutor threads = application.getBean("eventLogTaskExecutor", ThreadPoolTaskExecutor.class);
        await().until(() -> threads.getActiveCount() == 1);
        EventLog recorded = TestApplication.factory(application).create("recorded");
        SubmissionPublisher<Map<String, Object>> source = closeLater(new SubmissionPublisher<>());
        Recording recording = recorded.record(source, options -> options.batchTime(Duration.ofMillis(10)));
        events(0, 3).forEach(source::submit);
        source.close();
        await().until(() -> threads.getThreadPoolExecutor().getTaskCount() > 0 && !recorded.isComplete());
        assertThat(recording.completion()).isNotDone();

        go.countDown();
        assertThat(recording.completion().get(10, TimeUnit.SECONDS)).isEqualTo(Completion.done());
        assertThat(numbers(recorded.read(Tail.all()))).isEqualTo(range(0, 3));
    }

    @Test
    void subscriberWithoutAThreadReceivesTheReason() {
        closeLater(log.follow(Tail.all(), batch -> go.await()));
        log.addAll(events(0, 3));
        await().until(() -> application
                        .getBean("eventLogTaskExecutor", ThreadPoolTaskExecutor.class)
                        .getActiveCount()
                == 1);
        TestSubscriber<Event> subscriber = new TestSubscriber<>();
        log.publisher(Tail.all()).subscribe(subscriber);
        await().until(() -> subscriber.failure() != null);
        assertThat(subscriber.failure())
                .hasMessageContaining("Log 'log'")
                .hasMessageContaining("eventLogTaskExecutor")
                .hasMessageNotContaining("shutting down");
        go.countDown();
    }
}
