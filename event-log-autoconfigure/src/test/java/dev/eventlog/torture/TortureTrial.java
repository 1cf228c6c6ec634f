package dev.eventlog.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A short torture run. It needs the machine for itself, so its name keeps it out of the build. */
@DisabledOnOs(OS.WINDOWS)
class TortureTrial {

    @Test
    void tenSecondsBreakNoPromise() throws Exception {
        TortureRun.Result result = TortureRun.run(42, Duration.ofSeconds(10), System.out);
        assertThat(result.violations()).as(result.summary()).isEmpty();
    }
}
