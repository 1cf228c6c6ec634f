package dev.eventlog.follow;

/** Stores the positions of a follower of many logs, if the follower has a name. Thread-safe. */
@FunctionalInterface
public interface Commits {

    /** For a follower without a name: stores nothing. */
    Commits NONE = log -> Commit.NONE;

    /**
     * Returns the commit of a log. Called when the log begins to be followed.
     *
     * @param log the name of the log
     * @return the commit
     * @throws RuntimeException if the log cannot be followed
     */
    Commit of(String log);

    /**
     * A log is gone, all its events have been delivered, and it is no longer followed.
     *
     * @param log the name of the log
     */
    default void forgotten(String log) {}
}
