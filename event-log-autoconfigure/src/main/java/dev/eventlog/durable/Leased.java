package dev.eventlog.durable;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.Running;

/**
 * What a follower with a name does while it has the lease: it follows one log, or many. Calls do not overlap; each happens after
 * the one before. The text of it is how it stands in the application's log.
 */
interface Leased {

    /**
     * Looks up what is stored.
     *
     * @return the positions, to be compared with those of another time: while they change, another follower goes on
     * @throws EventLogUnavailableException if that cannot be found out now
     */
    Object stored();

    /**
     * Begins to follow after what is stored.
     *
     * @return what follows; closed when the lease is lost
     * @throws EventLogUnavailableException if it cannot begin now
     * @throws EventLogException if Redis refuses
     * @throws IllegalStateException if the application is shutting down
     */
    Running begin();

    /** Stores what is not stored yet: it follows no more. */
    void storeAtLast();

    /** Tells the listener that it has ended by an error while nothing followed. */
    void failed(Throwable why);
}
