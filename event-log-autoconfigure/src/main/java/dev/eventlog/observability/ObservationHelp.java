package dev.eventlog.observability;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import java.util.Map;

/** Describes the timers of the observations, because Micrometer gives them no description. Stateless. */
final class ObservationHelp implements MeterFilter {

    private static final Map<String, String> BY_NAME = Map.of(
            "eventlog.add", "Duration of adds, including failed adds.",
            "eventlog.add.active", "Duration of the adds that are running.",
            "eventlog.batch", "Duration of the same calls as of eventlog.callback, from their observation.",
            "eventlog.batch.active", "Duration of the listener calls that are running.");

    @Override
    public Meter.Id map(Meter.Id id) {
        String help = BY_NAME.get(id.getName());
        return help == null || id.getDescription() != null
                ? id
                : new Meter.Id(id.getName(), Tags.of(id.getTags()), id.getBaseUnit(), help, id.getType());
    }
}
