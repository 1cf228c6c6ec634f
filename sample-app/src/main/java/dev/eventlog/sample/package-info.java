/** A small web application that shows how to use event logs: sensors, their readings, and pages that follow them. */
@NullMarked
package dev.eventlog.sample;

import org.jspecify.annotations.NullMarked;
