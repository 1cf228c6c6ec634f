package dev.eventlog.follow;

import java.util.concurrent.CompletableFuture;

/**
 * The one live read of a log in this application: puts what comes into a {@link Window} and wakes the followers. It runs from
 * when it is started until it is stopped, whatever happens to Redis meanwhile.
 */
interface Feed {

    /** {@return the newest events, as far as this feed has read} */
    Window window();

    /** {@return how many events of the log to ask for at once} */
    PageSize pages();

    /** {@return by which its followers ask Redis once for what several of them ask at one moment} */
    SameQuestions questions();

    /** {@return whether it has lost Redis, and not looked yet what that holds by now} */
    boolean isInterrupted();

    /** {@return whether it is read on a connection that it shares with others} */
    boolean isShared();

    /** {@return how often it has come back to what may be a log without some of the events that it had} */
    int comebacks();

    /**
     * {@return whether the feed may read from this server} False if the feed is known to read from another server, or from the same
     * one after it has lost or replaced its data.
     *
     * @param server as {@link StartPoint#server}
     */
    boolean mayReadFrom(String server);

    /** Adds a follower to those that are woken. */
    void join(LogFollower follower);

    /**
     * Takes a follower away.
     *
     * @return whether others are left
     */
    boolean leave(LogFollower follower);

    /**
     * Ends the live read, without waiting for it.
     *
     * @return completes when its thread and connection are gone
     */
    CompletableFuture<Void> stop();
}
