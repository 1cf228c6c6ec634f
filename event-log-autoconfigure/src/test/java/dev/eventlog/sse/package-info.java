/** Tests of the streams of Server-Sent Events, end to end. */
@NullMarked
package dev.eventlog.sse;

import org.jspecify.annotations.NullMarked;
