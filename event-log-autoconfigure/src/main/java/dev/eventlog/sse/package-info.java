/**
 * Event logs as Server-Sent Events: start at {@link dev.eventlog.sse.EventLogSse}, the bean to inject into the controllers
 * of Spring MVC, or at {@link dev.eventlog.sse.ReactiveEventLogSse}, that for those of Spring WebFlux.
 */
@NullMarked
package dev.eventlog.sse;

import org.jspecify.annotations.NullMarked;
