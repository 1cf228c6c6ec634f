/**
 * A Redis for tests inside the process of the test. It supports the commands that event logs need, and can simulate
 * faults.
 */
@NullMarked
package dev.eventlog.testing.memory;

import org.jspecify.annotations.NullMarked;
