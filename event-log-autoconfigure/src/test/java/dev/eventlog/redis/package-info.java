@NullMarked
package dev.eventlog.redis;

import org.jspecify.annotations.NullMarked;
