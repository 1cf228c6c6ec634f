package dev.eventlog.durable;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.Running;

/**
 * The work of a durable follower while it has the lease: it follows one log or many. Calls do not overlap. Each call happens
 * after the previous one. {@code toString} returns the name for the application log.
 */
interface Leased {

    /**
     * Loads the stored positions.
     *
     * @return the positions, to be compared with those of a later call: while they change, another follower continues
     * @throws EventLogUnavailableException if they cannot be loaded now
     */
    Object stored();

    /**
     * Starts to follow after the stored positions.
     *
     * @return the follower; closed when the lease is lost
     * @throws EventLogUnavailableException if it cannot start now
     * @throws EventLogException if Redis refuses
     * @throws RuntimeException if it failed, or if the application is shutting down
     */
    Running begin();

    /** Stores positions that are not stored yet, after the follower has ended. */
    void storeAtLast();

    /** Tells the listener about an error that ended it while nothing was followed. */
    void failed(Throwable why);
}
