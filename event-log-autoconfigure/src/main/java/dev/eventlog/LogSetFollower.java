package dev.eventlog;

/** Follows logs by their names, of which some may come and go. Thread-safe. */
public interface LogSetFollower extends LogsFollower {

    /**
     * Follows one more log, from the tail that was given to {@code follow}, or where a follower with a name has a position after
     * that. Its start is fixed when this returns.
     *
     * @param name the name of the log
     * @return whether it was not among the logs; else nothing is done. One that stopped by an error begins anew
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalArgumentException if the name is blank or not valid Unicode
     * @throws IllegalStateException if the follower has ended
     */
    boolean add(String name);

    /**
     * Follows a log no longer: no callback for it runs after this returns. One that is running is waited for, as by
     * {@link #close()}.
     *
     * @param name the name of the log
     * @return whether it was among the logs
     */
    boolean remove(String name);
}
