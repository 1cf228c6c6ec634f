package dev.eventlog.http;

import java.time.Duration;

/**
 * The settings of the Durable Streams protocol. Immutable.
 *
 * @param path the path before the names of the logs, without a trailing slash
 * @param writable whether clients can create, add to, complete and delete logs
 * @param longPollTimeout how long a request waits for an event
 * @param sseLifetime how long a stream of Server-Sent Events stays open before the client must reconnect
 * @param maxBodySize the maximum size of the body of a request, in bytes
 * @param pageSize the maximum number of events in an answer
 * @param batchSize the maximum number of events that a follower gets at once
 */
public record HttpSettings(
        String path,
        boolean writable,
        Duration longPollTimeout,
        Duration sseLifetime,
        long maxBodySize,
        int pageSize,
        int batchSize) {}
