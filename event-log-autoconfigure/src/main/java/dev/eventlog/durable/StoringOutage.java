package dev.eventlog.durable;

import dev.eventlog.follow.Outage;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.util.backoff.BackOff;

/** That positions in many logs cannot be stored, which is said once and not of each log. Thread-safe. */
final class StoringOutage {

    private static final Log logger = LogFactory.getLog(Checkpoints.class);

    private final Object whose;
    private final Outage outage; // guarded by this
    private volatile boolean lasts;

    /**
     * Nothing has failed yet.
     *
     * @param whose whose positions they are, as it stands in the application's log
     * @param recovery after what time each of them is tried again
     */
    StoringOutage(Object whose, BackOff recovery) {
        this.whose = whose;
        this.outage = new Outage(logger, recovery);
    }

    synchronized void failed(RuntimeException why) {
        lasts = true;
        long unused = outage.failed(
                why,
                next -> "Positions of the " + whose
                        + " cannot be stored and will be retried; no events are delivered of logs whose positions are not"
                        + " stored");
    }

    void over() {
        if (lasts) {
            synchronized (this) {
                lasts = false;
                outage.over("Positions of the " + whose + " are stored again");
            }
        }
    }
}
