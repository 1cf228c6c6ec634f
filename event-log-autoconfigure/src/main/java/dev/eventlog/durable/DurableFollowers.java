package dev.eventlog.durable;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.FollowerKind;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.Followers;
import dev.eventlog.follow.ManyLogs;
import dev.eventlog.follow.TailRange;
import dev.eventlog.redis.LogNames;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.RedisEventPositions;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/** Starts durable followers: they store their positions, and one follower with a name runs at a time. Thread-safe. */
public final class DurableFollowers {

    private static final Log logger = LogFactory.getLog(DurableFollowers.class);

    private static final String WAY_OUT = "add org.springframework.integration:spring-integration-redis, or a bean"
            + " 'eventLogLockRegistry' of Spring Integration's type LockRegistry";

    private final ManyLogs.Means means;
    private final Followers followers;
    private final FollowSettings settings;
    private final Executor threads;
    private final EventPositions positions;
    private final @Nullable Leadership leadership;
    private final Map<String, DurableFollower> withoutLease = new HashMap<>(); // guarded by itself
    private final AtomicBoolean warned = new AtomicBoolean();

    /**
     * Creates an instance without followers.
     *
     * @param means starts the underlying followers, and runs slow work
     * @param positions stores the positions
     * @param leadership grants the leases; null to let all followers with a name run
     */
    public DurableFollowers(ManyLogs.Means means, EventPositions positions, @Nullable Leadership leadership) {
        this.means = means;
        this.followers = means.followers();
        this.settings = means.settings();
        this.threads = means.listeners();
        this.positions = positions;
        this.leadership = leadership;
    }

    /**
     * Follows a log under a name.
     *
     * @param name the name
     * @param stream the log
     * @param tail where to start if no position is stored under this name
     * @param listener gets the events
     * @param options the options of the follower
     * @return the follower, whose start is fixed: it follows at once, or when it has the lease
     * @throws IllegalStateException if this application has no leases and already runs a follower with this name on this log
     */
    public Follower follow(
            String name, LogStream stream, TailRange tail, EventBatchListener<Event> listener, FollowOptions options) {
        followers.refuseIfClosed(stream.log());
        Checkpoint checkpoint = new Checkpoint(positions, name, stream.log());
        checkpoint.open(() -> tail.position(stream));
        DurableLog follower = new DurableLog(
                name,
                checkpoint,
                settings,
                threads,
                followers.outages(),
                followers::isOpen,
                listener,
                after -> followers.follow(stream, tail.resumedAfter(after), listener, options, checkpoint),
                why -> followers.failed(stream.log(), name, FollowerKind.LISTENER, why));
        followers.beginAgain(FollowerKind.LISTENER, name, stream.log()::equals);
        begin(follower.follower(), RedisEventPositions.field(name, stream.log()));
        return followers.running(follower, stream.log());
    }

    /**
     * Follows all logs of a pattern under a name.
     *
     * @param names finds the logs
     * @param tail where to start in the logs that exist when a follower with this name and pattern begins for the first time
     * @param listener gets the events
     * @param options the options of the follower, with its name
     * @return the follower, whose start is fixed: it follows at once, or when it has the lease
     * @throws IllegalStateException if this application has no leases and already runs such a follower
     */
    public LogsFollower follow(LogNames names, Tail tail, LogsListener<Event> listener, FollowOptions options) {
        followers.refuseIfClosed(names.pattern());
        DurablePattern follower = new DurablePattern(names, means, positions, listener, options);
        follower.open(tail);
        followers.beginAgain(FollowerKind.ONE_OF_MANY, options.name(), names::matches);
        begin(follower.follower(), key(options, DurablePattern.begun(names.pattern())));
        return followers.running(follower, names.pattern(), options.name());
    }

    /**
     * Follows several logs under a name. One of these followers runs at a time for each name, whatever its logs.
     *
     * @param logs the names of the logs
     * @param tail where to start in logs without a position under this name
     * @param listener gets the events
     * @param options the options of the follower, with its name
     * @return the follower, whose start is fixed: it follows at once, or when it has the lease
     * @throws IllegalStateException if this application has no leases and already runs such a follower
     */
    public LogSetFollower follow(Set<String> logs, Tail tail, LogsListener<Event> listener, FollowOptions options) {
        followers.refuseIfClosed(logs.toString());
        DurableLogSet follower = new DurableLogSet(tail, means, positions, listener, options);
        follower.open(logs);
        followers.beginAgain(FollowerKind.ONE_OF_MANY, options.name(), logs::contains);
        begin(follower.follower(), key(options, "@"));
        return followers.running(follower, ManyLogs.SET, options.name());
    }

    private static String key(FollowOptions options, String logs) {
        return RedisEventPositions.field(Objects.requireNonNull(options.name()), logs);
    }

    private void begin(DurableFollower follower, String key) {
        if (leadership == null) {
            beTheOnlyOne(key, follower);
        }
        follower.start(leadership, key);
    }

    private void beTheOnlyOne(String key, DurableFollower follower) {
        synchronized (withoutLease) {
            DurableFollower other = withoutLease.get(key);
            if (other != null && !other.state().isOver()) {
                throw new IllegalStateException(
                        "Follower " + key + " already runs in this application, and without locks both would"
                                + " follow: close that one first, use another name, or " + WAY_OUT);
            }
            withoutLease.put(key, follower);
        }
        follower.completion().whenComplete((why, failure) -> {
            synchronized (withoutLease) {
                withoutLease.remove(key, follower);
            }
        });
        if (warned.compareAndSet(false, true)) {
            logger.warn("Named followers have no locks: if several instances of this application run, each of them"
                    + " gets all events. To let only one of them follow at a time, " + WAY_OUT);
        }
    }
}
