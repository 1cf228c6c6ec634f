package dev.eventlog;

import dev.eventlog.Follower.EndReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A follower that has ended. Immutable.
 *
 * @param log the name of its log
 * @param name its own name; null if it has none
 * @param kind its kind
 * @param position the last event that its listener took; {@link EventId#MIN} if it could not begin
 * @param reason why it ended; null if it was an error
 * @param failure the error; null if it was none
 * @param at when it ended
 */
public record EndedFollower(
        String log,
        @Nullable String name,
        FollowerKind kind,
        EventId position,
        @Nullable EndReason reason,
        @Nullable Throwable failure,
        Instant at) {}
