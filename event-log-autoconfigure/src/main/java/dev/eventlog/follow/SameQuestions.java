package dev.eventlog.follow;

import dev.eventlog.redis.LogStream;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Combines identical questions to Redis, for example when all clients reconnect after an outage. While one question is in flight,
 * all further callers wait for the next one. Each answer therefore belongs to a question that was sent after all its callers had
 * arrived, and is as recent as an answer to their own question. Thread-safe.
 */
final class SameQuestions {

    private final Map<Object, CompletableFuture<Object>> underWay = new HashMap<>(); // guarded by this
    private final Map<Object, CompletableFuture<Object>> next = new HashMap<>(); // guarded by this

    /**
     * Asks a question. If another caller is about to ask the same question, waits for the answer to that one instead, and asks
     * again if the thread of the other caller is interrupted.
     *
     * @param what identifies the question; equal for all callers that may share the answer
     * @param question asks the question
     * @param <T> the type of the shared answer
     * @return the answer
     */
    @SuppressWarnings("unchecked")
    <T> T ask(Object what, Supplier<T> question) {
        while (true) {
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
                if (joined == null || !LogStream.isInterruption(failed)) {
                    throw reason(failed);
                }
            }
        }
    }

    private static RuntimeException reason(CompletionException failed) {
        if (failed.getCause() instanceof Error error) {
            throw error;
        }
        return failed.getCause() instanceof RuntimeException refused ? refused : failed;
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
