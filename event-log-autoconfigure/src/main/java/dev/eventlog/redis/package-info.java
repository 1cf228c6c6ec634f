/**
 * The Redis side of the library.
 *
 * <p>Adding and reading: {@link dev.eventlog.redis.RedisEventLogFactory} makes a {@code RedisEventLog}, which speaks to its
 * stream through an {@code EventStream}, the one place where Redis commands stand.
 *
 * <p>Following: a {@code PullFollower} pulls from the {@code Window} of its log's {@code Feed}, or pages through Redis until
 * its cursor is inside; {@code Continuity} tells it what is missing. {@code Feeds} keeps one feed a log, a
 * {@code ContainerFeed} on a {@code HeldConnection}.
 */
@NullMarked
package dev.eventlog.redis;

import org.jspecify.annotations.NullMarked;
