package dev.eventlog.redis;

/**
 * The number of events to request, so that an answer stays at about a megabyte whatever the size of an event. It is low at first,
 * then follows from the size of earlier events, and is halved after a failure. Not thread-safe.
 */
final class AnswerSize {

    /** The first number, when nothing is known about the events. */
    static final int FIRST = 64;

    private static final int GROWTH = 8;

    private static final long BYTES = 1L << 20;

    private final int most;
    private int size;

    AnswerSize(int most, long first) {
        this.most = most;
        this.size = (int) Math.max(1, Math.min(first, most));
    }

    /** {@return the number of events to request if at most this many are wanted} */
    int next(long wanted) {
        return (int) Math.min(wanted, size);
    }

    /** Records an answer. */
    void worked(int events, long bytes) {
        long fit = BYTES * Math.max(1, events) / Math.max(1, bytes);
        size = (int) Math.max(1, Math.min(Math.min(most, fit), (long) GROWTH * size));
    }

    /**
     * Records that no answer came to a request for this many events, which may have been too many.
     * {@return whether to request fewer}
     */
    boolean failed(int events) {
        size = Math.max(1, events / 2);
        return events > 1;
    }
}
