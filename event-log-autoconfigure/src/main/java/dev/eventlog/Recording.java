package dev.eventlog;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A source that this application records into a log, independently of the caller that started it: see
 * {@link EventLog#record}. Thread-safe.
 */
public interface Recording {

    /** {@return the name of the log} */
    String log();

    /**
     * Returns the completion of the log as a future: done or failed like the source, or the way in which somebody else
     * completed the log. The future completes exceptionally if an event could not be stored, or if Redis refused: the log
     * is then completed as failed, if Redis allows this. It also completes exceptionally if Redis does not answer for
     * too long. The lease of the recording then expires, and an application that follows any log completes this one as
     * failed.
     *
     * @return the same future each time; completing or cancelling it does not affect the recording
     */
    CompletableFuture<Completion> completion();

    /**
     * Stops the source. The events that it has emitted are added, and the log ends as cancelled. This method does not
     * wait for that, and has no effect on a recording that has ended.
     *
     * @param reason the reason, which followers of the log get; null for none
     */
    void cancel(@Nullable String reason);
}
