package dev.eventlog.recording;

import dev.eventlog.redis.Connections;
import dev.eventlog.redis.RecordLeases;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.FixedBackOff;

class RecordingsTests extends LogTests {

    /** Otherwise running recordings would lose their leases, and their logs would be completed as failed. */
    @Test
    void leasesAreRenewedAfterAnExecutorWasFull() {
        Duration lease = Duration.ofMillis(300);
        Connections connections =
                closeLater(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofSeconds(1)));
        AtomicInteger renewals = new AtomicInteger();
        Executor full = task -> {
            if (renewals.incrementAndGet() <= 2) {
                throw new RejectedExecutionException("full");
            }
            ForkJoinPool.commonPool().execute(task);
        };
        Recordings recordings = new Recordings(
                new RecordLeases(connections, "test:recordings:" + newName(), lease),
                name -> newLog(),
                lease,
                new FixedBackOff(10),
                ForkJoinPool.commonPool(),
                full,
                () -> false);
        recordings.open();
        try {
            await().until(() -> renewals.get() > 4);
        } finally {
            recordings.close().join();
        }
    }
}
