package dev.eventlog.core;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogObserver;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventPositions;
import dev.eventlog.EventUpcaster;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowedLog;
import dev.eventlog.LogPattern;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnreadableEventHandler;
import dev.eventlog.convert.EventBindings;
import dev.eventlog.convert.EventFields;
import dev.eventlog.durable.DurableFollowers;
import dev.eventlog.durable.Leadership;
import dev.eventlog.follow.Feeds;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.Followers;
import dev.eventlog.follow.KnownFollowers;
import dev.eventlog.follow.ListenerThreads;
import dev.eventlog.follow.ManyLogs;
import dev.eventlog.follow.Observers;
import dev.eventlog.recording.Recordings;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogNames;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.RecordLeases;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.util.Assert;
import tools.jackson.databind.json.JsonMapper;

/**
 * Creates event logs on the Redis of a {@link RedisConnectionFactory}. It opens its own connections the way that
 * factory does, but they always lead to the master, and send no command twice. The application context stops this
 * factory before any bean that its listeners may need: running callbacks finish, and no further callback starts.
 */
public final class RedisEventLogFactory implements EventLogFactory, SmartLifecycle, DisposableBean {

    private static final Log logger = LogFactory.getLog(RedisEventLogFactory.class);

    private final Connections connections;
    private final EventFields fields;
    private final EventBindings bindings;
    private final Settings settings;
    private final ListenerThreads ownThreads;
    private final Followers followers;
    private final DurableFollowers durable;
    private final Recordings recordings;
    private final Observers observers;
    private final LogsFollowing many;

    /**
     * Settings for all logs. Immutable.
     *
     * @param keyPrefix the prefix of the key of each log
     * @param options returns the options of a log by its name
     * @param pageSize the number of events that one command reads, at least 1
     * @param follow how logs are followed
     * @param maxThreads the maximum number of listeners that run at the same time, at least 1; ignored with virtual
     *     threads
     * @param recordings the key of the sorted set with the leases of all recordings
     * @param recordLease the time after its last renewal when a recording counts as dead
     * @param virtualThreads whether listeners and feeds run on virtual threads
     */
    public record Settings(
            String keyPrefix,
            Function<String, EventLogOptions> options,
            int pageSize,
            FollowSettings follow,
            int maxThreads,
            String recordings,
            Duration recordLease,
            boolean virtualThreads) {}

    /**
     * How events become fields, and fields become events. Immutable.
     *
     * @param json converts typed events, and nested values of untyped events
     * @param upcasters change the fields of each event that a typed log reads, in this order
     * @param unreadable gets the events that do not fit the type of their log, if they are handed over; null for none
     */
    public record Conversion(
            JsonMapper json,
            List<EventUpcaster> upcasters,
            @Nullable UnreadableEventHandler unreadable) {}

    /**
     * Creates a factory without auto-configuration. The caller must destroy it.
     *
     * @param redis the model for the connections of this factory; used itself only if it cannot be copied
     * @param conversion how events become fields, and fields become events
     * @param settings the settings for all logs
     * @param listenerExecutor runs the listeners; null for threads of this factory
     * @param observers observe the logs; the first one is the outermost
     * @param positions stores the positions of named followers
     * @param leadership lets one follower of a name run at a time; null to let all of them run
     */
    public RedisEventLogFactory(
            RedisConnectionFactory redis,
            Conversion conversion,
            Settings settings,
            @Nullable Executor listenerExecutor,
            List<EventLogObserver> observers,
            EventPositions positions,
            @Nullable Leadership leadership) {
        this(
                Connections.of(redis, settings.follow().pollTimeout()),
                conversion,
                settings,
                listenerExecutor,
                observers,
                positions,
                leadership);
    }

    /**
     * Creates a factory on connections that positions and locks can share.
     *
     * @param connections the connections, which this factory closes
     * @param conversion how events become fields, and fields become events
     * @param settings the settings for all logs
     * @param listenerExecutor runs the listeners
     * @param observers observe the logs
     * @param positions stores the positions of named followers
     * @param leadership lets one follower of a name run at a time
     */
    public RedisEventLogFactory(
            Connections connections,
            Conversion conversion,
            Settings settings,
            @Nullable Executor listenerExecutor,
            List<EventLogObserver> observers,
            EventPositions positions,
            @Nullable Leadership leadership) {
        this.connections = connections;
        this.fields = new EventFields(conversion.json());
        this.settings = settings;
        this.observers = new Observers(observers);
        this.bindings =
                new EventBindings(fields, conversion.upcasters(), conversion.unreadable(), this.observers::unreadable);
        this.ownThreads = new ListenerThreads(settings.maxThreads(), settings.virtualThreads());
        Feeds feeds = new Feeds(connections, settings.follow(), ownThreads.forFeeds(), this.observers);
        Executor threads =
                listenerExecutor != null ? ListenerThreads.rejecting(listenerExecutor) : ownThreads.forListeners();
        this.followers = new Followers(feeds, settings.follow(), threads, this.observers);
        this.recordings = new Recordings(
                new RecordLeases(connections, settings.recordings(), settings.recordLease()),
                this::create,
                settings.recordLease(),
                settings.follow().recovery(),
                threads,
                ownThreads.forFeeds(),
                () -> followers.known().count() > 0);
        ManyLogs.Means means = new ManyLogs.Means(
                name -> stream(name, settings.options().apply(name)),
                followers,
                settings.follow(),
                threads,
                ownThreads.forFeeds());
        this.durable = new DurableFollowers(means, positions, leadership);
        this.many =
                new LogsFollowing(means, durable, pattern -> new LogNames(connections, settings.keyPrefix(), pattern));
        recordings.open();
    }

