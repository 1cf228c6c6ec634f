package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.LogsListener;
import dev.eventlog.follow.Followers.Start;
import dev.eventlog.redis.LogStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

// Long: one class counts the parts that run, whatever starts and ends them.
/**
 * Many logs with one listener, each followed by a {@link LogFollower}. A few logs begin at a time, and the listener runs for a
 * few logs at a time, so that no thread belongs to a log and Redis is not flooded. It counts its running parts, and so detects
 * when the last of them has ended. Thread-safe.
 */
public final class ManyLogs implements OfMany {

    /**
     * The objects that all followers of many logs share.
     *
     * @param streams returns the stream of a log by its name
     * @param followers follows each log
     * @param settings the settings of followers
     * @param listeners runs the listeners
     * @param background runs long tasks
     */
    public record Means(
            Function<String, LogStream> streams,
            Followers followers,
            FollowSettings settings,
            Executor listeners,
            Executor background) {}

    /** Describes a set of logs. */
    public static final String SET = "a set of logs";

    private final Means means;
    private final LogsListener<Event> listener;
    private final FollowOptions options;
    private final Commits commits;
    private final SideBySide callers;
    private final LogsBeginning beginners;
    private final LogsForgetting forgetting;
    private final LogsInterruption interruption;
    private final Map<String, LogPlace> places = new ConcurrentHashMap<>();

    private final CompletableFuture<EndReason> completion = new CompletableFuture<>();
    private final CompletableFuture<Void> closing = new CompletableFuture<>();

    // Guarded by this.
    private int running = 1; // parts that must end before this has ended, and this itself until it is closed
    private int beginning;
    private boolean closed;
    private EndReason reason = EndReason.CLOSED;

    /**
     * Creates an instance that follows nothing yet.
     *
     * @param description the name for the application log, as in "… waits for a thread"
     * @param means the shared objects
     * @param listener gets the events
     * @param options the options of the followers
     * @param commits stores the positions
     */
    public ManyLogs(
            String description, Means means, LogsListener<Event> listener, FollowOptions options, Commits commits) {
        this.means = means;
        this.listener = listener;
        this.options = options;
        this.commits = commits;
        FollowSettings settings = means.settings();
        int concurrency = Objects.requireNonNullElse(options.concurrency(), settings.concurrency());
        this.callers = new SideBySide(description, means.listeners(), concurrency, settings.recovery());
        this.beginners = new LogsBeginning(description, means, this::add, closing);
        this.forgetting = new LogsForgetting(this, places, beginners, commits);
        this.interruption = new LogsInterruption(description, listener, new UntilClosed());
    }

    /**
     * Continues for a follower of the same listener that was closed.
     *
     * @param before the closed follower
     */
    public void continuesAfter(ManyLogs before) {
        interruption.continuesAfter(before.interruption);
    }

    /** {@return whether a log is one of these, even if it has stopped with an error} */
    boolean knows(String name) {
        return places.containsKey(name);
    }

    /** {@return whether a log can begin: it is not followed, or it was complete} */
    boolean canBegin(String name) {
        LogPlace place = places.get(name);
        return place == null || place.hasCompleted();
    }

