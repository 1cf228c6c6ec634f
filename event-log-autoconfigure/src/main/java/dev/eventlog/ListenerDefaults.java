package dev.eventlog;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** The default behavior of a listener: it writes to the application log. */
final class ListenerDefaults {

    private static final Log logger = LogFactory.getLog(EventBatchListener.class);

    private ListenerDefaults() {}

    static void onGap(Gap gap) {
        logger.warn(gap);
    }

    static void onFailure(String log, Throwable failure) {
        Throwable trace = failure instanceof EventLogException ? null : failure; // its message is complete
        logger.error(
                "The follower of log '" + log + "' has ended: " + (trace == null ? failure.getMessage() : failure),
                trace);
        logger.debug("The failure was thrown here", failure);
    }
}
