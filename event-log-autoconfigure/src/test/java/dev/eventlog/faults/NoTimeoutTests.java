package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** An application without a limit for replies. */
@ExtendWith(OutputCaptureExtension.class)
class NoTimeoutTests extends ClosingTests {

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
    private final EventLog log = TestApplication.factory(closeLater(TestApplication.startOn(
                    redis.uri(), "spring.data.redis.timeout=0", "eventlog.follow.poll-timeout=200ms")))
            .create("log");
    private final Collected<Event> listener = Collected.events();

    @BeforeEach
    void follow() {
        connected(() -> closeLater(log.follow(Tail.all(), listener)));
        connected(() -> log.add(event(0)));
        await().until(() -> listener.count() == 1);
    }

    @Test
    void idleFollowerIsNotReportedAsInterrupted(CapturedOutput output) {
        Awaitility.await()
                .during(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(4))
                .until(() -> !output.getAll().contains("interrupted"));
        connected(() -> log.add(event(1)));
        await().until(() -> listener.count() == 2);
        assertThat(listener.gaps()).isEmpty();
    }

    /**
     * Lettuce also uses this timeout for its handshake, and discards a new connection that is not ready at the next
     * tick of its clock, within 100 ms.
     */
    private static <T> void connected(Callable<T> call) {
        await().ignoreExceptionsInstanceOf(EventLogUnavailableException.class).until(call, result -> true);
    }

    /** A feed disconnects from a frozen server, because it must not wait forever. */
    @Tag("long")
    @Test
    void frozenServerIsReportedAsAnInterruption(CapturedOutput output) {
        redis.freeze();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> output.getAll().contains("interrupted"));
        redis.thaw();
        await().until(() -> output.getAll().contains("continues after"));
        connected(() -> log.add(event(1)));
        await().until(() -> listener.count() == 2);
    }
}
