package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.follow.Followers.Start;
import dev.eventlog.redis.LogStream;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

// Long: a log can be added, removed, and closed at the same time, so all of this is in one place.
/**
 * Many logs with one listener, each followed by a {@link LogFollower}. A few logs begin at a time, and the listener runs for a
 * few logs at a time, so that no thread belongs to a log and Redis is not flooded. It ends when the last of its
 * {@link RunningParts} has ended. Thread-safe.
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

    private static final Log logger = LogFactory.getLog(ManyLogs.class);

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
    private final LogPlaces places = new LogPlaces();
    private final RunningParts parts = new RunningParts();

    private final CompletableFuture<Void> closing = new CompletableFuture<>();

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
        this.interruption = new LogsInterruption(description, listener, parts);
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
        return places.of(name) != null;
    }

    /** {@return whether a log can begin: it is not followed, or it was complete} */
    boolean canBegin(String name) {
        LogPlace place = places.of(name);
        return place == null || place.hasCompleted();
    }

    /** {@return the followed logs} */
    public Set<String> logs() {
        return places.followed();
    }

    /** {@return the position in each log} */
    public Map<String, EventId> positions() {
        return places.positions();
    }

    /** {@return the logs that have stopped with an error} */
    public Map<String, Throwable> failures() {
        return places.failures();
    }

    /**
     * {@return whether a log has stopped with an error}
     *
     * @param name the name of the log
     */
    public boolean hasFailed(String name) {
        LogPlace place = places.of(name);
        return place != null && place.failure() != null;
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
    public boolean isRunning() {
        return parts.isOpen();
    }

    /**
     * Follows logs. If one cannot begin, none does, and this is closed.
     *
     * @param tails where to start in each log
     * @param skipsOthers whether to leave out keys that are not streams
     */
    public void begin(Map<String, Tail> tails, boolean skipsOthers) {
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
    public Map<String, RuntimeException> beginLater(Map<String, Tail> tails) {
        Map<String, RuntimeException> again = new HashMap<>();
        beginners.beginEach(tails).forEach((name, failure) -> {
            if (LogsBeginning.mayBeginLater(failure)) {
                again.put(name, failure);
            } else if (!(failure instanceof EventLogException refused && LogStream.isAnotherType(refused))) {
                fail(name, failure);
            }
        });
        return again;
    }

    /** Records that a log cannot be followed, and tells the listener on a thread of the listeners. */
    private void fail(String name, RuntimeException failure) {
        if (isRunning() && means.followers().isOpen() && places.addFailed(name, failure)) {
            callers.execute(() -> {
                if (parts.enter()) {
                    try {
                        listener.onFailure(name, failure);
                    } catch (RuntimeException | Error thrown) {
                        logger.error(
                                "The listener of log '" + name + "' threw in onFailure, which was called because of: "
                                        + failure,
                                thrown);
                    } finally {
                        parts.leave();
                    }
                }
            });
        }
    }

    /**
     * Follows one more log.
     *
     * @param name the name of the log
     * @param tail where to start
     * @return whether the log was not followed yet
     */
    public boolean add(String name, Tail tail) {
        return add(name, beginners.start(name, tail));
    }

    private boolean add(String name, Start start) {
        LogPlace place = places.add(name);
        if (place == null) {
            return false;
        }
        if (beginners.continuesCaughtUp(name)) {
            place.caughtUp();
        }
        try {
            follow(name, place, start);
            return true;
        } catch (RuntimeException failure) {
            places.forget(name, place);
            throw failure;
        }
    }

    void follow(String name, LogPlace place, Start start) {
        if (!place.begins()) {
            return;
        }
        OneOfMany one = new OneOfMany(name, place, listener, interruption);
        LogFollower follower;
        try {
            follower = begin(name, one, start);
        } catch (RuntimeException | Error failure) {
            place.couldNotBegin();
            throw failure;
        }
        place.follower(follower);
        EndReason atOnce = parts.hasBegun();
        if (atOnce != null || place.isRemoved()) {
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
            place.ended();
            parts.hasEnded();
        });
    }

    private LogFollower begin(String name, OneOfMany one, Start start) {
        if (!parts.begins()) {
            throw new IllegalStateException("Log '" + name + "' cannot be followed: its follower has ended");
        }
        try {
            return means.followers().follow(start, one, options, commits.of(name), callersAfterLeaving(name));
        } catch (RuntimeException | Error failure) {
            EndReason unused = parts.hasBegun();
            parts.hasEnded();
            throw failure;
        }
    }

    /** Lets the callbacks of a log that was removed and added again wait for the last callback before. */
    private Executor callersAfterLeaving(String name) {
        CompletableFuture<?>[] before =
                places.leaving(name).stream().map(LogPlace::remove).toArray(CompletableFuture[]::new);
        if (before.length == 0) {
            return callers;
        }
        CompletableFuture<Void> left = CompletableFuture.allOf(before);
        return task -> {
            CompletableFuture<Void> unused = left.thenRun(() -> callers.execute(task));
        };
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

    /**
     * Stops following a log. Waits for its running callback.
     *
     * @param name the name of the log
     * @param afterwards runs when the last callback has returned, on any thread; also if the log was not followed
     * @return whether the log was followed
     */
    public boolean remove(String name, Runnable afterwards) {
        LogPlace place = places.remove(name);
        List<LogPlace> left = places.leaving(name);
        if (place == null) {
            afterwards.run();
        } else {
            CompletableFuture<Void> unused = place.remove().thenRun(() -> {
                places.hasLeft(place);
                afterwards.run();
            });
            LogFollower follower = place.follower();
            if (follower != null) {
                CompletableFuture<EndReason> unusedEnd = follower.closeSoon(EndReason.CLOSED);
            }
        }
        awaitReturn(left, System.nanoTime() + means.settings().closeTimeout().toNanos());
        return place != null && place.failure() == null;
    }

    private static void awaitReturn(Collection<LogPlace> closed, long deadline) {
        try {
            for (LogPlace place : closed) {
                place.awaitBegun(deadline);
                LogFollower follower = place.follower();
                if (follower != null) {
                    follower.close(Math.max(0, deadline - System.nanoTime()));
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** {@return the object that forgets gone logs} */
    LogsForgetting forgetting() {
        return forgetting;
    }

    @Override
    public CompletionStage<EndReason> completion() {
        return parts.completion().minimalCompletionStage();
    }

    @Override
    public CompletableFuture<EndReason> closeSoon(EndReason why) {
        if (!parts.close(why)) {
            return parts.completion();
        }
        callers.close();
        beginners.close();
        closing.complete(null);
        for (LogPlace place : places.all()) {
            LogFollower follower = place.follower();
            if (follower != null) {
                CompletableFuture<EndReason> unused = follower.closeSoon(why);
            }
        }
        parts.hasEnded();
        return parts.completion();
    }

    @Override
    public void close() {
        CompletableFuture<EndReason> unused = closeSoon(EndReason.CLOSED);
        long deadline = System.nanoTime() + means.settings().closeTimeout().toNanos();
        try {
            parts.awaitOthers(deadline);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        awaitReturn(places.all(), deadline);
        interruption.awaitReturn(Math.max(0, deadline - System.nanoTime()));
    }
}
