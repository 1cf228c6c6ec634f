package dev.eventlog.sample;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * The sensors: each has a log of its readings, and one more log tells which sensors there are. All of it lives in Redis, so
 * any number of instances of this application can share it.
 */
@Component
class Sensors {

    private final EventLogFactory logs;
    private final TypedEventLog<Sensor> names;

    Sensors(EventLogFactory logs) {
        this.logs = logs;
        this.names = logs.create("sensors", Sensor.class);
    }

    /** A sensor has begun a log. Two instances may both say so, and it may begin again: readers take the name once. */
    record Sensor(String name) {}

    TypedEventLog<Sensor> names() {
        return names;
    }

    TypedEventLog<Reading> readings(String sensor) {
        return logs.create("sensors:" + sensor, Reading.class);
    }

    List<String> list() {
        return names.read(Tail.all()).stream()
                .map(event -> event.value().name())
                .distinct()
                .sorted()
                .toList();
    }

    EventId add(String sensor, Reading reading, AddOptions options) {
        TypedEventLog<Reading> log = readings(sensor);
        announce(sensor, log);
        return log.add(reading, options);
    }

    List<EventId> addAll(String sensor, List<Reading> readings, AddOptions options) {
        TypedEventLog<Reading> log = readings(sensor);
        announce(sensor, log);
        return log.addAll(readings, options);
    }

    private void announce(String sensor, TypedEventLog<Reading> log) {
        if (!log.exists()) {
            names.add(new Sensor(sensor));
        }
    }
}
