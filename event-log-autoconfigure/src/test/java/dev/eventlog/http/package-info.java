/** Tests of logs on HTTP, end to end. */
@NullMarked
package dev.eventlog.http;

import org.jspecify.annotations.NullMarked;
