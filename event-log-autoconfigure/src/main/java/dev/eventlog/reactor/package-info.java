/** Followed logs as Reactor has them. Needs {@code reactor-core}, which nothing else in this library does. */
@NullMarked
package dev.eventlog.reactor;

import org.jspecify.annotations.NullMarked;
