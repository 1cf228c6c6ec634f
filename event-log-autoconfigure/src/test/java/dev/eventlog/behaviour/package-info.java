/** What users see of the library, on a real Redis. */
@NullMarked
package dev.eventlog.behaviour;

import org.jspecify.annotations.NullMarked;
