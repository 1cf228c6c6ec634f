package dev.eventlog;

import java.util.List;

/**
 * Takes the batches that a follower's listener cannot, so that the follower goes on after them: puts them aside, or says
 * whom they concern.
 *
 * <p>Called in place of the listener, and like it: calls for one follower overlap neither each other nor those of the
 * listener, {@link Follower#close()} waits for them, and a recoverer may block.
 */
@FunctionalInterface
public interface EventBatchRecoverer {

    /**
     * Takes a batch for which the listener was called for the last time. When this returns the batch counts as taken.
     *
     * @param log the name of the log
     * @param batch the events as they are stored, also where a typed log is followed; some of them may fit the listener,
     *     which took none; unmodifiable, and yours to keep
     * @param failure what the last call threw, or the {@link EventConversionException} that kept it from being made
     * @throws Exception to stop the follower, with this failure
     */
    void recover(String log, List<Event> batch, Throwable failure) throws Exception;
}
