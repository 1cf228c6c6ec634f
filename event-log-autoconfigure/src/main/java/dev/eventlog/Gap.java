package dev.eventlog;

import java.util.OptionalLong;

/**
 * Events that a follower missed because they left the old end of the log before it read them: the log was trimmed,
 * deleted, lost, or replaced, or it expired. Immutable.
 *
 * <p>An event that somebody deletes by its id ({@code XDEL}) before a follower reads it is not a gap: it is neither
 * delivered nor reported.
 *
 * @param log the name of the log
 * @param kind what happened to the events
 * @param lastSeen the last event delivered before the gap; {@link EventId#MIN} if there was none
 * @param firstAvailable the first event after the gap, which is delivered next; {@link EventId#MAX} if there is none
 *     because the log is complete, or is gone
 * @param missed the exact number of missed events, or empty; never an estimate. It is empty if Redis does not know for
 *     certain: before Redis 7, if the log began again, if single events were deleted too, or if the stream has consumer
 *     groups
 */
public record Gap(String log, Kind kind, EventId lastSeen, EventId firstAvailable, OptionalLong missed) {

    /** What happened to the events. */
    public enum Kind {
        /** The events were trimmed, by a max-length, by a max-age, or by hand. It is still the same log. */
        REMOVED,
        /** The log was deleted, expired, or lost its data. If it began again, its ids may be less than {@link #lastSeen}. */
        BEGAN_AGAIN
    }

    /** {@return a sentence that describes the gap, as it is written to the application log} */
    @Override
    public String toString() {
        String next = firstAvailable.equals(EventId.MAX) ? "no event follows" : "it continues with " + firstAvailable;
        String count = missed.isEmpty()
                ? "an unknown number of events"
                : missed.getAsLong() == 1 ? "1 event" : missed.getAsLong() + " events";
        return switch (kind) {
            case REMOVED ->
                "A follower of log '" + log + "' missed " + count + " after " + lastSeen
                        + ", which were removed before it read them; " + next;
            case BEGAN_AGAIN ->
                "Log '" + log + "' was deleted, has expired, or was lost"
                        + (firstAvailable.equals(EventId.MAX) ? "" : ", and began again")
                        + ": a follower that had seen "
                        + lastSeen + " missed " + count + "; " + next;
        };
    }
}
