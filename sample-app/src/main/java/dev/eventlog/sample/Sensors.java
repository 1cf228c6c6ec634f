package dev.eventlog.sample;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.LogPattern;
import dev.eventlog.TypedEventLog;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/**
 * The sensors. Each sensor has a log of its readings. The logs are in Redis, so any number of instances of this
 * application can share them, and a sensor exists for as long as its log.
 */
@Component
class Sensors {

    /** The logs of all sensors. */
    static final LogPattern ALL = LogPattern.of("sensors:*");

    private static final String PREFIX = "sensors:";

    /** A page follows the logs of all sensors on one connection, and such a stream has at most 150 logs. */
    private static final int MOST = 100;

    private final EventLogFactory logs;

    Sensors(EventLogFactory logs) {
        this.logs = logs;
    }

    TypedEventLog<Reading> readings(String sensor) {
        return logs.create(PREFIX + sensor, Reading.class);
    }

    List<String> list() {
        try (Stream<String> names = logs.names(ALL.text())) {
            return names.map(name -> name.substring(PREFIX.length()))
                    .distinct()
                    .sorted()
                    .toList();
        }
    }

    EventId add(String sensor, Reading reading, AddOptions options) {
        return forAdding(sensor).add(reading, options);
    }

    List<EventId> addAll(String sensor, List<Reading> readings, AddOptions options) {
        return forAdding(sensor).addAll(readings, options);
    }

    private TypedEventLog<Reading> forAdding(String sensor) {
        TypedEventLog<Reading> log = readings(sensor);
        if (!log.exists() && list().size() >= MOST) {
            throw ProblemAdvice.badRequest("sensor", "is new, and there are " + MOST + " sensors already");
        }
        return log;
    }
}
