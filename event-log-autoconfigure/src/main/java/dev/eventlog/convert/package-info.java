/**
 * What an event is to the application and what it is in its stream: the conversion between values and stored fields. Knows
 * Jackson, not Redis.
 */
@NullMarked
package dev.eventlog.convert;

import org.jspecify.annotations.NullMarked;
