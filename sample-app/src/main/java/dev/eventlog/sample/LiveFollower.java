package dev.eventlog.sample;

import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import org.springframework.stereotype.Component;

/** Takes each reading as it comes. */
@Component
class LiveFollower implements PanelFollowers.Startable {

    private final EventLogFactory logs;
    private final Panel panel;

    LiveFollower(EventLogFactory logs, Panel panel) {
        this.logs = logs;
        this.panel = panel;
    }

    // tag::code[]
    @Override
    public void start() {
        Follower unused =
                logs.create("sensors:seattle", Reading.class).follow(Tail.newOnly(), new PanelListener(panel, "live"));
    }
    // end::code[]
}
