package dev.eventlog.redis;

import dev.eventlog.Follower;
import java.util.concurrent.CompletableFuture;

/** A follower that can be closed beside others. */
interface RunningFollower extends Follower {

    /**
     * Lets nothing more begin, and waits for nothing.
     *
     * @return completes when a running callback has returned, and all is given up that the follower held
     */
    CompletableFuture<Void> closeSoon();
}
