package dev.eventlog.redis;

import dev.eventlog.EventId;

/**
 * How many events had been added to a log up to a point in it, that one included.
 *
 * <p>The number is never too large. It is exact as long as no event after {@link #countedFrom} was removed other than by the
 * old end: such an event was added, and nobody who counts what is there counts it.
 *
 * @param number the number; below 0 only where nothing is known
 * @param countedFrom the id up to which Redis itself counted; what comes after it was counted by reading
 */
public record Rank(long number, EventId countedFrom) {

    /** Redis did not say, as before version 7, or nobody can know. */
    public static final Rank UNKNOWN = new Rank(-1, EventId.MIN);

    /** Before the first event that was ever added. */
    public static final Rank NOTHING_ADDED = new Rank(0, EventId.MIN);

    /** {@return whether it is a number at all} */
    public boolean isKnown() {
        return number >= 0;
    }

    /**
     * {@return the rank after further events that were read one after the other}
     *
     * @param events how many
     */
    public Rank plus(long events) {
        return isKnown() ? new Rank(number + events, countedFrom) : UNKNOWN;
    }
}
