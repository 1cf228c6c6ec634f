@NullMarked
package dev.eventlog.follow;

import org.jspecify.annotations.NullMarked;
