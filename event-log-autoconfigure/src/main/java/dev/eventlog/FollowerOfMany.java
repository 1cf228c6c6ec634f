package dev.eventlog;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a follower of many logs. Immutable.
 *
 * @param logs the pattern of its logs, or {@code a set of logs}
 * @param name its name; null if it has none
 * @param state its state: {@code FOLLOWING}, or for a named follower also those of {@link WaitingFollower}
 * @param followed the number of logs that it follows at the moment
 * @param failed the logs where an error has ended it
 */
public record FollowerOfMany(String logs, @Nullable String name, String state, int followed, Set<String> failed) {}
