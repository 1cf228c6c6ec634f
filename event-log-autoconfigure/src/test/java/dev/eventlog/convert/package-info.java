@NullMarked
package dev.eventlog.convert;

import org.jspecify.annotations.NullMarked;
