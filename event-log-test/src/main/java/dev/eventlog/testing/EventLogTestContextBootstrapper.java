package dev.eventlog.testing;

import org.springframework.boot.test.autoconfigure.TestSliceTestContextBootstrapper;

/** The bootstrapper of {@link EventLogTest}. */
class EventLogTestContextBootstrapper extends TestSliceTestContextBootstrapper<EventLogTest> {}
