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

    /** The log has changed, and Redis may not report the change. A blocking read finds it by itself when its time is up. */
    default void look() {}

    /** {@return whether the connection is shared} */
    boolean isShared();
}
