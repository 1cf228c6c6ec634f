package dev.eventlog.follow;

import java.util.concurrent.atomic.LongAdder;

/**
 * How much of what Redis tells of changes is true. It forgets a key of which it was to tell by telling of it, so where it has room
 * for fewer keys than are read it tells without end, and nearly nothing of it is news. Thread-safe.
 */
final class ToldChanges {

    private static final long ENOUGH_TO_JUDGE = 1_000;

    private static final long LEAST_SHARE_OF_NEWS = 10; // in hundredths

    private final LongAdder changes = new LongAdder();
    private final LongAdder looks = new LongAdder();
    private final LongAdder news = new LongAdder();

    /** Redis told of a change. */
    void change() {
        changes.increment();
    }

    /** A log was read again: of what was told only so much can have shown whether it is true. */
    void look() {
        looks.increment();
    }

    /** A log that was read again had grown. */
    void news() {
        news.increment();
    }

    /** {@return whether most of the last thousand and more was in vain} Each is looked at once. */
    boolean isVain() {
        if (Math.min(changes.sum(), looks.sum()) < ENOUGH_TO_JUDGE) {
            return false;
        }
        long all = Math.min(changes.sumThenReset(), looks.sumThenReset());
        long grown = news.sumThenReset();
        return 100 * grown < LEAST_SHARE_OF_NEWS * all;
    }
}
