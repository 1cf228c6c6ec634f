/** Sources that are recorded into logs: {@code Recordings} begins, knows and ends them, {@code Recorder} is one of them. */
@NullMarked
package dev.eventlog.recording;

import org.jspecify.annotations.NullMarked;
