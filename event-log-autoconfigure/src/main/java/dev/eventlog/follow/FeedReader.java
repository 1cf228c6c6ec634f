package dev.eventlog.follow;

import java.util.concurrent.CompletableFuture;

/** Reads from Redis for a feed, on its own connection or on a connection that many feeds share. */
interface FeedReader {

    /** Starts to read. Does not block. */
    void start();

    /**
     * Stops reading, without waiting for it.
     *
     * @return completes when the thread and the connection are gone, unless others still use them
     */
    CompletableFuture<Void> stop();

    /** {@return whether the connection is shared} */
    boolean isShared();
}
