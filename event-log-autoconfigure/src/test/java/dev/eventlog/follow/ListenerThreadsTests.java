package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class ListenerThreadsTests {

    /** Shuts down while many feeds retry: each attempt starts a thread. */
    @Test
    void closeWhileFeedThreadsStartThrowsNothing() throws InterruptedException {
        Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown));
        try {
            for (int round = 0; round < 50; round++) {
                ListenerThreads threads = new ListenerThreads(1, false);
                CountDownLatch begun = new CountDownLatch(10);
                Thread retrying = new Thread(() -> beginUntilClosed(threads.forFeeds(), begun));
                retrying.start();
                begun.await();
                threads.close();
                retrying.join();
            }
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }

        assertThat(uncaught).isEmpty();
    }

    private static void beginUntilClosed(Executor feeds, CountDownLatch begun) {
        try {
            while (true) {
                feeds.execute(begun::countDown);
            }
        } catch (RejectedExecutionException closed) {
            // at last
        }
    }
}
