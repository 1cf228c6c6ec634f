package dev.eventlog.testing;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.EventConversionException;
import dev.eventlog.EventLog;
import dev.eventlog.TypedEventLog;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

class LogAssertTests {

    private static final InMemoryEventLogs LOGS = InMemoryEventLogs.start("eventlog.max-length=100");

    private final EventLog log;
    private final TypedEventLog<Paid> typed;

    record Paid(String customer, int cents) {}

    LogAssertTests(TestInfo test) {
        log = LOGS.factory().create(test.getDisplayName());
        typed = LOGS.factory().create(test.getDisplayName(), Paid.class);
    }

    @AfterAll
    static void close() {
        LOGS.close();
    }

    private void later(Runnable work) {
        CompletableFuture<Void> unused =
                CompletableFuture.runAsync(work, CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));
    }

    @Test
    void typedLogIsComparedByValues() {
        assertThatLog(typed).isEmpty();
        typed.add(new Paid("Ada", 100));
        typed.add(new Paid("Bob", 200));
        assertThatLog(typed)
                .hasSize(2)
                .contains(new Paid("Bob", 200))
                .containsExactly(new Paid("Ada", 100), new Paid("Bob", 200))
                .endsWith(new Paid("Bob", 200))
                .doesNotContain(new Paid("Cleo", 1))
                .events(paid -> paid.extracting(Paid::cents).containsExactly(100, 200));
    }

    @Test
    void untypedLogIsComparedByStoredTexts() {
        log.add(Map.of("n", 1));
        assertThatLog(log).containsExactly(Map.of("n", "1"));
    }

    @Test
    void assertionWaitsForLaterEvents() {
        later(() -> typed.add(new Paid("Ada", 100)));
        assertThatLog(typed).eventually().contains(new Paid("Ada", 100));
    }

    @Test
    void assertionWaitsForTheCompletion() {
        later(log::complete);
        assertThatLog(log).within(Duration.ofSeconds(5)).isComplete();
    }

    @Test
    void assertionFailsAtOnceByDefault() {
        typed.add(new Paid("Ada", 100));
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> assertThatLog(typed).contains(new Paid("Bob", 200)))
                .withMessageContaining(typed.name())
                .withMessageContaining("Ada")
                .withMessageContaining("Bob");
    }

    @Test
    void failureHasTheLastEvents() {
        typed.add(new Paid("Ada", 100));
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() ->
                        assertThatLog(typed).within(Duration.ofMillis(100)).contains(new Paid("Bob", 200)))
                .withMessageContaining("Not within PT0.1S")
                .withMessageContaining(typed.name())
                .withMessageContaining("Ada");
    }

    @Test
    void assertionFailsAtOnceOnAnUnreadableEvent() {
        typed.untyped().add(Map.of("paid", "much"));
        long begun = System.nanoTime();
        assertThatExceptionOfType(EventConversionException.class)
                .isThrownBy(
                        () -> assertThatLog(typed).within(Duration.ofMinutes(1)).hasSize(2));
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
    }

    @Test
    void incompleteLogFailsTheAssertion() {
        log.add(Map.of("n", 1));
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> assertThatLog(log).isComplete())
                .withMessageContaining("is complete");
    }

    @Test
    void assertionWaitsUntilRedisIsBack() {
        typed.add(new Paid("Ada", 100));
        LOGS.redis().disconnect();
        later(LOGS.redis()::reconnect);
        assertThatLog(typed).eventually().contains(new Paid("Ada", 100));
    }
}
