package dev.eventlog;

import java.time.Duration;
import org.springframework.core.retry.RetryPolicy;

/** The default retry policy of an update when others add to its log in the meantime. */
final class Conflicts {

    static final RetryPolicy RETRY = RetryPolicy.builder()
            .maxRetries(10)
            .delay(Duration.ofMillis(10))
            .multiplier(2)
            .jitter(Duration.ofMillis(5))
            .maxDelay(Duration.ofSeconds(1))
            .build();

    private Conflicts() {}
}
