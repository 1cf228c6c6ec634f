package dev.eventlog.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A torture run in short. No build runs it, by its name: only one that asks for it, as it wants the machine for itself. */
@DisabledOnOs(OS.WINDOWS)
class TortureTrial {

    @Test
    void tenSeconds() throws Exception {
        TortureRun.Result result = TortureRun.run(42, Duration.ofSeconds(10), System.out);
        assertThat(result.violations()).as(result.summary()).isEmpty();
    }
}
