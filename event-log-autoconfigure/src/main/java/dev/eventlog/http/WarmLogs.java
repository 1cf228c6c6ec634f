package dev.eventlog.http;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/**
 * Keeps a log followed for a while after a long poll, so that the next poll of the client needs no new connection to Redis. Keeps at
 * most one follower for each log. Thread-safe.
 */
final class WarmLogs {

    private static final long SECONDS = 2;

    private final Map<String, Flow.Subscription> kept = new ConcurrentHashMap<>();

    /** Cancels a subscription to a log later, or as soon as there is a newer one to keep. */
    void keep(String log, Flow.Subscription subscription) {
        Flow.Subscription before = kept.put(log, subscription);
        if (before != null) {
            before.cancel();
        }
        CompletableFuture.delayedExecutor(SECONDS, TimeUnit.SECONDS).execute(() -> {
            if (kept.remove(log, subscription)) {
                subscription.cancel();
            }
        });
    }
}
