/**
 * The room in which logs are followed. The way of an event: a {@code LogFeed} reads it, {@code GapRules} judges whether
 * anything is missing before it, the {@code Window} keeps it, and the feed wakes the followers. A {@code LogFollower} takes a
 * thread, its {@code Cursor} finds the event, and its {@code Delivery} calls the listener.
 *
 * <p>{@code StartPoint} finds where a tail begins, {@code Feeds} has one feed a log, {@code LogHistory} finds where two logs
 * part, and an {@code Outage} backs off and says so once.
 */
@NullMarked
package dev.eventlog.follow;

import org.jspecify.annotations.NullMarked;
