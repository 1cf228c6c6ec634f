package dev.eventlog.follow;

import dev.eventlog.Event;
import java.util.List;
import java.util.Map;

/**
 * How many events of one log to ask for at once: fewer where they are large, half as many after a failure, as the answer may
 * have been too large for the server's buffer or this heap, and then slowly more again. Thread-safe.
 */
final class PageSize {

    /** Of an answer, as far as its size can be foreseen. */
    private static final long MOST_BYTES = 4L << 20;

    private static final int GROWTH = 8;

    private final int most;
    private int size;
    private long ofOne;

    PageSize(int most) {
        this.most = most;
        this.size = most;
    }

    synchronized int next() {
        return ofOne == 0 ? size : (int) Math.max(1, Math.min(size, MOST_BYTES / ofOne));
    }

    synchronized void worked(int events, long bytes) {
        if (events == 0) {
            return;
        }
        ofOne = Math.max(bytes / events, ofOne / 2); // smaller ones may come among large ones
        size = Math.min(most, size + 1 + size / GROWTH);
    }

    void worked(List<Event> events) {
        int count = events.size();
        if (count > 0) {
            long first = size(events.get(0));
            long last = size(events.get(count - 1));
            long middle = size(events.get(count / 2));
            worked(count, count * Math.max(first, Math.max(middle, last)));
        }
    }

    private static long size(Event event) {
        long size = 0;
        for (Map.Entry<String, String> field : event.fields().entrySet()) {
            size += field.getKey().length() + (long) field.getValue().length();
        }
        return size;
    }

    synchronized void failed() {
        size = Math.max(1, next() / 2);
    }

    /** Whether failures have made it smaller than it is set. */
    synchronized boolean isReduced() {
        return size < most;
    }
}
