package dev.eventlog.sample;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.AddOptions;
import dev.eventlog.testing.EventLogTest;
import dev.eventlog.testing.memory.InMemoryRedis;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.annotation.Import;
import org.springframework.web.ErrorResponseException;

/** Uses an in-memory Redis, because this test is not about Redis. */
@EventLogTest
@Import({Sensors.class, ForeignEvents.class})
class SensorsTests {

    @Autowired
    private Sensors sensors;

    @Autowired
    private InMemoryRedis redis;

    private static Reading reading(double temperature) {
        return new Reading(temperature, null);
    }

    @Test
    void sensorBeginsWithItsFirstReading() {
        sensors.add("attic", reading(21.5), AddOptions.none());
        sensors.add("attic", reading(22.5), AddOptions.none());

        assertThat(sensors.list()).containsOnlyOnce("attic");
        assertThatLog(sensors.readings("attic")).containsExactly(reading(21.5), reading(22.5));
    }

    @Test
    void sensorWhoseLogIsLostVanishesAndCanBeginAgain() {
        sensors.add("cellar", reading(12.0), AddOptions.none());
        redis.delete("sample:sensors:cellar");
        assertThat(sensors.list()).doesNotContain("cellar");

        sensors.add("cellar", reading(13.0), AddOptions.none());
        assertThatLog(sensors.readings("cellar")).containsExactly(reading(13.0));
    }

    @Test
    void sensorBeyondTheLimitIsRefused() {
        for (int i = sensors.list().size(); i < 100; i++) {
            sensors.add("many-" + i, reading(i), AddOptions.none());
        }

        assertThatExceptionOfType(ErrorResponseException.class)
                .isThrownBy(() -> sensors.add("one-more", reading(1), AddOptions.none()))
                .satisfies(refused -> assertThat(refused.getBody().getDetail())
                        .isEqualTo("sensor: is new, and there are 100 sensors already"));
        sensors.add(sensors.list().get(0), reading(2), AddOptions.none());
    }
}
