package dev.eventlog.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

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

    /**
     * A feed, and how far it was at one moment.
     *
     * @param feed the feed
     * @param end where its window ended
     */
    record Place(Feed feed, Window.End end) {}

    /** Makes a follower on a feed. */
    @FunctionalInterface
    interface Joining {
        PullFollower on(Feed feed, int life);
    }

    /** {@return how far the feed of a log is; null if it has none} */
    synchronized @Nullable Place place(EventStream stream) {
        Feed feed = byKey.get(stream.key());
        return feed == null ? null : new Place(feed, feed.window().end());
    }

    /**
     * Lets a follower join the feed of its log.
     *
     * @param before how far that was before the stream was asked
     * @param state what the stream said then
     * @param limit the max-length of the log
     * @param joining makes the follower
     * @return the follower; null if there is another feed by now, so that all is to be asked again
     */
    synchronized @Nullable PullFollower join(
            EventStream stream, @Nullable Place before, StreamState state, long limit, Joining joining) {
        Feed feed = byKey.get(stream.key());
        if (feed != null && (before == null || before.feed() != feed)) {
            return null;
        }
        int life =
                feed == null || before == null ? Window.ANOTHER : feed.window().lifeOf(before.end(), state);
        if (feed == null || life == Window.ANOTHER) {
            // A feed that has not noticed yet that its log began again keeps its followers until it does.
            feed = start(stream, state, limit);
            life = Window.FIRST;
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
