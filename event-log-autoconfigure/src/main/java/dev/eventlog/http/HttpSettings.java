package dev.eventlog.http;

import java.time.Duration;

/**
 * How logs are served by the Durable Streams protocol. Immutable.
 *
 * @param path the path under which each log is, by its name; without a slash at its end
 * @param writable whether logs can be created, added to, completed and deleted
 * @param longPollTimeout how long a request waits for an event
 * @param sseLifetime how long a stream of Server-Sent Events is open, before its client has to come back
 * @param maxBodySize how many bytes of events a request may bring
 * @param pageSize how many events an answer has at most
 * @param batchSize how many events a follower is given at once
 */
public record HttpSettings(
        String path,
        boolean writable,
        Duration longPollTimeout,
        Duration sseLifetime,
        long maxBodySize,
        int pageSize,
        int batchSize) {}
