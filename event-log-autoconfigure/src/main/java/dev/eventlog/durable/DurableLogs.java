package dev.eventlog.durable;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.FollowerKind;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.WaitingFollower;
import dev.eventlog.follow.Commits;
import dev.eventlog.follow.ManyLogs;
import dev.eventlog.follow.OfMany;
import dev.eventlog.follow.Running;
import dev.eventlog.follow.Waiting;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Many logs that are followed under a name, with a position for each log and one lease for all. Each time it has the lease, it
 * follows them with a new {@link ManyLogs}. Thread-safe.
 */
abstract class DurableLogs implements LogsFollower, OfMany, Leased, Waiting {

    private static final Log logger = LogFactory.getLog(DurableFollower.class);

    private final String shown;
    private final String logs;
    private final ManyLogs.Means means;
    private final LogsListener<Event> listener;
    private final FollowOptions options;
    private final DurableFollower follower;
    private final Checkpoints checkpoints;
    private volatile @Nullable ManyLogs current;

    /**
     * Creates an instance that follows nothing yet.
     *
     * @param shown the pattern of the logs, or a description
     * @param logs describes the logs in the application log
     * @param means the shared objects
     * @param positions stores the positions
     * @param listener gets the events
     * @param options the options of the follower, with its name
     */
    DurableLogs(
            String shown,
            String logs,
            ManyLogs.Means means,
            EventPositions positions,
            LogsListener<Event> listener,
            FollowOptions options) {
        this.shown = shown;
        this.logs = logs;
        this.means = means;
        this.listener = listener;
        this.options = options;
        this.follower = new DurableFollower(
                this, means.settings(), means.listeners(), means.followers().outages(), means.followers()::isOpen);
        this.checkpoints = new Checkpoints(
                positions,
                Objects.requireNonNull(options.name()),
                logs,
                means.streams(),
                follower::mayDeliver,
                means.settings().recovery());
    }

    /** Starts the logs after the lease has been granted. Must not block: other threads do the slow work. */
    abstract void begin(ManyLogs granted, Checkpoints.Round round);

    /** {@return stores the positions during a round} */
    Commits commits(Checkpoints.Round round) {
        return round;
    }

    ManyLogs.Means means() {
        return means;
    }

    DurableFollower follower() {
        return follower;
    }

    Checkpoints checkpoints() {
        return checkpoints;
    }

    @Override
    public String stateName() {
        return follower.state().name();
    }

    @Override
    public final @Nullable ManyLogs following() {
        ManyLogs followed = current;
        return followed != null && followed.isRunning() ? followed : null;
    }

    @Override
    public @Nullable WaitingFollower waiting() {
        return follower.state().waiting(shown, Objects.requireNonNull(options.name()));
    }

    @Override
    public Set<String> logs() {
        ManyLogs followed = following();
        return followed == null ? Set.of() : followed.logs();
    }

    @Override
    public Map<String, EventId> positions() {
        return checkpoints.positions();
    }

    @Override
    public Map<String, Throwable> failures() {
        ManyLogs followed = following();
        return followed == null ? Map.of() : followed.failures();
    }

    @Override
    public boolean isRunning() {
        return !follower.state().isOver();
    }

    @Override
    public CompletionStage<EndReason> completion() {
        return follower.completion();
    }

    @Override
    public CompletableFuture<EndReason> closeSoon(EndReason why) {
        return follower.closeSoon(why);
    }

    @Override
    public void close() {
        follower.close();
    }

    @Override
    public Object stored() {
        return checkpoints.stored();
    }

    @Override
    public Running begin() {
        Checkpoints.Round round = checkpoints.begin();
        ManyLogs granted = new ManyLogs("The " + this, means, listener, options, commits(round));
        ManyLogs before = current;
        if (before != null) {
            granted.continuesAfter(before);
        }
        begin(granted, round);
        return granted;
    }

    /** Publishes the current follower of the logs. */
    final void follows(ManyLogs granted) {
        current = granted;
    }

    @Override
    public void storeAtLast() {
        checkpoints.storeAtLast();
    }

    @Override
    public void failed(Throwable why) {
        try {
            listener.onFailure(logs, why);
        } catch (RuntimeException | Error thrown) {
            logger.error(
                    "The listener of " + logs + " threw in onFailure, which was called because of: " + why, thrown);
        }
        means.followers().failed(shown, Objects.requireNonNull(options.name()), FollowerKind.ONE_OF_MANY, why);
    }

    @Override
    public String toString() {
        return checkpoints.toString();
    }
}
