package dev.eventlog.observability;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogObserver;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Creates an observation for each add and each batch. Thread-safe. */
final class Observing implements EventLogObserver {

    private static final AddConvention ADD = new AddConvention() {};
    private static final BatchConvention BATCH = new BatchConvention() {};

    private final ObservationRegistry registry;
    private final LogTags tags;
    private final boolean propagateTrace;
    private final @Nullable AddConvention addConvention;
    private final @Nullable BatchConvention batchConvention;

    Observing(
            ObservationRegistry registry,
            LogTags tags,
            boolean propagateTrace,
            @Nullable AddConvention addConvention,
            @Nullable BatchConvention batchConvention) {
        this.registry = registry;
        this.tags = tags;
        this.propagateTrace = propagateTrace;
        this.addConvention = addConvention;
        this.batchConvention = batchConvention;
    }

    @Override
    public List<EventId> onAdd(String log, List<Map<String, String>> events, Add add) {
        if (registry.isNoop()) {
            return add.add(events);
        }
        AddContext context = new AddContext(log, tags.of(log), events.size(), propagateTrace);
        Observation observation = EventLogObservation.ADD.observation(addConvention, ADD, () -> context, registry);
        observation.observe(() -> context.added(add.add(context.withTrace(events))));
        return context.ids();
    }

    @Override
    public void onBatch(String log, List<Event> batch, Delivery delivery) throws Exception {
        if (registry.isNoop()) {
            delivery.deliver();
            return;
        }
        EventLogObservation.BATCH
                .observation(
                        batchConvention,
                        BATCH,
                        () -> new BatchContext(log, tags.of(log), batch, propagateTrace),
                        registry)
                .observeChecked(delivery::deliver);
    }
}
