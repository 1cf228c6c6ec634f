/** Event logs for Project Reactor. This is the only package that needs {@code reactor-core}. */
@NullMarked
package dev.eventlog.reactor;

import org.jspecify.annotations.NullMarked;
