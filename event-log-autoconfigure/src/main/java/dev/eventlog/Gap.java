package dev.eventlog;

import java.util.OptionalLong;

/**
 * Events that a follower missed because they left by the old end of the log before it got to them: the log was trimmed,
 * expired, was deleted, or was lost or replaced. Immutable.
 *
 * <p>An event that somebody deletes by itself ({@code XDEL}) before a follower gets to it is no gap: it is neither delivered
 * nor reported.
 *
 * @param log the name of the log
 * @param kind what became of the events
 * @param lastSeen the last event delivered before the gap; {@link EventId#MIN} if there was none
 * @param firstAvailable the first event after the gap, which is delivered next; {@link EventId#MAX} if none comes, as the log is
 *     complete
 * @param missed exactly how many events were missed, or empty: never an estimate. It is empty where Redis cannot tell for
 *     certain: below Redis 7, where the log began again, and where single events were deleted too or the
 *     stream has consumer groups
 */
public record Gap(String log, Kind kind, EventId lastSeen, EventId firstAvailable, OptionalLong missed) {

    /** What became of the events. */
    public enum Kind {
        /** Trimmed, by a max-length or by hand: the log goes on. */
        REMOVED,
        /** The log was deleted, expired, or lost its data, and began again: ids may start anew below {@link #lastSeen}. */
        BEGAN_AGAIN
    }

    /** {@return a sentence that says it all, as it stands in the application's log} */
    @Override
    public String toString() {
        String count = missed.isPresent() ? missed.getAsLong() + " events" : "an unknown number of events";
        return switch (kind) {
            case REMOVED ->
                "A follower of log '" + log + "' missed " + count + " after " + lastSeen
                        + ", which were removed before it read them; it continues with " + firstAvailable;
            case BEGAN_AGAIN ->
                "Log '" + log + "' was deleted, expired, or was lost, and began again: a follower that had seen " + lastSeen
                        + " missed " + count + "; it continues with " + firstAvailable;
        };
    }
}
