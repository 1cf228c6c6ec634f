package dev.eventlog.follow;

import dev.eventlog.Follower.EndReason;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What follows one log or many, and can be closed beside others. */
public interface Running {

    /** {@return completes when it has ended, and its last callback has returned} */
    CompletionStage<EndReason> completion();

    /**
     * Lets nothing more begin, and waits for nothing.
     *
     * @param reason why it ends, unless it has ended before
     * @return completes when a running callback has returned, and all is given up that was held
     */
    CompletableFuture<EndReason> closeSoon(EndReason reason);

    /** Ends it, and waits for running callbacks as long as it is set. */
    void close();
}
