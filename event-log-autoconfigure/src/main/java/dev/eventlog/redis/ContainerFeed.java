package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.redis.EventStream.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamReadOptions;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamMessageListenerContainerOptions;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamReadRequest;
import org.springframework.data.redis.stream.Subscription;
import org.springframework.util.backoff.BackOffExecution;

/**
 * A feed on a {@link StreamMessageListenerContainer}. The container polls and hands over record by record; what came of one
 * poll is put into the window as one, between two polls. There, too, the feed looks at the state of the stream, which it asks
 * for with every poll, before it lets followers have what that brought.
 *
 * <p>The container's subscription ends with the first failure, and with it the thread. What goes on is this: back off, and
 * subscribe again after the last event in the window.
 */
final class ContainerFeed implements Feed {

    private static final Log logger = LogFactory.getLog(ContainerFeed.class);

    private final EventStream stream;
    private final FollowSettings settings;
    private final Executor threads;
    private final Observers observers;
    private final Window window;
    private final HeldConnection connection;
    private final StreamMessageListenerContainer<String, MapRecord<String, String, String>> container;
    private final Set<PullFollower> followers = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private boolean stopping; // guarded by this, with running
    private boolean running;

    private volatile boolean interrupted;

    // What follows belongs to the one thread that polls at a time.
    private @Nullable Subscription subscription;
    private List<Event> polled = new ArrayList<>();
    private @Nullable StreamState stateThen;
    private boolean smallEvents;
    private boolean justSubscribed;
    private boolean moved;
    private @Nullable Throwable failure;
    private @Nullable BackOffExecution backOff;
    private long lostAt;
    private long subscribedAt;
    private @Nullable EventId firstWhenChecked;

    ContainerFeed(
            EventStream stream,
            StreamState state,
            long limit,
            FollowSettings settings,
            Connections connections,
            Executor threads,
            Observers observers) {
        this.stream = stream;
        this.settings = settings;
        this.threads = threads;
        this.observers = observers;
        this.window = new Window(settings.windowSize(), state, limit);
        this.connection = new HeldConnection(connections, this::betweenPolls, this::read);
        this.container = StreamMessageListenerContainer.create(
                connection,
                StreamMessageListenerContainerOptions.builder()
                        .pollTimeout(settings.pollTimeout())
                        .batchSize(settings.batchSize())
                        .executor(this::poll)
                        .build());
        firstWhenChecked = state.firstId();
        container.start();
    }

    /** Begins to read. Not in the constructor, so that no other thread sees the feed half made. */
    void start() {
        subscribe();
    }

    @Override
    public Window window() {
        return window;
    }

    @Override
    public boolean isInterrupted() {
        return interrupted;
    }

    @Override
    public void join(PullFollower follower) {
        followers.add(follower);
    }

    @Override
    public boolean leave(PullFollower follower) {
        followers.remove(follower);
        return !followers.isEmpty();
    }

    @Override
    public CompletableFuture<Void> stop() {
        synchronized (this) {
            stopping = true;
            if (!running) {
                stopped.complete(null);
            }
        }
        connection.cut();
        return stopped;
    }

    private void subscribe() {
        synchronized (this) {
            if (stopping) {
                stopped.complete(null);
                return;
            }
            running = true;
        }
        justSubscribed = true;
        subscribedAt = System.nanoTime();
        if (subscription != null) {
            container.remove(subscription);
        }
        StreamReadRequest<String> request = StreamReadRequest.builder(StreamOffset.create(
                        stream.key(), ReadOffset.from(window.last().toString())))
                .cancelOnError(any -> true)
                .errorHandler(thrown -> failure = thrown)
                .build();
        subscription = container.register(request, entry -> polled.add(EventStream.event(entry)));
    }

    /** The container's executor: one call for each subscription, as long as that lasts. */
    private void poll(Runnable polling) {
        Runnable whole = () -> {
            try {
                polling.run();
            } catch (Throwable thrown) { // the container does not catch errors, and would leave everybody waiting
                failure = thrown;
            }
            pollingEnded();
        };
        try {
            threads.execute(whole);
        } catch (RejectedExecutionException shutDown) {
            failure = shutDown;
            pollingEnded();
        }
    }

    private List<ByteRecord> read(RedisConnection on, StreamReadOptions options, StreamOffset<byte[]> from) {
        EventStream.Poll poll = stream.poll(on, options, from, smallEvents);
        stateThen = poll.state();
        smallEvents = poll.small();
        return poll.records();
    }

    /** Called before each poll, with what the one before brought: all of its records have been handed over by now. */
    private void betweenPolls() {
        List<Event> events = polled;
        StreamState state = stateThen;
        stateThen = null;
        if (justSubscribed) {
            justSubscribed = false;
            if (backOff != null) { // who knows what happened while Redis was away
                state = stream.state();
                if (wentAnotherWay(state)) {
                    beginAgain(state);
                }
                check(events, state);
                interrupted = false;
                ring();
            }
            return;
        }
        if (backOff != null) {
            recovered();
        }
        check(events, state != null ? state : stream.state());
        if (!events.isEmpty()) {
            polled = new ArrayList<>();
            ring();
        }
    }

