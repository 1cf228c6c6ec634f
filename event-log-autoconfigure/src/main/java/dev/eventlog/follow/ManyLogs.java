package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Gap;
import dev.eventlog.LogsListener;
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
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

// Long: one count of all that runs, by which it is known when the last of it has ended.
/**
 * Many logs with one listener, each followed by a {@link LogFollower}. They begin a few at a time, and their listener is called
 * for a few at a time, so that no thread belongs to a log and Redis is not flooded. Thread-safe.
 */
public final class ManyLogs implements Running {

    /** How many groups of logs begin at the same time. */
    private static final int BEGINNING = 4;

    /** How many logs are in a group, for which Redis is asked in one go. */
    private static final int TOGETHER = 16;

    /** A log, and how it is followed. */
    private static final class Place {
        private volatile @Nullable LogFollower follower;
        private volatile @Nullable Throwable failure;
    }

    /**
     * What all that follow many logs have in common.
     *
     * @param streams the stream of a log, by its name
     * @param followers follows each log
     * @param settings how logs are followed
     * @param listeners runs the listeners
     * @param background runs what takes long
     */
    public record Means(
            Function<String, LogStream> streams,
            Followers followers,
            FollowSettings settings,
            Executor listeners,
            Executor background) {}

    private final Means means;
    private final LogsListener<Event> listener;
    private final FollowOptions options;
    private final Function<String, Commit> commits;
    private final SideBySide callers;
    private final SideBySide beginners;
    private final Map<String, Place> places = new ConcurrentHashMap<>();
    /** Where to go on in logs that were followed, and could not be when they proved not to be gone. */
    private final Map<String, EventId> resumes = new ConcurrentHashMap<>();

    private final CompletableFuture<EndReason> completion = new CompletableFuture<>();

    private final CompletableFuture<Void> closing = new CompletableFuture<>();

    // Guarded by this.
    private int running = 1; // all that is to end before this has ended, and this itself until it is closed
    private int beginning;
    private boolean closed;
    private EndReason reason = EndReason.CLOSED;

    /**
     * Follows nothing yet.
     *
     * @param description as it stands in the application's log, as in "… waits for a thread"
     * @param means what it needs
     * @param listener takes the events
     * @param options how the followers deal with it
     * @param commits what is done with the position in a log
     */
    public ManyLogs(
            String description,
            Means means,
            LogsListener<Event> listener,
            FollowOptions options,
            Function<String, Commit> commits) {
        this.means = means;
        this.listener = listener;
        this.options = options;
        this.commits = commits;
        FollowSettings settings = means.settings();
        int concurrency = Objects.requireNonNullElse(options.concurrency(), settings.concurrency());
        this.callers = new SideBySide(description, means.listeners(), concurrency, settings.recovery());
        this.beginners = new SideBySide(description, means.background(), BEGINNING, settings.recovery());
    }

    /** {@return whether a log is among these, also if it has stopped by an error} */
    boolean knows(String name) {
        return places.containsKey(name);
    }

