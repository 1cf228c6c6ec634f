/**
 * Support for tests of applications that use event logs: a {@linkplain dev.eventlog.testing.EventLogTest test slice}, a
 * {@linkplain dev.eventlog.testing.EventLogRedis Redis for a test}, and
 * {@linkplain dev.eventlog.testing.EventLogAssertions assertions that wait}.
 */
@NullMarked
package dev.eventlog.testing;

import org.jspecify.annotations.NullMarked;
