/**
 * Event logs as Server-Sent Events: start at {@link dev.eventlog.sse.EventLogSse}, the bean to inject into the controllers
 * of Spring MVC.
 */
@NullMarked
package dev.eventlog.sse;

import org.jspecify.annotations.NullMarked;
