/**
 * For the tests of applications that use event logs: a {@linkplain dev.eventlog.testing.EventLogTest test slice}, the
 * {@linkplain dev.eventlog.testing.EventLogRedis Redis of a test}, and {@linkplain dev.eventlog.testing.EventLogAssertions
 * assertions that wait}.
 */
@NullMarked
package dev.eventlog.testing;

import org.jspecify.annotations.NullMarked;
