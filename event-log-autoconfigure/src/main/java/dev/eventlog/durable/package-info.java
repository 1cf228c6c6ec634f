/**
 * Durable followers. {@link dev.eventlog.durable.DurableFollowers} starts them. A {@code DurableFollower} follows while it has
 * the lease, and {@code DurableFollowerState} has its transitions. It follows a {@code Leased}: a {@code DurableLog}, a
 * {@code DurablePattern} or a {@code DurableLogSet}. A {@code Checkpoint} keeps the stored position in a log, {@code Checkpoints}
 * those in many logs. {@link dev.eventlog.durable.Leadership} grants the leases.
 */
@NullMarked
package dev.eventlog.durable;

import org.jspecify.annotations.NullMarked;