    /** {@return the logs that are followed} */
    public Set<String> logs() {
        return places.entrySet().stream()
                .filter(place -> place.getValue().failure == null)
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** {@return where the follower of each log stands} */
    public Map<String, EventId> positions() {
        Map<String, EventId> positions = new HashMap<>();
        places.forEach((name, place) -> {
            LogFollower follower = place.follower;
            if (follower != null) {
                positions.put(name, follower.position());
            }
        });
        return Map.copyOf(positions);
    }

    /** {@return the logs that have stopped by an error} */
    public Map<String, Throwable> failures() {
        Map<String, Throwable> failures = new HashMap<>();
        places.forEach((name, place) -> {
            Throwable failure = place.failure;
            if (failure != null) {
                failures.put(name, failure);
            }
        });
        return Map.copyOf(failures);
    }

    /** {@return whether it was not closed} */
    public synchronized boolean isRunning() {
        return !closed;
    }

    /**
     * Follows logs. If one cannot begin, none does: then this is closed.
     *
     * @param tails where to begin in which log
     * @param skipsOthers whether to leave out what turns out to be no stream
     */
    public void begin(Map<String, TailRange> tails, boolean skipsOthers) {
        try {
            Map<String, RuntimeException> failures = beginAll(tails, true);
            for (RuntimeException failure : failures.values()) {
                if (!(skipsOthers
                        && failure instanceof EventLogException refused
                        && LogStream.isAnotherType(refused))) {
                    throw failure;
                }
            }
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /**
     * Follows logs that have begun. What refuses ends for itself, and the listener is told.
     *
     * @return those that could not begin now, but may later, with why
     */
    Map<String, RuntimeException> beginLater(Map<String, TailRange> tails) {
        Map<String, RuntimeException> again = new HashMap<>();
        Map<String, TailRange> resumed = new HashMap<>();
        tails.forEach((name, tail) -> {
            EventId after = resumes.get(name);
            resumed.put(name, after == null ? tail : tail.resumedAfter(after));
        });
        Map<String, RuntimeException> failed = beginAll(resumed, false);
        resumed.keySet().stream().filter(name -> !failed.containsKey(name)).forEach(resumes::remove);
        failed.forEach((name, failure) -> {
            if (failure instanceof EventLogUnavailableException
                    || (failure instanceof EventLogException refused && LogStream.isLoginRefused(refused))) {
                again.put(name, failure);
            } else if (isRunning()
                    && means.followers().isOpen()
                    && !(failure instanceof EventLogException refused && LogStream.isAnotherType(refused))) {
                Place place = new Place();
                place.failure = failure;
                if (places.putIfAbsent(name, place) == null) {
                    listener.onFailure(name, failure);
                }
            }
        });
        return again;
    }

    private Map<String, RuntimeException> beginAll(Map<String, TailRange> tails, boolean untilOneFails) {
        Map<String, RuntimeException> failures = new ConcurrentHashMap<>();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        List<String> names = List.copyOf(tails.keySet());
        for (int from = 0; from < names.size(); from += TOGETHER) {
            Map<String, TailRange> some = new LinkedHashMap<>();
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
                            "The logs cannot be followed: this thread was interrupted during the start",
                            interrupted));
        } catch (ExecutionException unforeseen) {
            throw new CompletionException(unforeseen.getCause());
        }
        return failures;
    }

    private void beginSome(
            Map<String, TailRange> tails, Map<String, RuntimeException> failures, boolean untilOneFails) {
        if (untilOneFails && !failures.isEmpty()) {
            return;
        }
        Map<String, Start> starts = new LinkedHashMap<>();
        tails.forEach((name, tail) -> {
            try {
                starts.put(name, start(name, tail));
            } catch (RuntimeException failure) { // of the application's options for this log
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
                add(name, each.next());
            } catch (RuntimeException failure) {
                failures.put(name, failure);
            }
        }
    }

    private Start start(String name, TailRange tail) {
        return new Start(means.streams().apply(name), tail);
    }

    /**
     * Follows one more log.
     *
     * @param name its name
     * @param tail where to begin
     * @return whether it was not followed yet
     */
    public boolean add(String name, TailRange tail) {
        return add(name, start(name, tail));
    }

    private boolean add(String name, Start start) {
        Place place = new Place();
        Place before = places.putIfAbsent(name, place);
        if (before != null && (before.failure == null || !places.replace(name, before, place))) {
            return false;
        }
        try {
            follow(name, place, start);
            return true;
        } catch (RuntimeException failure) {
            places.remove(name, place);
            throw failure;
        }
    }

    @SuppressWarnings("ReferenceEquality") // whether it was removed meanwhile
    private void follow(String name, Place place, Start start) {
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("Log '" + name + "' cannot be followed: its follower has ended");
            }
            running++;
            beginning++;
        }
        try {
            LogFollower follower =
                    means.followers().follow(start, new OneOfMany(name), options, commits.apply(name), callers);
            place.follower = follower;
            EndReason ended = hasBegun();
            boolean removed = places.get(name) != place;
            if (ended != null || removed) {
                CompletableFuture<EndReason> unused =
                        follower.closeSoon(Objects.requireNonNullElse(ended, EndReason.CLOSED));
            }
            follower.whenEnded((why, failure) -> {
                if (why == EndReason.SUPERSEDED) {
                    CompletableFuture<EndReason> unused = closeSoon(why);
                }
                place.failure = failure;
                hasEnded();
            });
        } catch (RuntimeException | Error failure) {
            EndReason unused = hasBegun();
            hasEnded();
            throw failure;
        }
    }

    /** {@return why it is to end at once; null if it is not} */
    private synchronized @Nullable EndReason hasBegun() {
        beginning--;
        notifyAll();
        return closed ? reason : null;
    }

    /** Has something done as soon as nothing more is to begin. */
    void whenClosed(Runnable action) {
        CompletableFuture<Void> unused = closing.thenRun(action);
    }

    private void hasEnded() {
        EndReason why;
        synchronized (this) {
            if (--running > 0) {
                return;
            }
            why = reason;
        }
        completion.complete(why);
    }

