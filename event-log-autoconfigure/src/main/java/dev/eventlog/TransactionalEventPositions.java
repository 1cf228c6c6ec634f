package dev.eventlog;

/**
 * Stores positions in one transaction with the effects of the listener, so that each event has its effect exactly once,
 * whatever fails in between. The effects must be in the database that holds the positions.
 *
 * <p>If the listener throws, its effects are rolled back, and the exception is handled as for any follower. If anything
 * else in the transaction fails, the batch is delivered again after a back-off, unless the transaction turns out to be
 * committed. If {@link #store} returns false because another follower of that name has continued, the transaction is
 * rolled back with the effects of the listener.
 */
public interface TransactionalEventPositions extends EventPositions {

    /**
     * Runs the listener and {@link #store} in one transaction. With Spring:
     * {@code transactions.executeWithoutResult(status -> work.run())}.
     *
     * @param work calls the listener, then {@link #store}. Run it once, on this thread. If it throws, roll the
     *     transaction back and rethrow the exception
     */
    void inTransaction(Runnable work);
}
