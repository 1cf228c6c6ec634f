package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.LocalDateTime;
import java.util.List;
import org.junit.jupiter.api.Test;

class SeattleTemperaturesTests {

    @Test
    void dataHasEveryHourOfTheYear() throws IOException {
        List<Reading> year = SeattleTemperatures.load();

        assertThat(year)
                .hasSize(8759)
                .extracting(Reading::measured)
                .doesNotContainNull()
                .isSorted();
        assertThat(year.get(0)).isEqualTo(new Reading(4.0, LocalDateTime.of(2010, 1, 1, 1, 0))); // 39.2 °F
        assertThat(year.get(8758)).isEqualTo(new Reading(4.3, LocalDateTime.of(2010, 12, 31, 23, 0))); // 39.7 °F
        assertThat(year)
                .extracting(Reading::temperature)
                .allSatisfy(celsius -> assertThat(celsius).isBetween(3.0, 24.4));
    }
}
