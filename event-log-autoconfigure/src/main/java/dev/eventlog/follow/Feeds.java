package dev.eventlog.follow;

import dev.eventlog.EventId;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.ReadPoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/** The feeds of this application: one for each log, from its first follower to its last. Thread-safe. */
public final class Feeds {

    /** Longer than a stopped feed takes to end, unless it is just connecting and Redis does not answer. */
    static final Duration LONGEST_END = Duration.ofSeconds(1);

    private static final Log logger = LogFactory.getLog(Feeds.class);

    private final Connections connections;
    private final FollowSettings settings;
    private final Executor threads;
    private final Observers observers;
    private final SameQuestions questions = new SameQuestions();
    private final CommonOutage outages = DedicatedReader.outages();
    private final Map<String, SharedReader> sharedByNode = new HashMap<>(); // guarded by this
    private final Map<String, Feed> byKey = new ConcurrentHashMap<>(); // changed only under the lock of this
    private boolean nothingShared; // guarded by this, like all fields below
    private boolean saidSo;
    private boolean crowded;
    private int dedicated;
    private final List<CompletableFuture<Void>> ending = new ArrayList<>();

    /**
     * Creates the feeds of an application. None of them runs yet.
     *
     * @param connections the connections to read on
     * @param settings the settings of followers
     * @param threads runs each feed
     * @param observers are told when a feed has reconnected
     */
    public Feeds(Connections connections, FollowSettings settings, Executor threads, Observers observers) {
        this.connections = connections;
        this.settings = settings;
        this.threads = threads;
        this.observers = observers;
        this.nothingShared = !connections.shares();
    }

    /**
     * A feed and its end at one moment.
     *
     * @param feed the feed
     * @param end the end of its window
     * @param comebacks how often it had reconnected by then
     */
    record Place(Feed feed, Window.End end, int comebacks) {

        static Place of(Feed feed) {
            return new Place(feed, feed.window().end(), feed.comebacks());
        }
    }

    /** Creates a follower on a feed. */
    @FunctionalInterface
    interface Joining {
        LogFollower on(Place place);
    }

    /** {@return the position of the feed of a log; null if the log has no feed} */
    @Nullable
    Place place(LogStream stream) {
        Feed feed = byKey.get(stream.key());
        return feed == null ? null : Place.of(feed);
    }

    /**
     * Adds a follower to the feed of its log, if the feed has read the same log. An interrupted feed proves nothing. Otherwise
     * the follower gets a new feed, which later followers join.
     *
     * @param before the position of the feed before the stream was read
     * @param start the start found in the stream
     * @param patient whether to ask again if the feed is only behind the stream
     * @param joining creates the follower
     * @return the follower; null to repeat all questions
     */
    @Nullable
    LogFollower join(LogStream stream, @Nullable Place before, StartPoint start, boolean patient, Joining joining) {
        Feed feed = byKey.get(stream.key());
        if (feed != null && (before == null || before.feed() != feed || before.comebacks() != feed.comebacks())) {
            return null;
        }
        if (feed == null || before == null || feed.isInterrupted() || !start.proves(before.end())) {
            if (feed != null && patient && !feed.isInterrupted()) {
                return null;
            }
            return joinNew(feed, stream, start, joining);
        }
        return join(before, before.end().point(), start, joining);
    }

    /** A feed that has not noticed yet that its log began again keeps its followers until it does. */
    private synchronized @Nullable LogFollower joinNew(
            @Nullable Feed old, LogStream stream, StartPoint start, Joining joining) {
        return byKey.get(stream.key()) == old ? join(Place.of(start(stream, start)), null, start, joining) : null;
    }

    /** Takes no lock of all feeds: thousands of clients may come back at once. */
    private static @Nullable LogFollower join(
            Place place, @Nullable ReadPoint before, StartPoint start, Joining joining) {
        Feed feed = place.feed();
        LogFollower follower = joining.on(place);
        if (!feed.join(follower, before)) {
            return null;
        }
        EventId end = place.end().point().id();
        if (start.state().lastId().isAfter(end)) { // usually about to be read; but XSETID is not reported
            feed.look();
        }
        return follower;
    }

    private Feed start(LogStream stream, StartPoint start) {
        LogFeed feed = new LogFeed(stream, start, settings, observers, questions);
        byKey.put(stream.key(), feed);
        if (dedicated < settings.dedicatedConnections()) {
            dedicate(feed);
        } else if (nothingShared) {
            sayThatNothingIsShared("sharing needs Lettuce, without a configured set of master and replicas");
            dedicate(feed);
        } else {
            share(feed);
        }
        return feed;
    }

    private void sayThatNothingIsShared(@Nullable String why) {
        if (!saidSo) {
            saidSo = true;
            logger.warn("Each followed log has its own connection, because the logs cannot share one: " + why);
        }
    }

    private void share(LogFeed feed) {
        String node = connections.nodeOf(feed.stream().key());
        feed.readBy(sharedByNode
                .computeIfAbsent(node, each -> new SharedReader(connections, settings, threads, each, new Others()))
                .readerOf(feed));
    }

    private void dedicate(LogFeed feed) {
        if (feed.readBy(new DedicatedReader(feed, feed.stream(), settings, connections, threads, outages))) {
            dedicated++;
        }
    }

    /** Takes over feeds that can no longer share a connection. */
    private final class Others implements SharedReader.Others {

        @Override
        public void takeAll(List<LogFeed> feeds, RuntimeException why) {
            synchronized (Feeds.this) {
                nothingShared = true;
                sayThatNothingIsShared(why.getMessage());
                feeds.forEach(Feeds.this::dedicate);
            }
        }

        @Override
        public void takeSome(List<LogFeed> feeds) {
            synchronized (Feeds.this) {
                if (!crowded) {
                    crowded = true;
                    logger.warn("Some followed logs have their own connection, because Redis cannot track so many"
                            + " on a shared one: raise its tracking-table-max-keys");
                }
                feeds.forEach(Feeds.this::dedicate);
            }
        }

        @Override
        public void takeMoved(List<LogFeed> feeds) {
            synchronized (Feeds.this) {
                feeds.forEach(nothingShared ? Feeds.this::dedicate : Feeds.this::share);
            }
        }
    }

    synchronized void leave(LogStream stream, Feed feed, LogFollower follower) {
        if (!feed.leave(follower)) {
            byKey.remove(stream.key(), feed);
            dedicated -= feed.isShared() ? 0 : 1;
            CompletableFuture<Void> stopped = feed.stop();
            ending.removeIf(CompletableFuture::isDone);
            ending.add(stopped);
        }
    }

    /** {@return completes when the threads of all stopped feeds have ended, or should have ended} */
    synchronized CompletableFuture<Void> ended() {
        return CompletableFuture.allOf(ending.toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, LONGEST_END.toMillis(), TimeUnit.MILLISECONDS);
    }
}
