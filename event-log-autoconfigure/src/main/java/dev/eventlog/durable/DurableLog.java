package dev.eventlog.durable;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.WaitingFollower;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.FollowerOutages;
import dev.eventlog.follow.LogFollower;
import dev.eventlog.follow.Running;
import dev.eventlog.follow.RunningFollower;
import dev.eventlog.follow.Waiting;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/** A log that is followed under a name. Thread-safe. */
final class DurableLog implements RunningFollower, Leased, Waiting {

    private static final Log logger = LogFactory.getLog(DurableFollower.class);

    private final String name;
    private final Checkpoint checkpoint;
    private final EventBatchListener<Event> listener;
    private final Function<EventId, LogFollower> start;
    private final Consumer<Throwable> failed;
    private final DurableFollower follower;

    DurableLog(
            String name,
            Checkpoint checkpoint,
            FollowSettings settings,
            Executor threads,
            FollowerOutages outages,
            BooleanSupplier open,
            EventBatchListener<Event> listener,
            Function<EventId, LogFollower> start,
            Consumer<Throwable> failed) {
        this.name = name;
        this.checkpoint = checkpoint;
        this.listener = listener;
        this.start = start;
        this.failed = failed;
        this.follower = new DurableFollower(this, settings, threads, outages, open);
        checkpoint.deliverWhile(follower::mayDeliver);
    }

    DurableFollower follower() {
        return follower;
    }

    @Override
    public @Nullable WaitingFollower waiting() {
        return follower.state().waiting(log(), name);
    }

    @Override
    public String log() {
        return checkpoint.log();
    }

    @Override
    public EventId position() {
        return checkpoint.position();
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
    public EventId stored() {
        return checkpoint.resume();
    }

    @Override
    public Running begin() {
        EventId after = checkpoint.resume();
        LogFollower begun = start.apply(after);
        logger.debug("The " + checkpoint + " resumes after " + after);
        return begun;
    }

    @Override
    public void storeAtLast() {
        checkpoint.storeAtLast();
    }

    @Override
    public void failed(Throwable why) {
        try {
            listener.onFailure(log(), why);
        } catch (RuntimeException | Error thrown) {
            logger.error(
                    "The listener of log '" + log() + "' threw in onFailure, which was called because of: " + why,
                    thrown);
        }
        failed.accept(why);
    }

    @Override
    public String toString() {
        return checkpoint.toString();
    }
}
