package dev.eventlog.observability;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.convert.EventFields;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;
import java.util.List;
import java.util.Map;

/**
 * Context of an observed batch. Its carrier is the first event with a trace, if traces are propagated, because an
 * observation has at most one parent.
 */
public final class BatchContext extends ReceiverContext<Map<String, String>> {

    private final String log;
    private final String logPattern;
    private final List<EventId> ids;

    BatchContext(String log, String logPattern, List<Event> batch, boolean propagateTrace) {
        super(
                (carrier, key) ->
                        key.equalsIgnoreCase(AddContext.TRACE_PARENT) ? carrier.get(EventFields.TRACE_PARENT) : null,
                Kind.CONSUMER);
        this.log = log;
        this.logPattern = logPattern;
        this.ids = batch.stream().map(Event::id).toList();
        setRemoteServiceName("redis");
        setCarrier(
                propagateTrace
                        ? batch.stream()
                                .map(Event::fields)
                                .filter(fields -> fields.containsKey(EventFields.TRACE_PARENT))
                                .findFirst()
                                .orElse(Map.of())
                        : Map.of());
    }

    /** {@return the name of the log} */
    public String log() {
        return log;
    }

    /** {@return the first configured pattern that matches that name; an asterisk if none does} */
    public String logPattern() {
        return logPattern;
    }

    /** {@return the ids of the events, in order} */
    public List<EventId> ids() {
        return ids;
    }
}
