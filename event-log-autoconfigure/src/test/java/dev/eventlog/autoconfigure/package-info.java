@NullMarked
package dev.eventlog.autoconfigure;

import org.jspecify.annotations.NullMarked;