    private void check(List<Event> events, StreamState then) {
        StreamState state = then;
        long stillThere = Continuity.notTrimmed(events, state);
        if (!events.isEmpty() && state.deleted().isAfter(window.last())) {
            // One was deleted by itself, perhaps of those that have just been read: they are to be counted one by one.
            Snapshot now = stream.snapshot(
                    events.get(0).id(), events.get(events.size() - 1).id(), events.size(), false);
            state = now.state();
            stillThere = events.stream()
                    .filter(new HashSet<>(now.events())::contains)
                    .count();
        }
        Continuity continuity = window.judge(events, stillThere, state);
        switch (continuity.verdict()) {
            case WHOLE -> window.append(events);
            case MISSING -> {
                window.skip(continuity.missed(), events, state);
                ring();
            }
            case BEGAN_AGAIN -> beginAgain(state);
        }
        window.learnCount(state);
        firstWhenChecked = state.firstId();
    }

    /**
     * Whether another log answers than the one that was being read. So it is after a failover, if the old master took adds
     * that the new one never got: there, this feed has read events that this log does not have, and perhaps has others in
     * their place. How long it is does not tell, as it has grown since.
     */
    private boolean wentAnotherWay(StreamState state) {
        List<Event> upToOurs = newest(window.last(), EventId.MIN, 1);
        if (upToOurs.isEmpty()) {
            return false;
        }
        Event newest = upToOurs.get(0);
        if (!window.knows(newest)) {
            return true;
        }
        boolean oursIsThere = newest.id().equals(window.last());
        if (oursIsThere || state.lastId().equals(window.last())) {
            return false;
        }
        if (state.deleted().compareTo(window.last()) < 0) {
            return true;
        }
        // Perhaps ours was deleted by itself. If not, then more events are there after it than can have been added
        // since.
        Snapshot now = stream.snapshot(window.last(), window.last(), 1, true);
        return window.contradicts(now.state(), now.rest());
    }

    /** Goes on in the log that has taken the place of the old one, where the two part. */
    private void beginAgain(StreamState state) {
        EventId from = newestInCommon(state);
        Snapshot there = stream.snapshot(from, from, 1, true);
        window.beginAgain(from, Continuity.minus(there.state().added(), there.rest()));
        firstWhenChecked = state.firstId();
        moved = true;
        interrupted = false;
        ring();
        throw new SubscriptionMoved();
    }

    /**
     * The newest event that both logs are known to have. What is older than the first event of the new one may have been
     * trimmed off it, and counts as had by both: then the id just before that event, as nothing can be missing in between.
     */
    private EventId newestInCommon(StreamState state) {
        EventId first = state.firstId();
        if (first == null) {
            return EventId.MIN;
        }
        if (first.isAfter(window.last())) {
            return first.previous();
        }
        List<Event> known = window.events();
        if (!known.isEmpty()) {
            Set<Event> ours = new HashSet<>(known);
            for (Event event : newest(window.last(), known.get(0).id().previous(), known.size())) {
                if (ours.contains(event)) {
                    return event.id();
                }
            }
        }
        for (Event landmark : window.landmarks()) {
            EventId id = landmark.id();
            if (first.isAfter(id)) {
                return first.previous();
            }
            if (stream.range(id, id, 1).contains(landmark)) {
                return id;
            }
        }
        List<Event> older = newest(window.origin(), EventId.MIN, 1);
        boolean oldLog =
                !older.isEmpty() && (older.get(0).id().equals(window.origin()) || first.equals(firstWhenChecked));
        return oldLog ? older.get(0).id() : EventId.MIN;
    }

    /** The newest events of the stream between two ids, newest first. */
    private List<Event> newest(EventId upTo, EventId after, int count) {
        List<Event> newest = new ArrayList<>();
        stream.backwards(upTo, after, count, newest::addAll);
        return newest;
    }

    private void ring() {
        followers.forEach(PullFollower::ring);
    }

    private void pollingEnded() {
        connection.release();
        polled = new ArrayList<>();
        Throwable thrown = failure;
        failure = null;
        synchronized (this) {
            running = false;
            if (stopping) {
                stopped.complete(null);
                return;
            }
        }
        if (moved) {
            moved = false;
            subscribe();
            return;
        }
        EventLogException why = stream.translate(
                "follow", thrown != null ? thrown : new IllegalStateException("The reading thread was interrupted"));
        interrupted = true;
        if (backOff == null) {
            backOff = settings.recovery().start();
            lostAt = System.nanoTime();
            if (why instanceof EventLogUnavailableException) {
                logger.warn("Following log '" + stream.log() + "' is interrupted, and will be tried again: "
                        + why.getMessage());
            }
        } else {
            logger.debug("Following log '" + stream.log() + "' is still interrupted", why);
        }
        long delay = why instanceof EventLogUnavailableException ? backOff.nextBackOff() : BackOffExecution.STOP;
        if (delay == BackOffExecution.STOP) {
            followers.forEach(follower -> follower.refuse(why));
        } else {
            CompletableFuture.delayedExecutor(delay, TimeUnit.MILLISECONDS, threads)
                    .execute(this::subscribe);
        }
    }

    private void recovered() {
        backOff = null;
        Duration interruption = Duration.ofNanos(subscribedAt - lostAt);
        logger.info("Following log '" + stream.log() + "' goes on after " + interruption.toMillis() + " ms");
        observers.reconnected(stream.log(), interruption);
    }

    /** Ends a subscription whose offset is no longer right. */
    private static final class SubscriptionMoved extends RuntimeException {

        private static final long serialVersionUID = 1L;

        SubscriptionMoved() {
            super("The log began again", null, false, false);
        }
    }
}
