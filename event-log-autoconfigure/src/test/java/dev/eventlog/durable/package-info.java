@NullMarked
package dev.eventlog.durable;

import org.jspecify.annotations.NullMarked;
