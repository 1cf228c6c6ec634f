package dev.eventlog.sample;

import dev.eventlog.EventLogFactory;
import dev.eventlog.Gap;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import java.util.List;
import org.springframework.stereotype.Component;

/** Follows all sensors, also those that begin later. */
@Component
class PatternFollower implements PanelFollowers.Startable {

    private final EventLogFactory logs;
    private final Panel panel;

    PatternFollower(EventLogFactory logs, Panel panel) {
        this.logs = logs;
        this.panel = panel;
    }

    // tag::code[]
    @Override
    public void start() {
        LogsListener<TypedEvent<Reading>> listener = new LogsListener<>() {
            @Override
            public void onBatch(String log, List<TypedEvent<Reading>> batch) {
                panel.took("pattern", batch.get(batch.size() - 1).id());
            }

            @Override
            public void onGap(Gap gap) {
                panel.missed("pattern", gap);
            }
        };
        LogsFollower unused = logs.follow(LogPattern.of("sensors:*"), Reading.class, Tail.newOnly(), listener);
    }
    // end::code[]
}
