package dev.eventlog.http;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What makes the address of the next live request another one, so that a cache does not answer it with the same answer for ever:
 * the number of an interval of time, which never goes back.
 */
final class Cursors {

    private static final Instant EPOCH = Instant.parse("2024-10-09T00:00:00Z");
    private static final Duration INTERVAL = Duration.ofSeconds(20);
    private static final long MOST_SECONDS_AHEAD = 3_600;

    private Cursors() {}

    /**
     * {@return the cursor to answer}
     *
     * @param given the cursor of the request; null if it has none
     * @param now the time
     * @param random chooses how far to go ahead of a client that is there already
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
