/** Meters, observations, health, and the actuator endpoint of event logs, each with its auto-configuration. */
@NullMarked
package dev.eventlog.observability;

import org.jspecify.annotations.NullMarked;
