package dev.eventlog.follow;

import dev.eventlog.Follower.EndReason;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A follower of one or many logs that can be closed together with others. */
public interface Running {

    /** {@return completes when the follower has ended and its last callback has returned} */
    CompletionStage<EndReason> completion();

    /**
     * Allows no more callbacks, without waiting.
     *
     * @param reason the reason of the end, unless it has already ended
     * @return completes when a running callback has returned and all resources have been released
     */
    CompletableFuture<EndReason> closeSoon(EndReason reason);

    /** Ends the follower, and waits for running callbacks for the configured time. */
    void close();
}
