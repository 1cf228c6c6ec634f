package dev.eventlog.sample;

import dev.eventlog.EventLogUnavailableException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Starts the followers of the panel, as soon as Redis can be reached. */
@Component
class PanelFollowers {

    private static final Logger logger = LoggerFactory.getLogger(PanelFollowers.class);

    /** A follower of the panel. The application closes it when it shuts down. */
    interface Startable {

        void start();
    }

    private final List<Startable> waiting;

    PanelFollowers(List<Startable> followers) {
        this.waiting = new ArrayList<>(followers);
    }

    @Scheduled(fixedDelay = 1000)
    void startWaiting() {
        try {
            while (!waiting.isEmpty()) {
                waiting.get(0).start();
                waiting.remove(0);
            }
        } catch (EventLogUnavailableException away) {
            logger.debug("The followers of the panel start later", away);
        }
    }
}
