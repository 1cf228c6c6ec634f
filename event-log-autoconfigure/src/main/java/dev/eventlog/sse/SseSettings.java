package dev.eventlog.sse;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;

/**
 * Settings for all streams. Immutable.
 *
 * @param heartbeat the interval of the comments that detect disconnected clients; zero for none
 * @param reconnectDelay how long a client should wait before it reconnects. Each client gets a random value between
 *     0.5 and 1.5 times this value; null to let the client decide
 * @param writeTimeout how long a client may leave sent data unread before its stream is closed
 * @param accessInterval the interval at which the access of each client is checked again
 * @param recovery the back-off of a start that Redis did not answer
 * @param virtualThreads whether blocking work runs on virtual threads
 */
public record SseSettings(
        Duration heartbeat,
        @Nullable Duration reconnectDelay,
        Duration writeTimeout,
        Duration accessInterval,
        BackOff recovery,
        boolean virtualThreads) {}