    /**
     * Follows a log no longer.
     *
     * @param name its name
     * @return whether it was followed
     */
    public boolean remove(String name) {
        Place place = places.remove(name);
        if (place == null) {
            return false;
        }
        LogFollower follower = place.follower;
        if (follower != null) {
            follower.close();
        }
        return place.failure == null;
    }

    /** {@return the logs of which all is delivered that is known} */
    Set<String> idle() {
        return places.entrySet().stream()
                .filter(place -> isIdle(place.getValue()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private static boolean isIdle(Place place) {
        LogFollower follower = place.follower;
        return follower != null && follower.isRunning() && !follower.feed().isInterrupted() && follower.isAtEndOfFeed();
    }

    /**
     * Follows logs no longer that are gone.
     *
     * @param names those of which all was delivered
     * @param existing says which of them exist after all: these are followed on from where they were
     * @return those that are no longer followed: whatever of them comes now has not been delivered
     */
    Set<String> forget(Collection<String> names, Function<Collection<String>, List<String>> existing) {
        Map<String, Place> closing = new HashMap<>();
        for (String name : names) {
            Place place = places.get(name);
            LogFollower follower = place == null ? null : place.follower;
            if (place != null && follower != null && isIdle(place)) {
                closing.put(name, place);
                CompletableFuture<EndReason> unused = follower.closeSoon(EndReason.CLOSED);
            }
        }
        return closing.isEmpty() ? Set.of() : forget(closing, existing);
    }

    private Set<String> forget(Map<String, Place> closed, Function<Collection<String>, List<String>> existing) {
        Set<String> there;
        try {
            there = Set.copyOf(existing.apply(closed.keySet()));
        } catch (EventLogException unknown) {
            there = closed.keySet();
        }
        Set<String> forgotten = new HashSet<>();
        for (Map.Entry<String, Place> each : closed.entrySet()) {
            String name = each.getKey();
            LogFollower follower = Objects.requireNonNull(each.getValue().follower);
            boolean ended = follower.completion().toCompletableFuture().isDone();
            if (ended && !there.contains(name) && follower.isAtEndOfFeed()) {
                places.remove(name, each.getValue());
                forgotten.add(name);
            } else {
                goOn(name, each.getValue(), follower);
            }
        }
        return forgotten;
    }

    private void goOn(String name, Place place, LogFollower closed) {
        closed.whenEnded((why, failure) -> {
            if (failure == null && isRunning()) {
                TailRange tail = TailRange.of(Tail.after(closed.position()), closed.options());
                beginners.execute(() -> {
                    try {
                        follow(name, place, start(name, tail));
                    } catch (RuntimeException later) {
                        places.remove(name, place);
                        resumes.put(name, closed.position());
                    }
                });
            }
        });
    }

    @Override
    public CompletionStage<EndReason> completion() {
        return completion.minimalCompletionStage();
    }

    @Override
    public CompletableFuture<EndReason> closeSoon(EndReason why) {
        synchronized (this) {
            if (closed) {
                return completion;
            }
            closed = true;
            reason = why;
        }
        callers.close();
        beginners.close();
        closing.complete(null);
        for (Place place : places.values()) {
            LogFollower follower = place.follower;
            if (follower != null) {
                CompletableFuture<EndReason> unused = follower.closeSoon(why);
            }
        }
        hasEnded();
        return completion;
    }

    @Override
    public void close() {
        CompletableFuture<EndReason> unused = closeSoon(EndReason.CLOSED);
        long deadline = System.nanoTime() + means.settings().closeTimeout().toNanos();
        try {
            synchronized (this) {
                for (long left = deadline - System.nanoTime(); beginning > 0 && left > 0; ) {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                    left = deadline - System.nanoTime();
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        for (Place place : places.values()) {
            LogFollower follower = place.follower;
            if (follower != null) {
                follower.close(Math.max(0, deadline - System.nanoTime()));
            }
        }
    }

    /** Calls the listener of all for one log. */
    private final class OneOfMany implements EventBatchListener<Event> {

        private final String log;

        OneOfMany(String log) {
            this.log = log;
        }

        @Override
        public void onBatch(List<Event> batch) throws Exception {
            listener.onBatch(log, batch);
        }

        @Override
        public void onCaughtUp() throws Exception {
            listener.onCaughtUp(log);
        }

        @Override
        public void onGap(Gap gap) throws Exception {
            listener.onGap(gap);
        }

        @Override
        public void onFailure(String name, Throwable failure) {
            listener.onFailure(name, failure);
        }
    }
}
