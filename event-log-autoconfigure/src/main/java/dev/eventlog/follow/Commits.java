package dev.eventlog.follow;

/** What the followers of many logs do with their positions beside remembering them. Thread-safe. */
@FunctionalInterface
public interface Commits {

    /** Of a follower without a name: nothing. */
    Commits NONE = log -> Commit.NONE;

    /**
     * What is done with the position in a log. Called when that begins to be followed.
     *
     * @param log the name of the log
     * @return what is done
     * @throws RuntimeException if it cannot be followed
     */
    Commit of(String log);

    /**
     * A log is gone, all of it was delivered, and it is followed no longer.
     *
     * @param log the name of the log
     */
    default void forgotten(String log) {}
}
