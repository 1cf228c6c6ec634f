package dev.eventlog.follow;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.OptionalLong;

/**
 * Events that are gone. The listener is told before it gets any later event.
 *
 * @param kind the kind of the gap
 * @param lastSeen the last id that the listener got
 * @param from the last point before the missing events
 * @param missed the number of missing events, if known exactly
 */
record Loss(Gap.Kind kind, EventId lastSeen, ReadPoint from, OptionalLong missed) {

    static Loss removed(EventId lastSeen, ReadPoint from, ReadPoint to, StreamState state) {
        return GapRules.contradict(from, to)
                ? beganAgain(lastSeen, from)
                : new Loss(Gap.Kind.REMOVED, lastSeen, from, GapRules.between(from, to, state));
    }

    static Loss beganAgain(EventId lastSeen, ReadPoint from) {
        return new Loss(Gap.Kind.BEGAN_AGAIN, lastSeen, from, OptionalLong.empty());
    }

    /** {@return this loss, extended to everything up to a point} */
    Loss grown(ReadPoint to, StreamState state) {
        return kind == Gap.Kind.BEGAN_AGAIN ? this : removed(lastSeen, from, to, state);
    }
}
