package dev.eventlog.follow;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * Runs tasks on the threads of another executor, not more than so many at once. Never waits, and never refuses a task: where the
 * other executor does, it is asked again later. Thread-safe.
 */
final class SideBySide implements Executor {

    private static final Log logger = LogFactory.getLog(SideBySide.class);

    private static final long SELDOM = 5_000; // milliseconds, where the back-off gives up

    private final String description;
    private final Executor threads;
    private final Semaphore free;
    private final Outage crowd; // guarded by itself
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    /**
     * Runs nothing yet.
     *
     * @param description whose tasks these are, as in "… waits for a thread"
     * @param threads runs them
     * @param most how many at once
     * @param recovery how long to wait where there is no thread
     */
    SideBySide(String description, Executor threads, int most, BackOff recovery) {
        this.description = description;
        this.threads = threads;
        this.free = new Semaphore(most);
        this.crowd = new Outage(logger, recovery);
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        runMore();
    }

    private void runMore() {
        if (closed || tasks.isEmpty() || !free.tryAcquire()) {
            return;
        }
        try {
            threads.execute(this::work);
        } catch (RejectedExecutionException full) {
            free.release();
            long delay;
            synchronized (crowd) {
                delay = crowd.failed(full, next -> description + " waits " + next + " ms for a thread");
            }
            CompletableFuture<Void> unused = new CompletableFuture<Void>()
                    .completeOnTimeout(null, delay == BackOffExecution.STOP ? SELDOM : delay, TimeUnit.MILLISECONDS)
                    .thenRun(this::runMore);
        }
    }

    private void work() {
        synchronized (crowd) {
            crowd.over(description + " has a thread");
        }
        try {
            for (Runnable next = tasks.poll(); next != null; next = tasks.poll()) {
                next.run();
            }
        } finally {
            free.release();
            runMore(); // what has come when this had looked for the last time
        }
    }

    /** Begins no more tasks. */
    void close() {
        closed = true;
        tasks.clear();
    }
}
