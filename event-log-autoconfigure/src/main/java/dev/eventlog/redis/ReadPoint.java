package dev.eventlog.redis;

import dev.eventlog.EventId;

/**
 * A place in a log: everything up to an event has been read, nothing after it. A value.
 *
 * @param id the id of that event, or an id at which there is none
 * @param rank how many events had been added up to it
 * @param epoch in which epoch of the log: a new one begins whenever another log has taken the place of the one that was read
 */
public record ReadPoint(EventId id, Rank rank, int epoch) {

    /**
     * {@return the place a number of events later}
     *
     * @param last the last of these events
     * @param events how many they are
     */
    public ReadPoint after(EventId last, long events) {
        return new ReadPoint(last, rank.plus(events), epoch);
    }

    /**
     * {@return the same place, with another rank}
     *
     * @param known what is known of its rank now
     */
    public ReadPoint ranked(Rank known) {
        return new ReadPoint(id, known, epoch);
    }
}
