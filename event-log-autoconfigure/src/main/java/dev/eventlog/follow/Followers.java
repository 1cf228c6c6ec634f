package dev.eventlog.follow;

import dev.eventlog.EndedFollower;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.FollowerKind;
import dev.eventlog.redis.LogStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Starts followers, keeps track of them, and closes them. Thread-safe. */
public final class Followers {

    /** How often a new follower waits for a feed that is behind the stream, before it gets its own feed. */
    private static final int PATIENCE = 5;

    /** How many events of each log are read when many logs begin together. Further events come page by page. */
    private static final int SHOWN_OF_MANY = 16;

    private final Feeds feeds;
    private final FollowSettings settings;
    private final LogFollower.Means means;
    private final Executor threads;
    private final Observers observers;
    private final KnownFollowers known = new KnownFollowers();
    private final FollowerEnd.Action ending = this::hasEnded; // one object for all followers
    private final SameQuestions starts = new SameQuestions();
    private volatile boolean open = true;

    /**
     * Creates the followers of an application. None of them runs yet.
     *
     * @param feeds the feeds that they share
     * @param settings the settings of followers
     * @param threads runs the listeners
     * @param observers observe the followers
     */
    public Followers(Feeds feeds, FollowSettings settings, Executor threads, Observers observers) {
        this.feeds = feeds;
        this.settings = settings;
        this.means = new LogFollower.Means(feeds, settings, new FollowerOutages());
        this.threads = threads;
        this.observers = observers;
    }

    /**
     * Starts a follower for a listener. Its start is fixed when this method returns.
     *
     * @param stream the log
     * @param tail where to start
     * @param listener gets the events
     * @param options the options of the follower
     * @param commit stores the position
     * @return the follower
     */
    public LogFollower follow(
            LogStream stream,
            TailRange tail,
            EventBatchListener<Event> listener,
            FollowOptions options,
            Commit commit) {
        return follow(new Start(stream, tail), listener, options, commit, threads);
    }

    /** Starts a follower whose listener runs on another executor. */
    LogFollower follow(
            Start start, EventBatchListener<Event> listener, FollowOptions options, Commit commit, Executor callers) {
        LogFollower follower = join(start, listener, options, Demand.UNLIMITED, commit, callers);
        follower.wake(LogFollower.Wake.MORE);
        return follower;
    }

    /**
     * A tail of a log that is about to be followed.
     *
     * @param stream the log
     * @param tail where to start
     * @param found the start that was found; null if it was not looked up
     */
    record Start(LogStream stream, TailRange tail, @Nullable StartPoint found) {

        Start(LogStream stream, TailRange tail) {
            this(stream, tail, null);
        }
    }

    /**
     * Finds the starts of tails in one round trip, except for logs that are already followed.
     *
     * @param starts the tails
     * @return the tails with the starts that were found
     */
    List<Start> find(List<Start> starts) {
        Map<LogStream, TailRange> unknown = new LinkedHashMap<>();
        starts.stream()
                .filter(start -> feeds.place(start.stream()) == null)
                .forEach(start -> unknown.put(start.stream(), start.tail()));
        if (unknown.isEmpty()) {
            return starts;
        }
        Map<LogStream, StartPoint> found = StartPoint.findAll(unknown, Math.min(settings.batchSize(), SHOWN_OF_MANY));
        return starts.stream()
                .map(start -> new Start(start.stream(), start.tail(), found.get(start.stream())))
                .toList();
    }

    /**
     * Starts a follower for a subscriber. It starts on another thread, because the calling thread may not be allowed to wait for
     * Redis.
     *
     * @param stream the log
     * @param tail where to start
     * @param subscription the subscriber
     */
    public void follow(LogStream stream, TailRange tail, BatchSubscription<?> subscription) {
        try {
            threads.execute(() -> start(stream, tail, subscription));
        } catch (RejectedExecutionException full) {
            subscription.hasEnded(
                    open
                            ? new IllegalStateException(
                                    "Log '" + stream.log() + "' cannot be followed: the executor of the listeners"
                                            + " (eventLogTaskExecutor) accepts no more tasks. Give it a longer queue.",
                                    full)
                            : closed(stream.log()));
        }
    }

    private void start(LogStream stream, TailRange tail, BatchSubscription<?> subscription) {
        LogFollower follower;
        try {
            FollowOptions options = FollowOptions.builder().build();
            follower = join(new Start(stream, tail), subscription, options, subscription, Commit.NONE, threads);
        } catch (RuntimeException | Error failure) {
            subscription.hasEnded(failure);
            return;
        }
        subscription.startsWith(follower);
    }

