package dev.eventlog.redis;

import dev.eventlog.EventId;

/**
 * A position in a log: everything up to an event has been read, and nothing after it. A value.
 *
 * @param id the id of the event, or an id without an event
 * @param rank the number of events that had been added up to it
 * @param epoch the epoch of the log; a new epoch begins whenever another log replaces the log that was read
 */
public record ReadPoint(EventId id, Rank rank, int epoch) {

    /**
     * {@return the position after further events}
     *
     * @param last the id of the last of these events
     * @param events the number of these events
     */
    public ReadPoint after(EventId last, long events) {
        return new ReadPoint(last, rank.plus(events), epoch);
    }

    /**
     * {@return the same position with another rank} If the rank is the same, so is the object, because many followed logs keep it.
     *
     * @param known the rank that is known now
     */
    public ReadPoint ranked(Rank known) {
        return known.equals(rank) ? this : new ReadPoint(id, known, epoch);
    }
}
