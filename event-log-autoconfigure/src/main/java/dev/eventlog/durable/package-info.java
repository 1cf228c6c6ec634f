/**
 * The room of followers that have a name. {@link dev.eventlog.durable.DurableFollowers} starts them; a {@code DurableFollower}
 * follows while it has the lease, and {@code DurableFollowerState} is the table of its states; what it follows is {@code Leased}:
 * a {@code DurableLog}, a {@code DurablePattern} or a {@code DurableLogSet}; a {@code Checkpoint} keeps what is stored of the
 * position in a log, {@code Checkpoints} those of many; {@link dev.eventlog.durable.Leadership} gives out the leases.
 */
@NullMarked
package dev.eventlog.durable;

import org.jspecify.annotations.NullMarked;
