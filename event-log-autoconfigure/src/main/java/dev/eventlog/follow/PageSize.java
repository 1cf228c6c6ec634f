package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.redis.EventSize;
import java.util.List;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The number of events of a log to request at once. It is lower for large events. It is halved after a failure, because the
 * answer may have been too large for the server's buffer or for this heap, and then slowly grows again. Thread-safe.
 */
final class PageSize {

    /** The maximum size of an answer, as far as it can be predicted. */
    private static final long MOST_BYTES = 4L << 20;

    private static final int GROWTH = 8;

    private static final int TELLING_FAILURES = 3;

    private static final Log logger = LogFactory.getLog(PageSize.class);

    private final String log;
    private final int most;
    private int size;
    private long ofOne;
    private int failuresInARow;

    PageSize(String log, int most) {
        this.log = log;
        this.most = most;
        this.size = most;
    }

    synchronized int next() {
        return ofOne == 0 ? size : (int) Math.max(1, Math.min(size, MOST_BYTES / ofOne));
    }

    synchronized void worked(int events, long bytes) {
        if (events == 0) { // proves nothing: another reader may just have failed at the existing events
            return;
        }
        failuresInARow = 0;
        ofOne = bytes == 0 ? ofOne : Math.max(bytes / events, ofOne / 2); // small events may come among large ones
        size = Math.min(most, size + 1 + size / GROWTH);
    }

    /** {@return whether so many events of this size can be requested at once} */
    static boolean allows(int most, int events, long bytes) {
        return events == 0 || bytes / events <= MOST_BYTES / most;
    }

    /** {@return the size of events, estimated by the largest of three} */
    static long bytes(List<Event> events) {
        int count = events.size();
        if (count == 0) {
            return 0;
        }
        long first = EventSize.of(events.get(0));
        long last = EventSize.of(events.get(count - 1));
        long middle = EventSize.of(events.get(count / 2));
        return count * Math.max(first, Math.max(middle, last));
    }

    /** An answer did not arrive, although Redis could be reached. Logged once, if it happens repeatedly. */
    synchronized void failed() {
        size = Math.max(1, next() / 2);
        if (++failuresInARow == TELLING_FAILURES) {
            logger.warn(
                    "Log '" + log + "' could not be read " + TELLING_FAILURES
                            + " times in a row, although Redis could be"
                            + " reached. If its events are large, set eventlog.follow.batch-size below " + most
                            + ", or raise client-output-buffer-limit in Redis. Until then the library reads fewer events at once");
        }
    }
}
