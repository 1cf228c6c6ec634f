package dev.eventlog.follow;

import java.util.concurrent.CompletableFuture;

/** Asks Redis for what a feed is to judge: on a connection of its own, or on one that many feeds share. */
interface FeedReader {

    /** Begins to read. Blocks nobody. */
    void start();

    /**
     * Ends the reading, without waiting for it.
     *
     * @return completes when the thread and the connection that only this one needed are gone
     */
    CompletableFuture<Void> stop();

    /** {@return whether the connection is shared} */
    boolean isShared();
}
