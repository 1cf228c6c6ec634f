package dev.eventlog.observability;

import dev.eventlog.EventId;
import dev.eventlog.convert.EventFields;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Context of an observed add. Its carrier receives the stored header of the trace, if traces are propagated. */
public final class AddContext extends SenderContext<Map<String, String>> {

    /** The header in W3C format, which Spring Boot writes by default. */
    static final String TRACE_PARENT = "traceparent";

    private final String log;
    private final String logPattern;
    private final int events;
    private List<EventId> ids = List.of();

    AddContext(String log, String logPattern, int events, boolean propagateTrace) {
        super(
                (carrier, key, value) -> {
                    if (propagateTrace && carrier != null && key.equalsIgnoreCase(TRACE_PARENT)) {
                        carrier.put(TRACE_PARENT, value);
                    }
                },
                Kind.PRODUCER);
        setCarrier(new HashMap<>());
        setRemoteServiceName("redis");
        this.log = log;
        this.logPattern = logPattern;
        this.events = events;
    }

    /** {@return the name of the log} */
    public String log() {
        return log;
    }

    /** {@return the first configured pattern that matches that name; an asterisk if none does} */
    public String logPattern() {
        return logPattern;
    }

    /** {@return the number of events} */
    public int events() {
        return events;
    }

    /** {@return the ids of the events, in order; empty before the add, and if the add fails} */
    public List<EventId> ids() {
        return ids;
    }

    void added(List<EventId> given) {
        this.ids = given;
    }

    /** {@return the events with the trace in an additional field, if there is a trace} */
    List<Map<String, String>> withTrace(List<Map<String, String>> fields) {
        Map<String, String> carrier = getCarrier();
        String trace = carrier == null ? null : carrier.get(TRACE_PARENT);
        if (trace == null) {
            return fields;
        }
        List<Map<String, String>> traced = new ArrayList<>(fields.size());
        for (Map<String, String> event : fields) {
            Map<String, String> more = new LinkedHashMap<>(event);
            more.putIfAbsent(EventFields.TRACE_PARENT, trace);
            traced.add(more);
        }
        return traced;
    }
}
