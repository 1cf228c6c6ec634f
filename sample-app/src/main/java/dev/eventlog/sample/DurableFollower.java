package dev.eventlog.sample;

import dev.eventlog.FollowOptions;
import dev.eventlog.Gap;
import dev.eventlog.TypedEvent;
import dev.eventlog.annotation.EventLogErrorPolicy;
import dev.eventlog.annotation.EventLogListener;
import java.util.List;
import org.springframework.stereotype.Component;

/** Continues after a restart of the application where it was. */
@Component
class DurableFollower implements EventLogErrorPolicy {

    private final Panel panel;

    DurableFollower(Panel panel) {
        this.panel = panel;
    }

    // tag::code[]
    @EventLogListener(logs = "sensors:seattle", name = "durable")
    void take(List<TypedEvent<Reading>> batch) {
        panel.took("durable", batch.get(batch.size() - 1).id());
    }

    @Override
    public void onGap(Gap gap) {
        panel.missed("durable", gap);
    }
    // end::code[]

    @Override
    public void apply(FollowOptions.Builder options) {
        // no retries: the method does not throw
    }
}
