package dev.eventlog;

import java.util.List;

/**
 * Receives the batches that a listener cannot process, so that the follower can continue after them. For example, it
 * stores them in another log.
 *
 * <p>The same rules apply as for the listener: calls for one follower overlap neither each other nor calls of the
 * listener, {@link Follower#close()} waits for them, and a recoverer may block.
 */
@FunctionalInterface
public interface EventBatchRecoverer {

    /**
     * Receives a batch after the last attempt of the listener. When this method returns, the batch counts as processed.
     *
     * @param log the name of the log
     * @param batch the events as they are stored, even for a typed log. It is the complete batch, including events that
     *     caused no error; unmodifiable, and safe to keep
     * @param failure the exception of the last call, or the {@link EventConversionException} that prevented it
     * @throws Exception to stop the follower with this exception
     */
    void recover(String log, List<Event> batch, Throwable failure) throws Exception;
}
