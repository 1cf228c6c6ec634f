package dev.eventlog;

/**
 * Positions that are stored in one transaction with what the listener does, so that the effect of each event is there exactly
 * once, whatever dies in between: for effects in the database that holds the positions.
 *
 * <p>If the listener throws, its effects are rolled back, and that is dealt with as for any follower. If anything else in the
 * transaction fails, the batch is delivered again after a back-off, unless it turns out to have been committed. If
 * {@link #store} answers false because another follower of that name has gone on, the transaction is rolled back and the
 * listener's effects with it.
 */
public interface TransactionalEventPositions extends EventPositions {

    /**
     * Has a listener take a batch, and the position after it stored, in one transaction. With Spring:
     * {@code transactions.executeWithoutResult(status -> work.run())}.
     *
     * @param work calls the listener, then {@link #store}; to be run once, on this thread. If it throws, the transaction must be
     *     rolled back and what it threw be thrown on
     */
    void inTransaction(Runnable work);
}
