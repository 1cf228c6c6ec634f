package dev.eventlog.http;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Keeps the waiting requests, and ends them when the application shuts down. Thread-safe. */
final class OpenRequests {

    private final Set<Runnable> ends = ConcurrentHashMap.newKeySet();
    private volatile boolean running = true; // the web server starts in an earlier phase

    /**
     * Registers a request until it ends.
     *
     * @param end ends the request
     * @param ended completes when the request has ended
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

    /** Ends all requests, without waiting for their clients. */
    void stop() {
        running = false;
        ends.forEach(Runnable::run);
    }
}
