/**
 * Sends commands to Redis. {@link dev.eventlog.redis.LogStream} has the commands on one log, {@code AddScript} adds events, and
 * {@code StreamReplies} decodes them. {@link dev.eventlog.redis.ContainerPoller} has all adaptations of Spring's listener
 * container. {@link dev.eventlog.redis.Connections} hides the driver. {@link dev.eventlog.redis.ReadPoint},
 * {@link dev.eventlog.redis.Rank} and {@link dev.eventlog.redis.StreamState} are values that the packages above use.
 */
@NullMarked
package dev.eventlog.redis;

import org.jspecify.annotations.NullMarked;
