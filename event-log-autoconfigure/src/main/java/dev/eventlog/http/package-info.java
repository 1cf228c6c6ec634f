/**
 * Serves event logs by the Durable Streams protocol, for its clients in JavaScript and other languages. At
 * {@code eventlog.http.path}, {@link dev.eventlog.http.EventLogHttp} or {@link dev.eventlog.http.ReactiveEventLogHttp} answers.
 * No application needs to name them.
 */
@NullMarked
package dev.eventlog.http;

import org.jspecify.annotations.NullMarked;
