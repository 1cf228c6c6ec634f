package dev.eventlog.sample;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.springframework.core.io.ClassPathResource;

/** The temperature at Seattle's airport for each hour of a year: see {@code data/SOURCES.md}. */
final class SeattleTemperatures {

    private SeattleTemperatures() {}

    static List<Reading> load() throws IOException {
        List<Reading> readings = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new ClassPathResource("data/seattle-temps.csv").getInputStream(), StandardCharsets.UTF_8))) {
            lines.readLine(); // date,temp
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int comma = line.indexOf(',');
                LocalDateTime hour =
                        OffsetDateTime.parse(line.substring(0, comma)).toLocalDateTime();
                double fahrenheit = Double.parseDouble(line.substring(comma + 1));
                readings.add(new Reading(toCelsius(fahrenheit), hour));
            }
        }
        return List.copyOf(readings);
    }

    /** Rounds to a tenth of a degree, the precision of the data. */
    private static double toCelsius(double fahrenheit) {
        return Math.round((fahrenheit - 32) * 50 / 9) / 10.0;
    }
}
