package dev.eventlog.follow;

import java.util.concurrent.atomic.LongAdder;

/**
 * How much of what Redis tells of changes is true. It forgets a key of which it was to tell by telling of it, so where it has room
 * for fewer keys than are read it tells without end, and nearly nothing of it is news. Thread-safe.
 */
final class ToldChanges {

    private static final long ENOUGH_TO_JUDGE = 1_000;

    private static final long LEAST_SHARE_OF_NEWS = 10; // in hundredths

    private final LongAdder looks = new LongAdder();
    private final LongAdder news = new LongAdder();

    /**
     * A log was read again, as Redis had told of a change.
     *
     * @param grown whether it had grown, or begun again
     */
    void look(boolean grown) {
        looks.increment();
        if (grown) {
            news.increment();
        }
    }

    /** {@return whether most of the last thousand and more was in vain} Each is looked at once. */
    boolean isVain() {
        if (looks.sum() < ENOUGH_TO_JUDGE) {
            return false;
        }
        long grown = news.sumThenReset();
        return 100 * grown < LEAST_SHARE_OF_NEWS * looks.sumThenReset();
    }
}