    /** {@return the followed logs} */
    public Set<String> logs() {
        return places.entrySet().stream()
                .filter(place -> place.getValue().failure() == null)
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** {@return the position in each log} */
    public Map<String, EventId> positions() {
        Map<String, EventId> positions = new HashMap<>();
        places.forEach((name, place) -> {
            LogFollower follower = place.follower();
            if (follower != null) {
                positions.put(name, follower.position());
            }
        });
        return Map.copyOf(positions);
    }

    /** {@return the logs that have stopped with an error} */
    public Map<String, Throwable> failures() {
        Map<String, Throwable> failures = new HashMap<>();
        places.forEach((name, place) -> {
            Throwable failure = place.failure();
            if (failure != null) {
                failures.put(name, failure);
            }
        });
        return Map.copyOf(failures);
    }

    @Override
    public String stateName() {
        return "FOLLOWING";
    }

    @Override
    public ManyLogs following() {
        return this;
    }

    /** {@return whether this has not been closed} */
    public synchronized boolean isRunning() {
        return !closed;
    }

    /**
     * Follows logs. If one cannot begin, none does, and this is closed.
     *
     * @param tails where to start in each log
     * @param skipsOthers whether to leave out keys that are not streams
     */
    public void begin(Map<String, TailRange> tails, boolean skipsOthers) {
        try {
            beginners.begin(tails, skipsOthers);
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /**
     * Follows logs, each on its own. If a log refuses, only this log ends, and the listener is told.
     *
     * @param tails where to start in each log
     * @return the logs that could not begin now but may later, with the failures
     */
    public Map<String, RuntimeException> beginLater(Map<String, TailRange> tails) {
        Map<String, RuntimeException> again = new HashMap<>();
        beginners.beginEach(tails).forEach((name, failure) -> {
            if (LogsBeginning.mayBeginLater(failure)) {
                again.put(name, failure);
            } else if (isRunning()
                    && means.followers().isOpen()
                    && !(failure instanceof EventLogException refused && LogStream.isAnotherType(refused))) {
                LogPlace place = new LogPlace();
                place.failure(failure);
                if (places.putIfAbsent(name, place) == null) {
                    listener.onFailure(name, failure);
                }
            }
        });
        return again;
    }

    /**
     * Follows one more log.
     *
     * @param name the name of the log
     * @param tail where to start
     * @return whether the log was not followed yet
     */
    public boolean add(String name, TailRange tail) {
        return add(name, beginners.start(name, tail));
    }

    private boolean add(String name, Start start) {
        LogPlace place = new LogPlace();
        LogPlace before = places.putIfAbsent(name, place);
        if (before != null && (before.failure() == null || !places.replace(name, before, place))) {
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

    @SuppressWarnings("ReferenceEquality") // whether it was removed in the meantime
    void follow(String name, LogPlace place, Start start) {
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("Log '" + name + "' cannot be followed: its follower has ended");
            }
            running++;
            beginning++;
        }
        try {
            OneOfMany one = new OneOfMany(name, listener, interruption);
            LogFollower follower = means.followers().follow(start, one, options, commits.of(name), callers);
            place.follower(follower);
            EndReason atOnce = hasBegun();
            boolean removed = places.get(name) != place;
            if (atOnce != null || removed) {
                CompletableFuture<EndReason> unused =
                        follower.closeSoon(Objects.requireNonNullElse(atOnce, EndReason.CLOSED));
            }
            follower.whenEnded((ended, why, failure) -> {
                if (why == EndReason.SUPERSEDED) {
                    CompletableFuture<EndReason> unused = closeSoon(why);
                }
                if (why == EndReason.COMPLETED) {
                    place.completed();
                }
                place.failure(failure);
                interruption.ends(one, callers);
                hasEnded();
            });
        } catch (RuntimeException | Error failure) {
            EndReason unused = hasBegun();
            hasEnded();
            throw failure;
        }
    }

    /** {@return the reason to end at once; null if there is none} */
    private synchronized @Nullable EndReason hasBegun() {
        beginning--;
        notifyAll();
        return closed ? reason : null;
    }

    /**
     * Some logs cannot be found or cannot begin, because Redis cannot be reached. May be called repeatedly; never blocks.
     *
     * @param part the part that is interrupted
     */
    public void interrupted(Object part) {
        interruption.begins(part, callers);
    }

    /**
     * A part is not interrupted, or no longer. May be called repeatedly; never blocks.
     *
     * @param part the part
     */
    public void resumed(Object part) {
        interruption.ends(part, callers);
    }

    /** Runs an action as soon as no more logs should begin. */
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
     * Stops following a log.
     *
     * @param name the name of the log
     * @return whether the log was followed
     */
    public boolean remove(String name) {
        LogPlace place = places.remove(name);
        if (place == null) {
            return false;
        }
        LogFollower follower = place.follower();
        if (follower != null) {
            follower.close();
        }
        return place.failure() == null;
    }

    /** {@return the object that forgets gone logs} */
    LogsForgetting forgetting() {
        return forgetting;
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
        for (LogPlace place : places.values()) {
            LogFollower follower = place.follower();
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
        for (LogPlace place : places.values()) {
            LogFollower follower = place.follower();
            if (follower != null) {
                follower.close(Math.max(0, deadline - System.nanoTime()));
            }
        }
        interruption.awaitReturn(Math.max(0, deadline - System.nanoTime()));
    }

    /** Allows calls that concern all logs until this is closed. It ends only after they have returned. */
    private final class UntilClosed implements LogsInterruption.Gate {

        @Override
        public boolean enter() {
            synchronized (ManyLogs.this) {
                running += closed ? 0 : 1;
                return !closed;
            }
        }

        @Override
        public void leave() {
            hasEnded();
        }
    }
}
