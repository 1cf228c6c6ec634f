/**
 * Event logs followed by annotated methods: start at {@link dev.eventlog.annotation.EventLogListener}. The bean
 * {@link dev.eventlog.annotation.EventLogListenerRegistry} starts and stops them.
 */
@NullMarked
package dev.eventlog.annotation;

import org.jspecify.annotations.NullMarked;
