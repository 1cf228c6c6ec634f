package dev.eventlog.core;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogObserver;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowedLog;
import dev.eventlog.LogPattern;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.convert.EventFields;
import dev.eventlog.durable.DurableFollowers;
import dev.eventlog.durable.Leadership;
import dev.eventlog.follow.Feeds;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.Followers;
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
 * Makes event logs on the Redis of a {@link RedisConnectionFactory}. It has connections of its own, made as that makes them but
 * for sending nothing twice and always to the master. The application's context stops it before anything that
 * its listeners may need: running callbacks finish, none starts.
 */
public final class RedisEventLogFactory implements EventLogFactory, SmartLifecycle, DisposableBean {

    private static final Log logger = LogFactory.getLog(RedisEventLogFactory.class);

    private final Connections connections;
    private final EventFields fields;
    private final Settings settings;
    private final ListenerThreads ownThreads;
    private final Followers followers;
    private final DurableFollowers durable;
    private final Recordings recordings;
    private final Observers observers;
    private final LogsFollowing many;

    /**
     * What is set for all logs. Immutable.
     *
     * @param keyPrefix stands before each log's name in the key of its stream
     * @param options the options of a log of that name
     * @param pageSize how many events to ask Redis for at once when reading, above 0
     * @param follow how logs are followed
     * @param maxThreads how many listeners may be busy at one moment, above 0; without meaning on virtual threads
     * @param recordings the key of the sorted set of all recordings' leases
     * @param recordLease how long a recording is taken for alive after its last sign of life
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
     * A factory, for where there is no auto-configuration to make it. To be destroyed.
     *
     * @param redis makes the connections that are copied; only what cannot be copied is used itself
     * @param json writes and reads typed events and what is nested in others
     * @param settings what is set for all logs
     * @param listenerExecutor runs the listeners; null for threads of the factory's own
     * @param observers see what the logs do, the first from outermost
     * @param positions where followers that have a name keep their positions
     * @param leadership by which one follower of a name follows at a time; null to have all of them follow
     */
    public RedisEventLogFactory(
            RedisConnectionFactory redis,
            JsonMapper json,
            Settings settings,
            @Nullable Executor listenerExecutor,
            List<EventLogObserver> observers,
            EventPositions positions,
            @Nullable Leadership leadership) {
        this(
                Connections.of(redis, settings.follow().pollTimeout()),
                json,
                settings,
                listenerExecutor,
                observers,
                positions,
                leadership);
    }

    /**
     * A factory on connections that positions and locks may share.
     *
     * @param connections where to ask; closed with this factory
     * @param json as above, as is what follows
     * @param settings what is set for all logs
     * @param listenerExecutor runs the listeners
     * @param observers see what the logs do
     * @param positions where followers that have a name keep their positions
     * @param leadership by which one follower of a name follows at a time
     */
    public RedisEventLogFactory(
            Connections connections,
            JsonMapper json,
            Settings settings,
            @Nullable Executor listenerExecutor,
            List<EventLogObserver> observers,
            EventPositions positions,
            @Nullable Leadership leadership) {
        this.connections = connections;
        this.fields = new EventFields(json);
        this.settings = settings;
        this.observers = new Observers(observers);
        this.ownThreads = new ListenerThreads(settings.maxThreads(), settings.virtualThreads());
        Feeds feeds = new Feeds(connections, settings.follow(), ownThreads.forFeeds(), this.observers);
        Executor threads = listenerExecutor != null ? listenerExecutor : ownThreads.forListeners();
        this.followers = new Followers(feeds, settings.follow(), threads, this.observers);
        this.recordings = new Recordings(
                new RecordLeases(connections, settings.recordings(), settings.recordLease()),
                this::create,
                settings.recordLease(),
                settings.follow().recovery(),
                threads,
                ownThreads.forFeeds(),
                () -> followers.count() > 0);
        ManyLogs.Means means = new ManyLogs.Means(
                name -> stream(name, settings.options().apply(name)),
                followers,
                settings.follow(),
                threads,
                ownThreads.forFeeds());
        this.durable = new DurableFollowers(means, positions, leadership);
        this.many = new LogsFollowing(
                means,
                durable,
                pattern -> new LogNames(connections, settings.keyPrefix(), pattern),
                settings.options());
        recordings.open();
    }

    @Override
    public EventLog create(String name, Consumer<EventLogOptions.Builder> customizer) {
        return log(name, customizer);
    }

    @Override
    public <T> TypedEventLog<T> create(String name, Class<T> type, Consumer<EventLogOptions.Builder> customizer) {
        Assert.notNull(type, () -> "The type of the events of log '" + name + "' must not be null");
        return new RedisTypedEventLog<>(log(name, customizer), type, fields.typed(type));
    }

    private RedisEventLog log(String name, Consumer<EventLogOptions.Builder> customizer) {
        LogNames.check(name);
        Assert.notNull(
                customizer, () -> "The customizer of the options of log '" + name + "' must not be null: leave it out");
        EventLogOptions.Builder options = settings.options().apply(name).toBuilder();
        customizer.accept(options);
        return new RedisEventLog(stream(name, options.build()), fields, followers, durable, recordings, observers);
    }

    private LogStream stream(String name, EventLogOptions options) {
        return new LogStream(name, settings.keyPrefix() + name, connections, settings.pageSize(), options);
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
        return many.follow(logs, tail, new TypedLogsListener<>(type, fields.typed(type), listener), customizer);
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
        return many.follow(names, tail, new TypedLogsListener<>(type, fields.typed(type), listener), customizer);
    }

    @Override
    public Stream<String> names(String pattern) {
        return many.names(pattern).stream();
    }

    /**
     * The logs that have followers in this application, as they are now. Asks Redis nothing.
     *
     * @return in the order of their names; unmodifiable
     */
    public List<FollowedLog> followedLogs() {
        return List.copyOf(followers.followedLogs());
    }

    /** Lets logs be followed again, after {@link #stop()}. */
    @Override
    public void start() {
        followers.open();
        recordings.open();
    }

    /** Stops all recordings and closes all followers, without waiting for what they are at. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    /** Stops all recordings, closes all followers side by side, and calls back when the last of their callbacks has returned. */
    @Override
    public void stop(Runnable callback) {
        CompletableFuture<Void> recorded = recordings.close();
        followers.close(() -> {
            CompletableFuture<Void> unused = recorded.thenRun(callback);
        });
    }

    @Override
    public boolean isRunning() {
        return followers.isOpen();
    }

    /** Closes what is still open: followers, connections, threads. Listeners that have not returned are interrupted. */
    @Override
    public void destroy() {
        stop();
        long busy = followers.count();
        if (busy > 0) {
            logger.warn(busy + " listeners of event logs did not return in time"
                    + " (spring.lifecycle.timeout-per-shutdown-phase): their threads are interrupted");
        }
        ownThreads.closeFeeds();
        connections.close();
        ownThreads.close();
    }
}
