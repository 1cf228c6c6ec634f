/**
 * Lightweight, distributed, append-only event logs on Redis streams.
 *
 * <p>Start at {@link dev.eventlog.EventLogFactory}, the bean to inject: it makes an {@link dev.eventlog.EventLog}, which
 * adds {@link dev.eventlog.Event events}, reads them back from a {@link dev.eventlog.Tail}, and follows them through an
 * {@link dev.eventlog.EventBatchListener}. A bean of type {@link dev.eventlog.EventLogObserver} sees what all of them do.
 */
@NullMarked
package dev.eventlog;

import org.jspecify.annotations.NullMarked;
