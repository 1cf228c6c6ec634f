package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowedLog;
import dev.eventlog.Follower;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Gap;
import dev.eventlog.redis.PullFollower.Loss;
import dev.eventlog.redis.PullFollower.Start;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Starts followers, knows those that run, and closes them all. Thread-safe. */
final class Followers {

    private final Feeds feeds;
    private final FollowSettings settings;
    private final Executor threads;
    private final Observers observers;
    private final EventPositions positions;
    private final @Nullable Turns turns;
    private final Set<RunningFollower> running = ConcurrentHashMap.newKeySet();
    private volatile boolean open = true;

    Followers(
            Feeds feeds,
            FollowSettings settings,
            Executor threads,
            Observers observers,
            EventPositions positions,
            @Nullable Turns turns) {
        this.feeds = feeds;
        this.settings = settings;
        this.threads = threads;
        this.observers = observers;
        this.positions = positions;
        this.turns = turns;
    }

    Follower follow(EventStream stream, TailRange tail, EventBatchListener<Event> listener, FollowOptions options) {
        String name = options.name();
        return name == null
                ? follow(stream, tail, listener, options, null)
                : followAs(name, stream, tail, listener, options);
    }

    private NamedFollower followAs(
            String name,
            EventStream stream,
            TailRange tail,
            EventBatchListener<Event> listener,
            FollowOptions options) {
        refuseIfClosed(stream);
        Bookmark bookmark = new Bookmark(positions, name, stream.log());
        bookmark.open(() -> startOf(stream, tail, stream.state()).position());
        NamedFollower follower = new NamedFollower(
                bookmark,
                settings,
                threads,
                listener,
                after -> follow(stream, tail.resumedAfter(after), listener, options, bookmark));
        follower.start(turns, RedisEventPositions.field(name, stream.log()));
        return running(follower, stream);
    }

    private PullFollower follow(
            EventStream stream,
            TailRange tail,
            EventBatchListener<Event> listener,
            FollowOptions options,
            @Nullable Bookmark bookmark) {
        PullFollower follower = join(stream, tail, listener, options, Demand.UNLIMITED, bookmark);
        follower.ring();
        return follower;
    }

    /** Starts a follower for a subscriber. Not on this thread, which may be one that must not wait for Redis. */
    void follow(EventStream stream, TailRange tail, BatchSubscription<?> subscription) {
        try {
            threads.execute(() -> start(stream, tail, subscription));
        } catch (RejectedExecutionException shutDown) {
            subscription.hasEnded(closed(stream));
        }
    }

    private void start(EventStream stream, TailRange tail, BatchSubscription<?> subscription) {
        PullFollower follower;
        try {
            follower = join(stream, tail, subscription, FollowOptions.builder().build(), subscription, null);
        } catch (RuntimeException | Error failure) {
            subscription.hasEnded(failure);
            return;
        }
        subscription.startsWith(follower);
    }

    private PullFollower join(
            EventStream stream,
            TailRange tail,
            EventBatchListener<Event> listener,
            FollowOptions options,
            Demand demand,
            @Nullable Bookmark bookmark) {
        refuseIfClosed(stream);
        EventBatchListener<Event> observed = observers.of(stream.log(), listener);
        PullFollower follower = null;
        while (follower == null) {
            Feeds.Place before = feeds.place(stream);
            StreamState state = stream.state();
            Start start = bookmark == null
                    ? startOf(stream, tail, state)
                    : withTheBeginning(startOf(stream, tail, state), tail, state);
            follower = feeds.join(
                    stream,
                    before,
                    state,
                    tail.maxLength(),
                    (feed, life) -> new PullFollower(
                            stream,
                            feeds,
                            feed,
                            settings,
                            threads,
                            observed,
                            options,
                            demand,
                            bookmark,
                            start,
                            state.lastId(),
                            tail.maxLength(),
                            life));
        }
        observers.followed(stream.log());
        follower.whenEnded(failure -> observers.ended(stream.log(), failure));
        return running(follower, stream);
    }

    private <F extends RunningFollower> F running(F follower, EventStream stream) {
        running.add(follower);
        follower.completion().whenComplete((why, failure) -> running.remove(follower));
        if (!open) { // closed since the look before, perhaps without having seen this one
            CompletableFuture<EndReason> unused = follower.closeSoon(EndReason.SHUTDOWN);
            follower.close();
            refuseIfClosed(stream);
        }
        return follower;
    }

    private void refuseIfClosed(EventStream stream) {
        if (!open) {
            throw closed(stream);
        }
    }

    private static IllegalStateException closed(EventStream stream) {
        return new IllegalStateException(
                "Log '" + stream.log() + "' cannot be followed: the application is shutting down");
    }

