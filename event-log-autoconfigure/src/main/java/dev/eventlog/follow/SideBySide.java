package dev.eventlog.follow;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.util.backoff.BackOff;

/**
 * Runs tasks on the threads of another executor, a limited number at once. Never waits and never rejects a task: if the other
 * executor rejects one, it tries again later. Thread-safe.
 */
final class SideBySide implements Executor {

    private static final Log logger = LogFactory.getLog(SideBySide.class);

    private final Executor threads;
    private final Semaphore free;
    private final FullExecutor crowd;
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
        this.threads = threads;
        this.free = new Semaphore(most);
        this.crowd = new FullExecutor(logger, description, recovery);
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
            crowd.rejected(full, this::runMore);
        }
    }

    private void work() {
        crowd.accepted();
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
