package dev.eventlog.follow;

import dev.eventlog.Follower;
import java.util.concurrent.CompletableFuture;

/** A follower that can be closed beside others. */
public interface RunningFollower extends Follower {

    /**
     * Lets nothing more begin, and waits for nothing.
     *
     * @param reason why it ends, unless it has ended before
     * @return completes when a running callback has returned, and all is given up that the follower held
     */
    CompletableFuture<EndReason> closeSoon(EndReason reason);
}
