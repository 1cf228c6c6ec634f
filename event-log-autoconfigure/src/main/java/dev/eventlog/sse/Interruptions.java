package dev.eventlog.sse;

import dev.eventlog.EventLogUnavailableException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** Logs that streams cannot begin, and that they can again: each once, however many clients connect. */
final class Interruptions {

    private static final Log logger = LogFactory.getLog(Interruptions.class);

    private final AtomicBoolean interrupted = new AtomicBoolean();

    /** A stream could not begin. */
    void met(EventLogUnavailableException failure) {
        if (interrupted.compareAndSet(false, true)) {
            logger.warn("Streams of Server-Sent Events cannot begin now. They stay open and begin when Redis answers: "
                    + failure.getMessage());
        } else {
            logger.debug("A stream of Server-Sent Events could not begin", failure);
        }
    }

    /** A stream has begun. */
    void over() {
        if (interrupted.get() && interrupted.compareAndSet(true, false)) {
            logger.info("Streams of Server-Sent Events begin again");
        }
    }
}
