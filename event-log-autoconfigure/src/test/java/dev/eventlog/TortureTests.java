package dev.eventlog;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A torture run in short. */
@Tag("faults")
@Tag("long")
@Tag("torture")
@DisabledOnOs(OS.WINDOWS)
class TortureTests {

    @Test
    void tenSeconds() throws Exception {
        TortureRun.Result result = TortureRun.run(42, Duration.ofSeconds(10), System.out);
        assertThat(result.violations()).as(result.summary()).isEmpty();
    }
}
