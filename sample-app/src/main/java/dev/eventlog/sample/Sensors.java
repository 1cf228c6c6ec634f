package dev.eventlog.sample;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * The sensors. Each sensor has a log of its readings, and another log has the names of all sensors. All of these are in
 * Redis, so any number of instances of this application can share them.
 */
@Component
class Sensors {

    private final EventLogFactory logs;
    private final TypedEventLog<Sensor> names;

    Sensors(EventLogFactory logs) {
        this.logs = logs;
        this.names = logs.create("sensors", Sensor.class);
    }

    /**
     * A sensor that has a log. A name can occur several times, because two instances can add it, and a log can begin
     * again. Readers ignore repeated names.
     */
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
