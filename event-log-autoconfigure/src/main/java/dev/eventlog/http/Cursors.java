package dev.eventlog.http;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Computes the cursor of a live request. The cursor makes the URL of each live request different, so that a cache does not serve
 * the same answer forever. It is the number of a time interval, and it never goes back.
 */
final class Cursors {

    private static final Instant EPOCH = Instant.parse("2024-10-09T00:00:00Z");
    private static final Duration INTERVAL = Duration.ofSeconds(20);
    private static final long MOST_SECONDS_AHEAD = 3_600;

    private Cursors() {}

    /**
     * {@return the cursor for the answer}
     *
     * @param given the cursor of the request; null if it has none
     * @param now the current time
     * @param random chooses how far to move ahead of a client that already has this cursor
     */
    static String next(@Nullable String given, Instant now, RandomGenerator random) {
        long current = Duration.between(EPOCH, now).dividedBy(INTERVAL);
        long seen = number(given);
        if (seen < current) {
            return Long.toString(current);
        }
        long ahead = random.nextLong(1, MOST_SECONDS_AHEAD / INTERVAL.toSeconds() + 1);
        return Long.toString(Math.min(seen, Long.MAX_VALUE - ahead) + ahead);
    }

    private static long number(@Nullable String given) {
        try {
            return given == null ? -1 : Long.parseLong(given);
        } catch (NumberFormatException notOurs) {
            return -1;
        }
    }
}
