/** A small web application that shows what event logs are for: sensors, their readings, and pages that follow them. */
@NullMarked
package dev.eventlog.sample;

import org.jspecify.annotations.NullMarked;
