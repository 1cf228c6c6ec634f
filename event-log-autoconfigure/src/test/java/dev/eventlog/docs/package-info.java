/** Checks that the documentation matches the code. */
@NullMarked
package dev.eventlog.docs;

import org.jspecify.annotations.NullMarked;
