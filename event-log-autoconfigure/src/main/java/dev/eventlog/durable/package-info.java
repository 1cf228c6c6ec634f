/**
 * The room of followers that have a name. {@link dev.eventlog.durable.DurableFollowers} starts them; a {@code DurableFollower}
 * follows while it leads; its {@code Checkpoint} keeps what is stored of its position; {@link dev.eventlog.durable.Leadership}
 * is the lease.
 */
@NullMarked
package dev.eventlog.durable;

import org.jspecify.annotations.NullMarked;
