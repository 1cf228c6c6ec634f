@NullMarked
package dev.eventlog.annotation;

import org.jspecify.annotations.NullMarked;
