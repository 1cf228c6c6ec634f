/**
 * Records sources into logs. {@code Recordings} starts recordings, keeps track of them and ends them. A {@code Recorder} is one
 * of them.
 */
@NullMarked
package dev.eventlog.recording;

import org.jspecify.annotations.NullMarked;
