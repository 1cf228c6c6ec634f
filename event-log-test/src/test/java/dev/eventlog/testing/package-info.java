@NullMarked
package dev.eventlog.testing;

import org.jspecify.annotations.NullMarked;
