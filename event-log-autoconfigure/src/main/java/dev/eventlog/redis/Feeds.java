package dev.eventlog.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** The feeds of this application: one a log, from its first follower to its last. Thread-safe. */
final class Feeds {

    /** More than a feed that was stopped takes to end, but where it is about to connect and Redis does not answer. */
    static final Duration LONGEST_END = Duration.ofSeconds(1);

    private final Connections connections;
    private final FollowSettings settings;
    private final Executor threads;
    private final Observers observers;
    private final Map<String, Feed> byKey = new HashMap<>();
    private final List<CompletableFuture<Void>> ending = new ArrayList<>();

    Feeds(Connections connections, FollowSettings settings, Executor threads, Observers observers) {
        this.connections = connections;
        this.settings = settings;
        this.threads = threads;
        this.observers = observers;
    }

    /** Makes a follower on a feed. */
    @FunctionalInterface
    interface Joining {
        PullFollower on(Feed feed, int life);
    }

    /**
     * Lets a follower join the feed of its log.
     *
     * @param state what the stream said just now
     * @param limit the max-length of the log
     * @param joining makes the follower
     */
    synchronized PullFollower join(EventStream stream, StreamState state, long limit, Joining joining) {
        Feed feed = byKey.get(stream.key());
        int life = feed == null ? Window.ANOTHER : feed.window().lifeOf(state);
        if (feed == null || life == Window.ANOTHER) {
            // A feed that has not noticed yet that its log began again keeps its followers until it does.
            feed = start(stream, state, limit);
            life = feed.window().lifeOf(state);
        }
        PullFollower follower = joining.on(feed, life);
        feed.join(follower);
        return follower;
    }

    private Feed start(EventStream stream, StreamState state, long limit) {
        ContainerFeed feed = new ContainerFeed(stream, state, limit, settings, connections, threads, observers);
        byKey.put(stream.key(), feed);
        feed.start();
        return feed;
    }

    synchronized void leave(EventStream stream, Feed feed, PullFollower follower) {
        if (!feed.leave(follower)) {
            byKey.remove(stream.key(), feed);
            CompletableFuture<Void> stopped = feed.stop();
            ending.removeIf(CompletableFuture::isDone);
            ending.add(stopped);
        }
    }

    /** {@return completes when the threads of all feeds that were stopped have ended, or should have} */
    synchronized CompletableFuture<Void> ended() {
        return CompletableFuture.allOf(ending.toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, LONGEST_END.toMillis(), TimeUnit.MILLISECONDS);
    }
}
