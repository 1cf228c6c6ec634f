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
 * The threads of a factory: one for each feed, and for listeners as many as are busy at one moment, up to a limit. Spring's
 * pool is of no use for these: it has tasks wait in its queue before it makes threads beyond its core, so that as many
 * listeners that block as it has core threads would keep all others waiting.
 */
public final class ListenerThreads implements AutoCloseable {

    private static final int IDLE_SECONDS = 10;

    private final SimpleAsyncTaskExecutor feeds;
    private final Executor listeners;
    private final AutoCloseable closing;

    /**
     * Threads, of which none runs yet.
     *
     * @param limit how many listeners may be busy at one moment; ignored with virtual threads
     * @param virtual whether they are virtual
     */
    public ListenerThreads(int limit, boolean virtual) {
        this.feeds = new FeedsExecutor();
        feeds.setVirtualThreads(virtual);
        feeds.setDaemon(true);
        feeds.setTaskTerminationTimeout(Feeds.LONGEST_END.toMillis());
        if (virtual) {
            SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor("eventlog-listener-");
            executor.setVirtualThreads(true);
            this.listeners = executor;
            this.closing = executor;
        } else {
            ThreadPoolExecutor pool = growing(limit);
            this.listeners = pool;
            this.closing = pool::shutdownNow;
        }
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
                    queue.put(task); // all threads are busy: the next that is free takes it
                });
    }

    /** A pool's thread would inherit the class loader of whichever thread happened to make it. */
    private static ThreadFactory inContextOf(ThreadFactory factory) {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return task -> {
            Thread thread = factory.newThread(task);
            thread.setContextClassLoader(loader);
            return thread;
        };
    }

    /** {@return runs each task on a thread of its own} */
    public Executor forFeeds() {
        return feeds;
    }

    /** {@return runs tasks on as many threads as are busy, up to the limit} */
    public Executor forListeners() {
        return listeners;
    }

    /**
     * Waits until the feeds, which have been stopped, have ended, and interrupts those that take too long: before their
     * connections are taken from them, as one that is being opened then may never be.
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

    /** Spring's tells a thread by an exception, which nobody would catch, that it was closed before the thread's task began. */
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

    /** Takes a task only if a thread waits for one, so that the pool makes another thread else. */
    private static final class Handover extends LinkedTransferQueue<Runnable> {

        private static final long serialVersionUID = 1L;

        @Override
        public boolean offer(Runnable task) {
            return tryTransfer(task);
        }
    }
}
