/**
 * Follows logs. An event takes this way: a {@code LogFeed} reads it, {@code GapRules} decides whether events are missing before
 * it, the {@code Window} keeps it, and the feed wakes the followers. A {@code LogFollower} takes a thread, its {@code Cursor}
 * finds the event, and its {@code Delivery} calls the listener.
 *
 * <p>{@code StartPoint} finds the start of a tail, {@code Feeds} has one feed for each log, {@code LogHistory} finds the last
 * common point of two logs, and an {@code Outage} backs off and logs an outage once.
 */
@NullMarked
package dev.eventlog.follow;

import org.jspecify.annotations.NullMarked;