    private LogFollower join(
            Start from,
            EventBatchListener<Event> listener,
            FollowOptions options,
            Demand demand,
            Commit commit,
            Executor callers) {
        LogStream stream = from.stream();
        TailRange tail = from.tail();
        StartPoint found = from.found();
        refuseIfClosed(stream.log());
        EventBatchListener<Event> observed = observers.of(stream.log(), listener);
        FollowerKind kind = !demand.equals(Demand.UNLIMITED)
                ? FollowerKind.SUBSCRIBER
                : listener instanceof OneOfMany ? FollowerKind.ONE_OF_MANY : FollowerKind.LISTENER;
        LogFollower follower = null;
        for (int attempt = 0; follower == null; attempt++) {
            Feeds.Place before = feeds.place(stream);
            EventId feedEnd = before == null ? null : before.end().point().id();
            StartPoint start = found != null && attempt == 0 && before == null
                    ? found
                    : starts.ask(
                            Arrays.asList(stream.key(), tail, feedEnd),
                            () -> StartPoint.find(stream, tail, feedEnd, settings.batchSize()));
            follower = feeds.join(
                    stream,
                    before,
                    start,
                    attempt < PATIENCE,
                    place -> new LogFollower(
                            stream,
                            means,
                            place.feed(),
                            new Cursor(stream, place, start, settings.batchSize()),
                            callers,
                            observed,
                            kind,
                            options,
                            demand,
                            commit));
        }
        observers.followed(stream.log());
        LogFollower started = follower;
        known.hasBegun(started);
        known.followsAgain(kind, options.name(), stream.log()::equals);
        started.whenEnded(ending);
        return unlessClosed(started, stream.log());
    }

    private void hasEnded(LogFollower follower, @Nullable EndReason why, @Nullable Throwable failure) {
        known.hasEnded(follower, why, failure);
        observers.ended(follower.log(), failure);
    }

    /**
     * Forgets the failures of followers that follow again. Call this before they begin, because they can fail at once.
     *
     * @param kind their kind
     * @param name their name; null if they have none
     * @param logs whether they follow a log
     */
    public void beginAgain(FollowerKind kind, @Nullable String name, Predicate<String> logs) {
        known.followsAgain(kind, name, logs);
    }

    /**
     * Registers a follower until it has ended, so that it is closed together with all others.
     *
     * @param follower the running follower
     * @param log the name of its log
     * @param <F> the type of the follower
     * @return the follower
     * @throws IllegalStateException if the application is shutting down; the follower has been closed
     */
    public <F extends Running> F running(F follower, String log) {
        known.add(follower);
        return unlessClosed(follower, log);
    }

    /**
     * Registers a follower of many logs until it has ended, so that it is closed together with all others.
     *
     * @param follower the running follower
     * @param logs the pattern of its logs, or a description
     * @param name its name; null if it has none
     * @param <F> the type of the follower
     * @return the follower
     * @throws IllegalStateException if the application is shutting down; the follower has been closed
     */
    public <F extends OfMany> F running(F follower, String logs, @Nullable String name) {
        known.add(follower, logs, name);
        return unlessClosed(follower, logs);
    }

    private <F extends Running> F unlessClosed(F follower, String log) {
        if (!open) { // closed since the last check, perhaps without this follower
            CompletableFuture<EndReason> unused = follower.closeSoon(EndReason.SHUTDOWN);
            follower.close();
            refuseIfClosed(log);
        }
        return follower;
    }

    /**
     * Remembers a named follower that could not start, and tells the observers.
     *
     * @param log the name of its log, or the pattern
     * @param name its own name
     * @param kind its kind
     * @param why the failure
     */
    public void failed(String log, String name, FollowerKind kind, Throwable why) {
        known.remember(new EndedFollower(log, name, kind, EventId.MIN, null, why, Instant.now()));
        observers.ended(log, why);
    }

    /**
     * Checks whether followers may start.
     *
     * @param log the name of the log
     * @throws IllegalStateException if the application is shutting down
     */
    public void refuseIfClosed(String log) {
        if (!open) {
            throw closed(log);
        }
    }

    private static IllegalStateException closed(String log) {
        return new IllegalStateException("Log '" + log + "' cannot be followed: the application is shutting down");
    }

    /**
     * Refuses new followers, and ends all running ones at the same time, without waiting.
     *
     * @param afterwards runs when the last callback has returned and the last feed has ended
     */
    public void close(Runnable afterwards) {
        open = false;
        CompletableFuture<?>[] ending = known.running().stream()
                .map(follower -> follower.closeSoon(EndReason.SHUTDOWN))
                .toArray(CompletableFuture[]::new);
        CompletableFuture<Void> unused = CompletableFuture.allOf(ending)
                .exceptionally(failureOfOne -> null)
                .thenCompose(ended -> feeds.ended())
                .whenComplete((nothing, failure) -> afterwards.run());
    }

    /** Allows followers to start again. */
    public void open() {
        open = true;
    }

    /** {@return the outages that the followers of this application have in common} */
    public FollowerOutages outages() {
        return means.outages();
    }

    /** {@return the followers of this application} */
    public KnownFollowers known() {
        return known;
    }

    /** {@return whether followers may start} */
    public boolean isOpen() {
        return open;
    }
}
