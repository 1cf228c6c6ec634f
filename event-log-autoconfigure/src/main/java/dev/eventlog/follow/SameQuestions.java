package dev.eventlog.follow;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks Redis once where many ask the same at one moment, as when all clients come back after an outage. While one such question
 * is on its way all who come wait for the next one: so each answer is one to a question that was put after everybody who gets it
 * had come, and is as new as if they had asked themselves. Thread-safe.
 */
final class SameQuestions {

    private final Map<Object, CompletableFuture<Object>> underWay = new HashMap<>(); // guarded by this
    private final Map<Object, CompletableFuture<Object>> next = new HashMap<>(); // guarded by this

    /**
     * Asks, or has somebody else ask.
     *
     * @param what the question: equal for all who may have the same answer
     * @param question asks it
     * @param <T> the type of the answer, which all share
     * @return the answer
     */
    @SuppressWarnings("unchecked")
    <T> T ask(Object what, Supplier<T> question) {
        CompletableFuture<Object> mine = new CompletableFuture<>();
        CompletableFuture<Object> joined;
        CompletableFuture<Object> before;
        synchronized (this) {
            joined = next.putIfAbsent(what, mine);
            before = underWay.get(what);
        }
        if (joined == null) {
            put(what, mine, before, question);
        }
        try {
            return (T) (joined == null ? mine : joined).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException refused) {
                throw refused;
            }
            if (failed.getCause() instanceof Error error) {
                throw error;
            }
            throw failed;
        }
    }

    private <T> void put(
            Object what,
            CompletableFuture<Object> mine,
            @Nullable CompletableFuture<Object> before,
            Supplier<T> question) {
        if (before != null) {
            before.handle((answer, failure) -> true).join();
        }
        synchronized (this) {
            next.remove(what);
            underWay.put(what, mine);
        }
        try {
            mine.complete(question.get());
        } catch (Throwable failure) {
            mine.completeExceptionally(failure);
        } finally {
            synchronized (this) {
                underWay.remove(what, mine);
            }
        }
    }
}
