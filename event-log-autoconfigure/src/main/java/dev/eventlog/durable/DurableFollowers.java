package dev.eventlog.durable;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.Followers;
import dev.eventlog.follow.TailRange;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.RedisEventPositions;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Starts followers that have a name: they keep their positions, and one of a name follows at a time. Thread-safe. */
public final class DurableFollowers {

    private final Followers followers;
    private final FollowSettings settings;
    private final Executor threads;
    private final EventPositions positions;
    private final @Nullable Leadership leadership;

    public DurableFollowers(
            Followers followers,
            FollowSettings settings,
            Executor threads,
            EventPositions positions,
            @Nullable Leadership leadership) {
        this.followers = followers;
        this.settings = settings;
        this.threads = threads;
        this.positions = positions;
        this.leadership = leadership;
    }

    /**
     * Follows under a name: after the position that is stored, or at the tail where none is.
     *
     * @param name the name
     */
    public Follower follow(
            String name, LogStream stream, TailRange tail, EventBatchListener<Event> listener, FollowOptions options) {
        followers.refuseIfClosed(stream);
        Checkpoint checkpoint = new Checkpoint(positions, name, stream.log());
        checkpoint.open(() -> tail.position(stream));
        DurableFollower follower = new DurableFollower(
                checkpoint,
                settings,
                threads,
                listener,
                after -> followers.follow(stream, tail.resumedAfter(after), listener, options, checkpoint));
        follower.start(leadership, RedisEventPositions.field(name, stream.log()));
        return followers.running(follower, stream);
    }
}
