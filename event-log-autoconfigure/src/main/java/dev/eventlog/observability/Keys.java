package dev.eventlog.observability;

import dev.eventlog.EventId;
import dev.eventlog.observability.EventLogObservation.High;
import dev.eventlog.observability.EventLogObservation.Low;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import java.util.List;

/** The key values that both observations have. */
final class Keys {

    private Keys() {}

    static KeyValues low(String logPattern) {
        return KeyValues.of(Low.LOG.withValue(logPattern));
    }

    static KeyValues high(String log, int events, List<EventId> ids) {
        return KeyValues.of(
                High.NAME.withValue(log),
                High.EVENTS.withValue(Integer.toString(events)),
                High.FIRST_ID.withValue(
                        ids.isEmpty() ? KeyValue.NONE_VALUE : ids.get(0).toString()),
                High.LAST_ID.withValue(
                        ids.isEmpty()
                                ? KeyValue.NONE_VALUE
                                : ids.get(ids.size() - 1).toString()));
    }
}
