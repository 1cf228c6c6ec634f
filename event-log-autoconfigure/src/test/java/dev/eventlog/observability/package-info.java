@NullMarked
package dev.eventlog.observability;

import org.jspecify.annotations.NullMarked;
