package dev.eventlog.sample;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.AddOptions;
import dev.eventlog.testing.EventLogTest;
import dev.eventlog.testing.memory.InMemoryRedis;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.annotation.Import;

/** Uses an in-memory Redis, because this test is not about Redis. */
@EventLogTest
@Import(Sensors.class)
class SensorsTests {

    @Autowired
    private Sensors sensors;

    @Autowired
    private InMemoryRedis redis;

    private static Reading reading(double temperature) {
        return new Reading(temperature, null);
    }

    @Test
    void sensorIsAnnouncedWithItsFirstReading() {
        sensors.add("attic", reading(21.5), AddOptions.none());
        sensors.add("attic", reading(22.5), AddOptions.none());

        assertThatLog(sensors.names()).events(names -> names.containsOnlyOnce(new Sensors.Sensor("attic")));
        assertThatLog(sensors.readings("attic")).containsExactly(reading(21.5), reading(22.5));
    }

    @Test
    void sensorWithALostLogIsAnnouncedAgainAndListedOnce() {
        sensors.add("cellar", reading(12.0), AddOptions.none());
        redis.delete("sample:sensors:cellar");
        sensors.add("cellar", reading(13.0), AddOptions.none());

        assertThatLog(sensors.readings("cellar")).containsExactly(reading(13.0));
        assertThat(sensors.list()).containsOnlyOnce("cellar");
    }
}
