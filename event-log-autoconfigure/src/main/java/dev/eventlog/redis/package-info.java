/**
 * The room that asks Redis. {@link dev.eventlog.redis.LogStream} has the commands on one log, {@code AddScript} how events
 * get in, {@code StreamReplies} how they are decoded. {@link dev.eventlog.redis.ContainerPoller} is all that bends Spring's
 * listener container; {@link dev.eventlog.redis.Connections} hides the driver. {@link dev.eventlog.redis.ReadPoint},
 * {@link dev.eventlog.redis.Rank} and {@link dev.eventlog.redis.StreamState} are the values that the rooms above reckon with.
 */
@NullMarked
package dev.eventlog.redis;

import org.jspecify.annotations.NullMarked;
