package dev.eventlog.sample;

import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Takes longer for each reading than the next one takes to come. It delays nobody else. */
@Component
class SlowFollower implements PanelFollowers.Startable {

    private final EventLogFactory logs;
    private final Panel panel;
    private final long millis;

    SlowFollower(EventLogFactory logs, Panel panel, @Value("${sample.slow-millis}") long millis) {
        this.logs = logs;
        this.panel = panel;
        this.millis = millis;
    }

    // tag::code[]
    @Override
    public void start() {
        PanelListener listener = new PanelListener(panel, "slow") {
            @Override
            public void onBatch(List<TypedEvent<Reading>> batch) throws Exception {
                Thread.sleep(millis);
                super.onBatch(batch);
            }
        };
        Follower unused = logs.create("sensors:seattle", Reading.class)
                .follow(
                        Tail.newOnly(),
                        listener,
                        options -> options.named("slow").batchSize(1));
    }
    // end::code[]
}
