/** Everything at once, at random, and the judge of what everybody received. */
@NullMarked
package dev.eventlog.torture;

import org.jspecify.annotations.NullMarked;