    /** Finds where a tail begins, so that it is fixed from now on. */
    private static Start startOf(EventStream stream, TailRange tail, StreamState state) {
        EventId after = tail.after();
        EventId end = state.lastId();
        EventId first = state.firstId();
        if (tail.seen() != null && tail.seen().isAfter(end)) { // this log never gave that id: it has begun again since
            return new Start(end, state.added(), new Loss(Gap.Kind.BEGAN_AGAIN, tail.seen(), Continuity.UNKNOWN));
        }
        if (after.compareTo(end) >= 0) {
            return new Start(after, after.equals(end) ? state.added() : Continuity.UNKNOWN, null);
        }
        if (first == null) {
            return new Start(end, state.added(), removedSince(tail.seen()));
        }
        if (state.length() > tail.limit()) {
            Newest newest = new Newest(tail.limit());
            stream.backwards(end, after, tail.limit() + 1, newest::take);
            EventId before = newest.before;
            if (before != null) {
                return new Start(before, Continuity.minus(state.added(), tail.limit()), lostSince(tail.seen(), state));
            }
            if (first.isAfter(after)) { // there was more after it than that, which has been trimmed since
                return new Start(after, Continuity.minus(state.added(), tail.limit()), lostSince(tail.seen(), state));
            }
            EventId firstNow = stream.state().firstId();
            boolean allCounted = firstNow != null && !firstNow.isAfter(after);
            return new Start(
                    after, allCounted ? Continuity.minus(state.added(), newest.count) : Continuity.UNKNOWN, null);
        }
        if (first.isAfter(after)) {
            EventId before = first.previous();
            return new Start(
                    before,
                    Continuity.minus(state.added(), state.length()),
                    before.equals(after) ? null : lostSince(tail.seen(), state));
        }
        return new Start(after, Continuity.UNKNOWN, null);
    }

    /** As for {@link #removedSince}; but a log that still has all that it ever had never gave out an id below those. */
    private static @Nullable Loss lostSince(@Nullable EventId seen, StreamState state) {
        Loss removed = removedSince(seen);
        EventId first = state.firstId();
        boolean neverGaveIt = seen != null && first != null && first.isAfter(seen) && state.added() == state.length();
        return removed != null && neverGaveIt
                ? new Loss(Gap.Kind.BEGAN_AGAIN, removed.lastSeen(), Continuity.UNKNOWN)
                : removed;
    }

    /** A reader that resumes is told that there was more after what it has seen; one that begins knows nothing of it. */
    private static @Nullable Loss removedSince(@Nullable EventId seen) {
        return seen == null || seen.equals(EventId.MIN) ? null : new Loss(Gap.Kind.REMOVED, seen, Continuity.UNKNOWN);
    }

    /** A follower that began before its log did has missed all that has come and gone since. */
    private static Start withTheBeginning(Start start, TailRange tail, StreamState state) {
        if (!EventId.MIN.equals(tail.seen())
                || start.loss() != null
                || !start.cursor().isAfter(EventId.MIN)) {
            return start;
        }
        boolean missed = start.rank() != Continuity.UNKNOWN
                ? start.rank() > 0
                : state.firstId() == null
                        || Continuity.trimmedPast(EventId.MIN, start.cursor(), state, tail.maxLength());
        return missed
                ? new Start(start.cursor(), start.rank(), new Loss(Gap.Kind.REMOVED, EventId.MIN, start.rank()))
                : start;
    }

    /** Counts the newest events and notes the one before them. */
    private static final class Newest {

        private final long limit;
        private long count;
        private @Nullable EventId before;

        Newest(long limit) {
            this.limit = limit;
        }

        void take(List<Event> page) {
            count += page.size();
            if (count > limit) {
                before = page.get(page.size() - 1).id();
            }
        }
    }

    /**
     * Lets no follower start any more and ends those that run, side by side, without waiting.
     *
     * @param afterwards runs when the last callback has returned and the last feed has ended
     */
    void close(Runnable afterwards) {
        open = false;
        CompletableFuture<?>[] ending = running.stream()
                .map(follower -> follower.closeSoon(EndReason.SHUTDOWN))
                .toArray(CompletableFuture[]::new);
        CompletableFuture<Void> unused = CompletableFuture.allOf(ending)
                .exceptionally(failureOfOne -> null)
                .thenCompose(ended -> feeds.ended())
                .whenComplete((nothing, failure) -> afterwards.run());
    }

    /** Lets followers start again. */
    void open() {
        open = true;
    }

    /** {@return how many followers have not ended yet; a named one counts while it follows} */
    long count() {
        return following().count();
    }

    private Stream<PullFollower> following() {
        return running.stream().filter(PullFollower.class::isInstance).map(PullFollower.class::cast);
    }

    boolean isOpen() {
        return open;
    }

    /** {@return the logs that have followers, in the order of their names} */
    List<FollowedLog> followedLogs() {
        Map<String, List<PullFollower>> byLog = following()
                .filter(PullFollower::isRunning)
                .collect(Collectors.groupingBy(PullFollower::log, TreeMap::new, Collectors.toList()));
        List<FollowedLog> logs = new ArrayList<>(byLog.size());
        byLog.forEach((log, followers) -> {
            Set<Feed> read = followers.stream().map(PullFollower::feed).collect(Collectors.toSet());
            logs.add(new FollowedLog(
                    log,
                    followers.get(0).options(),
                    read.size(),
                    (int) read.stream().filter(Feed::isInterrupted).count(),
                    followers.stream().map(PullFollower::state).toList()));
        });
        return logs;
    }
}
