package dev.eventlog.observability;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import java.util.Map;

/**
 * Describes the timers of the observations, because Micrometer gives them no description. Leaves out the timer of a batch,
 * because {@code eventlog.callback} measures the same calls. Stateless.
 */
final class ObservationTimers implements MeterFilter {

    private static final String OF_BATCH = "eventlog.batch";

    private static final Map<String, String> BY_NAME = Map.of(
            "eventlog.add", "Duration of adds, including failed adds.",
            "eventlog.add.active", "Duration of the adds that are running.",
            "eventlog.batch.active", "Duration of the listener calls that are running.");

    @Override
    public MeterFilterReply accept(Meter.Id id) {
        return id.getName().equals(OF_BATCH) ? MeterFilterReply.DENY : MeterFilterReply.NEUTRAL;
    }

    @Override
    public Meter.Id map(Meter.Id id) {
        String help = BY_NAME.get(id.getName());
        return help == null || id.getDescription() != null
                ? id
                : new Meter.Id(id.getName(), Tags.of(id.getTags()), id.getBaseUnit(), help, id.getType());
    }
}
