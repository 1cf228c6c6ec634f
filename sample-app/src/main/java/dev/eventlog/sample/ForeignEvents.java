package dev.eventlog.sample;

import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.UnreadableEventHandler;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Gets the events that do not fit the type of their log, such as those of other programs. Followers, pages, and reads
 * leave them out.
 */
@Component
class ForeignEvents implements UnreadableEventHandler {

    /** The number of events that the panel shows. More would fill the memory. */
    private static final int MOST = 100;

    private final ObjectProvider<Panel> panel; // later, because the panel needs the logs, and the logs need this class
    private final Set<String> shown = ConcurrentHashMap.newKeySet();

    ForeignEvents(ObjectProvider<Panel> panel) {
        this.panel = panel;
    }

    // tag::code[]
    /** Shows an event once, although each follower, page, and read gets it. */
    @Override
    public void handle(Event event, EventConversionException failure) {
        if (shown.size() < MOST && shown.add(failure.log() + " " + event.id())) {
            panel.ifAvailable(
                    all -> all.tell("handler", "skipped an event of " + failure.log() + ": " + event.fields()));
        }
    }
    // end::code[]
}
