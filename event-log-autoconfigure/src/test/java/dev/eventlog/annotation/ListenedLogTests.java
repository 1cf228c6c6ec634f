package dev.eventlog.annotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.eventlog.EventLogUnavailableException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.util.backoff.FixedBackOff;

/** A log of a listener that cannot be followed yet. */
class ListenedLogTests {

    @Test
    void logRunsWhileAnotherAttemptIsInProgress() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        CountDownLatch redisAnswers = new CountDownLatch(1);
        try (SimpleAsyncTaskScheduler scheduler = new SimpleAsyncTaskScheduler()) {
            ListenedLog log = new ListenedLog(
                    "Log 'a'",
                    before -> {
                        if (attempts.incrementAndGet() == 2) {
                            await().until(() -> redisAnswers.getCount() == 0);
                        }
                        throw new EventLogUnavailableException("a", "Redis is away", null);
                    },
                    new FixedBackOff(1, Long.MAX_VALUE),
                    scheduler);
            log.start();
            await().until(() -> attempts.get() == 2);
            assertThat(log.isRunning()).isTrue();
            log.stopBeginning();
            redisAnswers.countDown();
            assertThat(log.isRunning()).isFalse();
        }
    }
}
