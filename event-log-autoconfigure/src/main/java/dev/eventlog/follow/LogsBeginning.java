package dev.eventlog.follow;

import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.follow.Followers.Start;
import dev.eventlog.redis.LogStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

/**
 * Starts the followers of many logs. It starts them in groups, with a round trip or two for each group, and a few groups at the
 * same time. Thread-safe.
 */
final class LogsBeginning {

    /** The number of groups that start at the same time. */
    private static final int BEGINNING = 4;

    /** The number of logs in a group, which are asked together. */
    private static final int TOGETHER = 64;

    /** Adds a log whose start has been found. */
    @FunctionalInterface
    interface Adding {

        /** {@return whether the log was not followed yet} */
        boolean add(String name, Start start);
    }

    /**
     * Where to continue in a log.
     *
     * @param after the position
     * @param caughtUp whether the listener was told that the log caught up
     */
    private record Resume(EventId after, boolean caughtUp) {}

    private final ManyLogs.Means means;
    private final Adding adding;
    private final CompletableFuture<Void> closing;
    private final SideBySide beginners;
    /** Where to continue in logs that turned out to exist still, but whose follower could not start again. */
    private final Map<String, Resume> resumes = new ConcurrentHashMap<>();

    /**
     * Creates an instance that starts nothing yet.
     *
     * @param description the name for the application log, as in "… waits for a thread"
     * @param means the shared objects
     * @param adding adds the logs that have begun
     * @param closing completes when no more logs should begin, and nobody should wait for them
     */
    LogsBeginning(String description, ManyLogs.Means means, Adding adding, CompletableFuture<Void> closing) {
        this.means = means;
        this.adding = adding;
        this.closing = closing;
        this.beginners = new SideBySide(
                description, means.background(), BEGINNING, means.settings().recovery());
    }

    /**
     * Starts logs.
     *
     * @param tails where to start in each log
     * @param skipsOthers whether to leave out keys that are not streams
     * @throws RuntimeException if one log cannot begin; others may have begun
     */
    void begin(Map<String, Tail> tails, boolean skipsOthers) {
        Map<String, RuntimeException> failures = beginAll(tails, true);
        for (RuntimeException failure : failures.values()) {
            if (!(skipsOthers && failure instanceof EventLogException refused && LogStream.isAnotherType(refused))) {
                throw failure;
            }
        }
    }

    /**
     * Starts logs, each on its own.
     *
     * @return the logs that could not begin, with the failures
     */
    Map<String, RuntimeException> beginEach(Map<String, Tail> tails) {
        Map<String, Tail> resumed = new HashMap<>();
        tails.forEach((name, tail) -> {
            Resume resume = resumes.get(name);
            resumed.put(name, resume == null ? tail : Tail.after(resume.after()));
        });
        Map<String, RuntimeException> failed = beginAll(resumed, false);
        resumed.keySet().stream().filter(name -> !failed.containsKey(name)).forEach(resumes::remove);
        return failed;
    }

    /** Returns whether a log that could not begin may begin later. */
    static boolean mayBeginLater(RuntimeException failure) {
        return failure instanceof EventLogUnavailableException
                || (failure instanceof EventLogException refused && LogStream.isLoginRefused(refused));
    }

    private Map<String, RuntimeException> beginAll(Map<String, Tail> tails, boolean untilOneFails) {
        Map<String, RuntimeException> failures = new ConcurrentHashMap<>();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        List<String> names = List.copyOf(tails.keySet());
        for (int from = 0; from < names.size(); from += TOGETHER) {
            Map<String, Tail> some = new LinkedHashMap<>();
            names.subList(from, Math.min(names.size(), from + TOGETHER))
                    .forEach(name -> some.put(name, tails.get(name)));
            all.add(CompletableFuture.runAsync(() -> beginSome(some, failures, untilOneFails), beginners));
        }
        CompletableFuture<Void> done = CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
        try {
            CompletableFuture.anyOf(done, closing).get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            failures.put(
                    "",
                    new EventLogUnavailableException(
                            String.join(", ", tails.keySet().stream().limit(3).toList()),
                            "The logs cannot be followed: this thread was interrupted while they began",
                            interrupted));
        } catch (ExecutionException unforeseen) {
            throw new CompletionException(unforeseen.getCause());
        }
        return failures;
    }

    private void beginSome(Map<String, Tail> tails, Map<String, RuntimeException> failures, boolean untilOneFails) {
        if (untilOneFails && !failures.isEmpty()) {
            return;
        }
        Map<String, Start> starts = new LinkedHashMap<>();
        tails.forEach((name, tail) -> {
            try {
                starts.put(name, start(name, tail));
            } catch (RuntimeException failure) { // from the application's options for this log
                failures.put(name, failure);
            }
        });
        List<Start> found;
        try {
            found = means.followers().find(List.copyOf(starts.values()));
        } catch (RuntimeException failure) {
            starts.keySet().forEach(name -> failures.put(name, failure));
            return;
        }
        Iterator<Start> each = found.iterator();
        for (String name : starts.keySet()) {
            if (untilOneFails && !failures.isEmpty()) {
                return;
            }
            try {
                adding.add(name, each.next());
            } catch (RuntimeException failure) {
                failures.put(name, failure);
            }
        }
    }

    Start start(String name, Tail tail) {
        LogStream stream = stream(name);
        return new Start(stream, TailRange.of(tail, stream.options()));
    }

    LogStream stream(String name) {
        return means.streams().apply(name);
    }

    /** Starts a log again that was followed before, when a thread is available. */
    void beginAgain(Runnable begin) {
        beginners.execute(begin);
    }

    /** Remembers where to continue in a log when it is found again, and whether the listener was told that it caught up. */
    void resumeLater(String name, EventId after, boolean caughtUp) {
        resumes.put(name, new Resume(after, caughtUp));
    }

    /** {@return whether a log continues whose listener was told that it caught up} */
    boolean continuesCaughtUp(String name) {
        Resume resume = resumes.get(name);
        return resume != null && resume.caughtUp();
    }

    /** Forgets where to continue in logs that are gone. {@return the logs that were to continue} */
    Set<String> forgetResumes(Collection<String> gone) {
        Set<String> forgotten = new HashSet<>(gone);
        forgotten.removeIf(name -> resumes.remove(name) == null);
        return forgotten;
    }

    /** Starts no more logs. */
    void close() {
        beginners.close();
    }
}
