package dev.eventlog.follow;

import java.util.Set;

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
     * Logs are gone, all their events have been delivered, and they are no longer followed.
     *
     * @param logs the names of the logs
     * @throws RuntimeException if this cannot be stored now; nothing is lost by that
     */
    default void forgotten(Set<String> logs) {}
}
