package dev.eventlog;

/** Follows a set of logs that can grow and shrink. Thread-safe. */
public interface LogSetFollower extends LogsFollower {

    /**
     * Follows one more log, from the tail of the {@code follow} call, or after its position if the follower has a name
     * and a position is stored. The start is fixed when this method returns.
     *
     * <p>Redis: the commands of {@link ReadableEventLog#follow}, and {@code HGET} or {@code HMGET} if the follower has a name.
     *
     * @param name the name of the log
     * @return whether the log is new in the set; otherwise nothing happens. A log that stopped with an error starts
     *     again
     * @throws EventLogUnavailableException if Redis cannot be reached or cannot answer now
     * @throws EventLogException if Redis refuses
     * @throws IllegalArgumentException if the name is blank or not valid Unicode
     * @throws IllegalStateException if the follower has ended
     */
    boolean add(String name);

    /**
     * Stops following a log. No callback for it starts after this call. It waits for a running callback, as
     * {@link #close()} does.
     *
     * @param name the name of the log
     * @return whether the log was in the set and had not stopped with an error
     */
    boolean remove(String name);
}
