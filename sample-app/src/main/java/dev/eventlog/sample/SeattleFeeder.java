package dev.eventlog.sample;

import dev.eventlog.AddOptions;
import dev.eventlog.EventLogException;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.stereotype.Component;

/**
 * Replays a year of temperatures into the log of sensor "seattle", one hour at a time, in an endless loop. Every
 * instance of the application does this if it is enabled. If many instances share one Redis, enable it in one of them
 * only.
 */
@Component
class SeattleFeeder implements SchedulingConfigurer {

    static final String SENSOR = "seattle";

    private static final Logger logger = LoggerFactory.getLogger(SeattleFeeder.class);

    private final Sensors sensors;
    private final boolean enabled;
    private final Duration interval;
    private final List<Reading> year;
    private final String run = UUID.randomUUID().toString();
    private int next = -1; // not known yet
    private long turn;
    private boolean failing;

    SeattleFeeder(
            Sensors sensors,
            @Value("${sample.feeder.enabled}") boolean enabled,
            @Value("${sample.feeder.interval}") Duration interval)
            throws IOException {
        this.sensors = sensors;
        this.enabled = enabled;
        this.interval = interval;
        this.year = enabled ? SeattleTemperatures.load() : List.of();
    }

    /**
     * Schedules the feeder if it is enabled. A condition would not work, because ahead-of-time processing evaluates
     * conditions only once.
     */
    @Override
    public void configureTasks(ScheduledTaskRegistrar tasks) {
        if (enabled) {
            tasks.addFixedDelayTask(this::feed, interval);
        }
    }

    private void feed() {
        try {
            if (next < 0) {
                next = afterTheLastOneFed();
            }
            sensors.add(SENSOR, year.get(next), AddOptions.idempotent(run + "-" + turn));
        } catch (EventLogException ex) { // it may have been added anyway: the next attempt has the same key
            if (!failing) {
                logger.warn("Cannot feed sensor '{}', and will try again: {}", SENSOR, ex.getMessage());
                failing = true;
            }
            return;
        }
        if (failing) {
            logger.info("Feeding sensor '{}' again", SENSOR);
            failing = false;
        }
        next = (next + 1) % year.size();
        turn++;
    }

    /** Returns the index to continue at. The log shows where an earlier run of the application stopped. */
    private int afterTheLastOneFed() {
        List<TypedEvent<Reading>> kept = sensors.readings(SENSOR).read(Tail.all());
        for (int i = kept.size() - 1; i >= 0; i--) {
            int index = year.indexOf(kept.get(i).value()); // -1 for a reading that a person has added
            if (index >= 0) {
                return (index + 1) % year.size();
            }
        }
        return 0;
    }
}
