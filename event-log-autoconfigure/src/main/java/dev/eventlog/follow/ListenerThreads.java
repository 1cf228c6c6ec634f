package dev.eventlog.follow;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * The threads of a factory: one for each feed, and for listeners as many as are busy, up to a limit. Spring's thread pool does
 * not fit for listeners. It queues tasks before it adds threads beyond its core size, so a few blocked listeners could stop all
 * others.
 */
public final class ListenerThreads implements AutoCloseable {

    private static final int IDLE_SECONDS = 10;

    private final SimpleAsyncTaskExecutor feeds;
    private final Executor listeners;
    private final AutoCloseable closing;

    /**
     * Creates the threads. None of them runs yet.
     *
     * @param limit the maximum number of busy listeners; ignored with virtual threads
     * @param virtual whether the threads are virtual
     */
    public ListenerThreads(int limit, boolean virtual) {
        this.feeds = new FeedsExecutor();
        feeds.setVirtualThreads(virtual);
        feeds.setDaemon(true);
        feeds.setTaskTerminationTimeout(Feeds.LONGEST_END.toMillis());
        if (virtual) {
            SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor("eventlog-listener-");
            executor.setVirtualThreads(true);
            this.listeners = rejecting(executor);
            this.closing = executor;
        } else {
            ThreadPoolExecutor pool = growing(limit);
            this.listeners = rejecting(pool);
            this.closing = pool::shutdownNow;
        }
    }

    /**
     * {@return an executor that rejects a task if no further thread can be started}
     *
     * @param executor throws an error then
     */
    public static Executor rejecting(Executor executor) {
        return task -> {
            try {
                executor.execute(task);
            } catch (OutOfMemoryError none) { // as if the executor were full
                throw new RejectedExecutionException("No further thread could be started: " + none.getMessage(), none);
            }
        };
    }

    private static ThreadPoolExecutor growing(int limit) {
        CustomizableThreadFactory factory = new CustomizableThreadFactory("eventlog-listener-");
        factory.setDaemon(true);
        Handover queue = new Handover();
        return new ThreadPoolExecutor(
                0, limit, IDLE_SECONDS, TimeUnit.SECONDS, queue, inContextOf(factory), (task, pool) -> {
                    if (pool.isShutdown()) {
                        throw new RejectedExecutionException("The event logs have been closed");
                    }
                    queue.put(task); // all threads are busy: the next free thread takes it
                });
    }

    /** Sets the class loader. Otherwise a pool thread inherits the class loader of the thread that happened to create it. */
    private static ThreadFactory inContextOf(ThreadFactory factory) {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return task -> {
            Thread thread = factory.newThread(task);
            thread.setContextClassLoader(loader);
            return thread;
        };
    }

    /** {@return an executor that runs each task on its own thread} */
    public Executor forFeeds() {
        return rejecting(feeds);
    }

    /** {@return an executor with as many threads as are busy, up to the limit} */
    public Executor forListeners() {
        return listeners;
    }

    /**
     * Waits until the stopped feeds have ended, and interrupts feeds that take too long. Call it before their connections are
     * closed, because a connection that is being opened at that time may never complete.
     */
    public void closeFeeds() {
        feeds.close();
    }

    @Override
    public void close() {
        closeFeeds();
        try {
            closing.close();
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Spring's executor throws an uncaught exception on a thread that was closed before its task began. */
    private static final class FeedsExecutor extends SimpleAsyncTaskExecutor {

        private static final long serialVersionUID = 1L;

        FeedsExecutor() {
            super("eventlog-feed-");
        }

        @Override
        protected void doExecute(Runnable task) {
            super.doExecute(() -> {
                try {
                    task.run();
                } catch (CancellationException closed) {
                    // The task has not begun, and nobody waits for it
                }
            });
        }
    }

    /** Accepts a task only if a thread waits for one. Otherwise the pool creates another thread. */
    private static final class Handover extends LinkedTransferQueue<Runnable> {

        private static final long serialVersionUID = 1L;

        @Override
        public boolean offer(Runnable task) {
            return tryTransfer(task);
        }
    }
}
