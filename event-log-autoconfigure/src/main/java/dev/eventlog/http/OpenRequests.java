package dev.eventlog.http;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** The requests that wait for something to happen, until the application shuts down. Thread-safe. */
final class OpenRequests {

    private final Set<Runnable> ends = ConcurrentHashMap.newKeySet();
    private volatile boolean running = true; // the web server starts in an earlier phase

    /**
     * Knows a request as long as it is open.
     *
     * @param end ends it
     * @param ended completes when it has ended
     */
    void opened(Runnable end, CompletionStage<?> ended) {
        ends.add(end);
        CompletableFuture<?> unused =
                ended.whenComplete((nothing, failure) -> ends.remove(end)).toCompletableFuture();
        if (!running) {
            end.run();
        }
    }

    void start() {
        running = true;
    }

    boolean isRunning() {
        return running;
    }

    /** Ends all, without waiting for their clients. */
    void stop() {
        running = false;
        ends.forEach(Runnable::run);
    }
}