    @Override
    public EventLog create(String name, Consumer<EventLogOptions.Builder> customizer) {
        return log(name, customizer);
    }

    @Override
    public <T> TypedEventLog<T> create(String name, Class<T> type, Consumer<EventLogOptions.Builder> customizer) {
        Assert.notNull(type, () -> "The type of the events of log '" + name + "' must not be null");
        RedisEventLog untyped = log(name, customizer);
        return new RedisTypedEventLog<>(untyped, bindings.of(name, type, untyped.options()));
    }

    private RedisEventLog log(String name, Consumer<EventLogOptions.Builder> customizer) {
        LogNames.check(name);
        Assert.notNull(
                customizer, () -> "The customizer of the options of log '" + name + "' must not be null: leave it out");
        EventLogOptions configured = settings.options().apply(name);
        EventLogOptions.Builder customized = configured.toBuilder();
        customizer.accept(customized);
        EventLogOptions options = customized.build();
        LogStream stream = stream(name, options.equals(configured) ? configured : options); // which logs may share
        return new RedisEventLog(stream, fields, followers, durable, recordings, observers);
    }

    private LogStream stream(String name, EventLogOptions options) {
        String key = settings.keyPrefix().isEmpty() ? name : settings.keyPrefix() + name; // the same text once
        return new LogStream(name, key, connections, settings.pageSize(), options);
    }

    @Override
    public LogsFollower follow(
            LogPattern logs, Tail tail, LogsListener<Event> listener, Consumer<FollowOptions.Builder> customizer) {
        return many.follow(logs, tail, listener, customizer);
    }

    @Override
    public <T> LogsFollower follow(
            LogPattern logs,
            Class<T> type,
            Tail tail,
            LogsListener<TypedEvent<T>> listener,
            Consumer<FollowOptions.Builder> customizer) {
        return many.follow(logs, tail, typed(type, listener), customizer);
    }

    @Override
    public LogSetFollower follow(
            Collection<String> names,
            Tail tail,
            LogsListener<Event> listener,
            Consumer<FollowOptions.Builder> customizer) {
        return many.follow(names, tail, listener, customizer);
    }

    @Override
    public <T> LogSetFollower follow(
            Collection<String> names,
            Class<T> type,
            Tail tail,
            LogsListener<TypedEvent<T>> listener,
            Consumer<FollowOptions.Builder> customizer) {
        return many.follow(names, tail, typed(type, listener), customizer);
    }

    private <T> LogsListener<Event> typed(Class<T> type, LogsListener<TypedEvent<T>> listener) {
        fields.typed(type); // refuses an invalid event type before anything is followed
        return new TypedLogsListener<>(
                name -> bindings.of(name, type, settings.options().apply(name)), listener);
    }

    @Override
    public Stream<String> names(String pattern) {
        return many.names(pattern).stream();
    }

    /**
     * Returns a snapshot of the logs with followers in this application. Sends nothing to Redis.
     *
     * @return the logs in the order of their names; unmodifiable
     */
    public List<FollowedLog> followedLogs() {
        return List.copyOf(followers.known().followedLogs());
    }

    /** {@return the followers of this application, those that wait or have ended included} */
    public KnownFollowers knownFollowers() {
        return followers.known();
    }

    /** Allows following again after {@link #stop()}. */
    @Override
    public void start() {
        connections.start();
        followers.open();
        recordings.open();
    }

    /** Stops all recordings and closes all followers, without waiting for them. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    /**
     * Stops all recordings, closes all followers at the same time, and calls back when the last running callback has
     * returned. If Redis does not answer, nothing waits for it longer than a few seconds.
     */
    @Override
    public void stop(Runnable callback) {
        connections.stopSoon();
        CompletableFuture<Void> recorded = recordings.close();
        followers.close(() -> {
            CompletableFuture<Void> unused = recorded.thenRun(callback);
        });
    }

    @Override
    public boolean isRunning() {
        return followers.isOpen();
    }

    /** Closes all remaining followers, connections, and threads. Interrupts listeners that have not returned. */
    @Override
    public void destroy() {
        stop();
        long busy = followers.known().count();
        if (busy > 0) {
            logger.warn(busy + " listeners of event logs did not return in time"
                    + " (spring.lifecycle.timeout-per-shutdown-phase): their threads are interrupted");
        }
        ownThreads.closeFeeds();
        connections.close();
        ownThreads.close();
    }
}
