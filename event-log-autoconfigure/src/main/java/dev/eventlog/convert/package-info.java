/** Converts between the events of the application and the stored fields of a stream. Depends on Jackson, not on Redis. */
@NullMarked
package dev.eventlog.convert;

import org.jspecify.annotations.NullMarked;
