/**
 * Lightweight, distributed, append-only event logs on Redis streams.
 *
 * <p>Inject an {@link dev.eventlog.EventLogFactory} to create an {@link dev.eventlog.EventLog}. A log adds
 * {@link dev.eventlog.Event events}, reads them back from a {@link dev.eventlog.Tail}, and delivers them to an
 * {@link dev.eventlog.EventBatchListener}. A bean of type {@link dev.eventlog.EventLogObserver} observes all logs.
 */
@NullMarked
package dev.eventlog;

import org.jspecify.annotations.NullMarked;
