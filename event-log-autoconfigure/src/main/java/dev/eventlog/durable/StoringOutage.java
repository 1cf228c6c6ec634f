package dev.eventlog.durable;

import dev.eventlog.follow.Outage;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.util.backoff.BackOff;

/** Logs that positions in many logs cannot be stored: once, not for each log. Thread-safe. */
final class StoringOutage {

    private static final Log logger = LogFactory.getLog(Checkpoints.class);

    private final Object whose;
    private final Outage outage; // guarded by this
    private volatile boolean lasts;

    /**
     * Creates an instance without failures.
     *
     * @param whose describes the owner of the positions in the application log
     * @param recovery the back-off between attempts to store a position
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
                        + " cannot be stored and will be retried; logs whose positions are not stored get no events"
                        + " until then");
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
