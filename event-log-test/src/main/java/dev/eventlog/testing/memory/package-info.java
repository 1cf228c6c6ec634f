/** A Redis for tests within the test's own process, with as many commands as event logs need, and with faults. */
@NullMarked
package dev.eventlog.testing.memory;

import org.jspecify.annotations.NullMarked;
