package dev.eventlog;

import java.time.Duration;
import org.springframework.core.retry.RetryPolicy;

/** What an update does where others add to its log meanwhile, unless it is told otherwise. */
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
