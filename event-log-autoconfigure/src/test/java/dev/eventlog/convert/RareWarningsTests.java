package dev.eventlog.convert;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RareWarningsTests {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000); // the clock of the JVM may overflow
    private final RareWarnings warnings = new RareWarnings(now::get);

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void eachLogIsReportedOnceAMinute() {
        assertThat(warnings.isDue("a")).isTrue();
        assertThat(warnings.isDue("a")).isFalse();
        assertThat(warnings.isDue("b")).isTrue();

        pass(Duration.ofSeconds(59));
        assertThat(warnings.isDue("a")).isFalse();
        assertThat(warnings.isDue("c")).isTrue();

        pass(Duration.ofSeconds(1));
        assertThat(warnings.isDue("a")).isTrue();
        assertThat(warnings.isDue("c")).isFalse();

        pass(Duration.ofSeconds(59));
        assertThat(warnings.isDue("a")).isFalse();
        assertThat(warnings.isDue("c")).isTrue();
    }
}
