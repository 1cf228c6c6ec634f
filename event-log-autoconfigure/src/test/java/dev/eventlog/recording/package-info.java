@NullMarked
package dev.eventlog.recording;

import org.jspecify.annotations.NullMarked;
