/**
 * Event logs as Server-Sent Events. Inject {@link dev.eventlog.sse.EventLogSse} into controllers of Spring MVC, or
 * {@link dev.eventlog.sse.ReactiveEventLogSse} into controllers of Spring WebFlux.
 */
@NullMarked
package dev.eventlog.sse;

import org.jspecify.annotations.NullMarked;
