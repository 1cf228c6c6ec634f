package dev.eventlog.redis;

/**
 * How many events to ask for, so that an answer stays at about a megabyte, whatever the size of an event: few at first, then as
 * many as those before suggest; half as many after a failure. Not thread-safe.
 */
final class AnswerSize {

    /** To begin with, where nothing is known of the events. */
    static final int FIRST = 64;

    private static final int GROWTH = 8;

    private static final long BYTES = 1L << 20;

    private final int most;
    private int size;

    AnswerSize(int most, long first) {
        this.most = most;
        this.size = (int) Math.max(1, Math.min(first, most));
    }

    /** {@return how many to ask for if not more than these are wanted} */
    int next(long wanted) {
        return (int) Math.min(wanted, size);
    }

    /** An answer came. */
    void worked(int events, long bytes) {
        long fit = BYTES * Math.max(1, events) / Math.max(1, bytes);
        size = (int) Math.max(1, Math.min(Math.min(most, fit), (long) GROWTH * size));
    }

    /** No answer came to a question for so many, which may have been too many. {@return whether fewer can be asked for} */
    boolean failed(int events) {
        size = Math.max(1, events / 2);
        return events > 1;
    }
}
