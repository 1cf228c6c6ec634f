package dev.eventlog;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A source that is being recorded into a log, by this application and apart from whatever began it: see
 * {@link EventLog#record}. Thread-safe.
 */
public interface Recording {

    /** {@return the name of the log} */
    String log();

    /**
     * How the log ended, as soon as it has: done or failed as the source was, or in whatever way somebody else ended it. It ends
     * exceptionally if the log could not be completed because Redis does not answer, or refuses; then the lease of the recording
     * runs out, and the log is completed as failed by whoever follows it.
     *
     * @return the same future each time; to complete or cancel it does nothing to the recording
     */
    CompletableFuture<Completion> completion();

    /**
     * Stops the source. What it has given until now is added, and the log ends as cancelled. Does not wait for that. Has no
     * effect on a recording that has ended.
     *
     * @param reason why, for whoever follows the log; null to say nothing
     */
    void cancel(@Nullable String reason);
}
