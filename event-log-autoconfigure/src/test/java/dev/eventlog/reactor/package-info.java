@NullMarked
package dev.eventlog.reactor;

import org.jspecify.annotations.NullMarked;
