package dev.eventlog.follow;

import dev.eventlog.redis.SharedLine;
import java.time.Duration;
import java.util.function.Consumer;

/** Checks from time to time whether a line still works, with one question at a time. Used by one thread only. */
final class LineCheck {

    private static final Duration LEAST_PATIENCE = Duration.ofSeconds(2);

    private final SharedLine line;
    private final Duration patience;
    private long since;

    /**
     * Creates a check that has asked nothing yet.
     *
     * @param since an answer after this time shows that the line works
     */
    LineCheck(SharedLine line, Duration pollTimeout, long since) {
        this.line = line;
        Duration half = pollTimeout.dividedBy(2);
        this.patience = half.compareTo(LEAST_PATIENCE) > 0 ? half : LEAST_PATIENCE;
        this.since = since;
    }

    /** Asks again if the last question is answered. If it has had no answer for too long, the line is lost. */
    void check(long now, Consumer<RuntimeException> lost) {
        if (line.lastAnswer() - since >= 0) {
            since = now;
            line.check();
        } else if (now - since >= patience.toNanos()) {
            lost.accept(new IllegalStateException("No answer within " + patience));
        }
    }
}
