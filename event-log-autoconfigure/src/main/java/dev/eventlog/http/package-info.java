/**
 * Event logs by the Durable Streams protocol, for its clients in JavaScript and elsewhere: served at {@code eventlog.http.path}
 * by {@link dev.eventlog.http.EventLogHttp} or {@link dev.eventlog.http.ReactiveEventLogHttp}, which no application needs to name.
 */
@NullMarked
package dev.eventlog.http;

import org.jspecify.annotations.NullMarked;
