package dev.eventlog.sse;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;

/**
 * What is set for all streams. Immutable.
 *
 * @param heartbeat how often a client is sent a comment; never if zero
 * @param reconnectDelay how long a client is to wait before it connects again, from half to one and a half times as long at
 *     random; null for as long as it likes
 * @param writeTimeout how long a client may take nothing before its stream is closed
 * @param accessInterval how often it is asked again whether a client may follow
 * @param recovery how long to wait before a start that Redis did not answer is tried again
 * @param virtualThreads whether what may block runs on virtual threads
 */
public record SseSettings(
        Duration heartbeat,
        @Nullable Duration reconnectDelay,
        Duration writeTimeout,
        Duration accessInterval,
        BackOff recovery,
        boolean virtualThreads) {}
