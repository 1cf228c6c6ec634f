package dev.eventlog.sample;

import dev.eventlog.EventBatchListener;
import dev.eventlog.Gap;
import dev.eventlog.TypedEvent;
import java.util.List;

/** Shows a panel everything that a follower is told. */
class PanelListener implements EventBatchListener<TypedEvent<Reading>> {

    private final Panel panel;
    private final String name;

    PanelListener(Panel panel, String name) {
        this.panel = panel;
        this.name = name;
    }

    // tag::code[]
    @Override
    public void onBatch(List<TypedEvent<Reading>> batch) throws Exception {
        panel.took(name, batch.get(batch.size() - 1).id());
    }

    @Override
    public void onGap(Gap gap) {
        panel.missed(name, gap);
    }

    @Override
    public void onInterrupted() {
        panel.tell(name, "interrupted: Redis cannot be reached");
    }

    @Override
    public void onResumed() {
        panel.tell(name, "resumed");
    }
    // end::code[]
}
