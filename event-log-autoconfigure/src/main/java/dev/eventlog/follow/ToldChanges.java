package dev.eventlog.follow;

import java.util.concurrent.atomic.LongAdder;

/**
 * Measures how many of the changes that Redis reports are real. To forget a key, Redis reports it as changed. If its tracking
 * table has room for fewer keys than are read, Redis therefore reports changes all the time, and hardly any is real. Thread-safe.
 */
final class ToldChanges {

    private static final long ENOUGH_TO_JUDGE = 1_000;

    private static final long LEAST_SHARE_OF_NEWS = 10; // in hundredths

    private final LongAdder looks = new LongAdder();
    private final LongAdder news = new LongAdder();

    /**
     * A log was read again after a reported change.
     *
     * @param grown whether it had grown, or begun again
     */
    void look(boolean grown) {
        looks.increment();
        if (grown) {
            news.increment();
        }
    }

    /** {@return whether most of the last thousand or more reports were false} Each report counts once. */
    boolean isVain() {
        if (looks.sum() < ENOUGH_TO_JUDGE) {
            return false;
        }
        long grown = news.sumThenReset();
        return 100 * grown < LEAST_SHARE_OF_NEWS * looks.sumThenReset();
    }
}
