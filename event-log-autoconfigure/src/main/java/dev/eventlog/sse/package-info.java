/**
 * Event logs as Server-Sent Events. Inject {@link dev.eventlog.sse.EventLogSse} into controllers of Spring MVC, or
 * {@link dev.eventlog.sse.ReactiveEventLogSse} into controllers of Spring WebFlux. For WebSockets, use
 * {@link dev.eventlog.sse.EventLogWebSocket} or {@link dev.eventlog.sse.ReactiveEventLogWebSocket}.
 */
@NullMarked
package dev.eventlog.sse;

import org.jspecify.annotations.NullMarked;
