package dev.eventlog.redis;

import dev.eventlog.EventId;

/**
 * The number of events that had been added to a log up to a point, including the event there.
 *
 * <p>The number is never too large. It is exact unless an event after {@link #countedFrom} was removed other than by trimming.
 * Such an event was added, but no reader that counts the existing events counts it.
 *
 * @param number the number; negative only if nothing is known
 * @param countedFrom the id up to which Redis itself counted; later events were counted by reading
 */
public record Rank(long number, EventId countedFrom) {

    /** Redis did not say, as before version 7, or the number cannot be known. */
    public static final Rank UNKNOWN = new Rank(-1, EventId.MIN);

    /** Before the first event that was ever added. */
    public static final Rank NOTHING_ADDED = new Rank(0, EventId.MIN);

    /** {@return whether the number is known} */
    public boolean isKnown() {
        return number >= 0;
    }

    /**
     * {@return the rank after further events, which were read one after the other}
     *
     * @param events the number of events
     */
    public Rank plus(long events) {
        return isKnown() ? new Rank(number + events, countedFrom) : UNKNOWN;
    }
}
