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
 * Runs tasks on the threads of another executor, a limited number at once. Never waits and never rejects a task: if the other
 * executor rejects one, it tries again later. Thread-safe.
 */
final class SideBySide implements Executor {

    private static final Log logger = LogFactory.getLog(SideBySide.class);

    private static final long SELDOM = 5_000; // milliseconds, after the back-off has given up

    private final String description;
    private final Executor threads;
    private final Semaphore free;
    private final Outage crowd; // guarded by itself
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    /**
     * Creates an instance that runs nothing yet.
     *
     * @param description the name for the application log, as in "… waits for a thread"
     * @param threads runs the tasks
     * @param most the maximum number of simultaneous tasks
     * @param recovery the back-off if no thread is available
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
            runMore(); // tasks that arrived after the last check
        }
    }

    /** Starts no more tasks. */
    void close() {
        closed = true;
        tasks.clear();
    }
}
