package dev.eventlog.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A short torture run. The build skips it because of its name, because it needs a quiet machine. */
@DisabledOnOs(OS.WINDOWS)
class TortureTrial {

    @Test
    void tenSecondsBreakNoPromise() throws Exception {
        TortureRun.Result result = TortureRun.run(42, Duration.ofSeconds(10), System.out);
        assertThat(result.violations()).as(result.summary()).isEmpty();
    }
}
