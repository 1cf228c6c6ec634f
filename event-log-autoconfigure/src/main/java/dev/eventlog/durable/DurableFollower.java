package dev.eventlog.durable;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.durable.DurableFollowerState.Signal;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.FollowerOutages;
import dev.eventlog.follow.Outage;
import dev.eventlog.follow.Running;
import dev.eventlog.redis.LogStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

// Long: the lease, the current follower, and the end of both change one state.
/**
 * A durable follower, which stores its position and follows while it has the lease. It follows with a {@link Leased}, and starts
 * again after losing the lease, or after another follower with the same name has continued in the meantime.
 *
 * <p>{@link DurableFollowerState} has the transitions. A signal only changes the state, and closes the current follower if it
 * must not continue. One thread at a time does the slow work: resuming and leaving. Thread-safe.
 */
final class DurableFollower implements Running, Leadership.Candidate {

    private static final Log logger = LogFactory.getLog(DurableFollower.class);

    private final Leased leased;
    private final FollowSettings settings;
    private final Executor threads;
    private final BooleanSupplier open;
    private final Actor actor = new Actor(this::next);
    private final Outage outage; // used by the acting thread, like the next field
    private boolean hasFollowed;
    private final Outage crowd; // an outage of the executor; guarded by itself
    private final CompletableFuture<EndReason> completion = new CompletableFuture<>();
    private volatile boolean superseded; // until the other follower has stored nothing for the duration of a lease
    private @Nullable Object storedByAnother; // used by the acting thread

    // Guarded by this.
    private DurableFollowerState state = DurableFollowerState.WAITING;
    private EndReason reason = EndReason.CLOSED; // for an end without a failure
    private @Nullable Throwable failure;
    private Leadership.@Nullable Lease lease;
    private @Nullable Running current;

    /**
     * Creates a follower that does not run yet.
     *
     * @param leased follows while it has the lease
     * @param settings the settings of followers
     * @param threads runs the slow work
     * @param outages the outages that followers have in common
     * @param open returns whether followers may start: false while the application is shutting down
     */
    DurableFollower(
            Leased leased, FollowSettings settings, Executor threads, FollowerOutages outages, BooleanSupplier open) {
        this.leased = leased;
        this.settings = settings;
        this.threads = threads;
        this.open = open;
        Supplier<String> description = () -> "The " + leased;
        this.outage = new Outage(outages.resuming(description, this::isResuming), settings.recovery());
        this.crowd = new Outage(outages.crowd(description, () -> !state().isOver()), settings.recovery());
    }

    /** {@return whether it is resuming, and not waiting for the lease of another instance} */
    private boolean isResuming() {
        return state() == DurableFollowerState.RESUMING || state() == DurableFollowerState.RESUMING_LATER;
    }

    /** Follows as soon as it has the lease, or at once if there are no leases. */
    void start(@Nullable Leadership leadership, String key) {
        if (leadership == null) {
            on(Signal.GRANTED);
            actor.act();
            return;
        }
        Leadership.Lease requested = leadership.lease(key, this);
        synchronized (this) {
            lease = requested;
        }
        requested.request();
    }

    /** {@return whether a listener may be called: whether the lease is held, as far as known without asking} */
    synchronized boolean mayDeliver() {
        return state.mayDeliver() && (lease == null || lease.isHeld());
    }

    synchronized DurableFollowerState state() {
        return state;
    }

    @Override
    public CompletionStage<EndReason> completion() {
        return completion.minimalCompletionStage();
    }

    private synchronized DurableFollowerState on(Signal signal) {
        state = state.on(signal);
        return state;
    }

    private synchronized @Nullable Running current() {
        return current;
    }

    @Override
    public void granted() {
        superseded = false; // this follower now has the lease
        on(Signal.GRANTED);
        actSoon();
    }

    /** Returns when the last callback has returned. If the lease lasts long enough, this is before another follower gets it. */
    @Override
    public void revoked() {
        on(Signal.REVOKED);
        closeCurrent();
        boolean interrupted = false;
        synchronized (this) {
            while (current != null) {
                try {
                    wait();
                } catch (InterruptedException closing) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public CompletableFuture<EndReason> closeSoon(EndReason why) {
        end(why, null);
        Running running = current();
        if (running != null) {
            CompletableFuture<EndReason> unused = running.closeSoon(EndReason.CLOSED);
        }
        actor.act();
        return completion;
    }

    @Override
    public void close() {
        CompletableFuture<EndReason> unused = closeSoon(EndReason.CLOSED);
        closeCurrent();
    }

    /**
     * Closes the current follower, and a follower that another thread is about to start. If that start hangs because Redis does
     * not answer, this method stops waiting: the follower is closed once it has started, and delivers nothing.
     */
    private void closeCurrent() {
        actor.act();
        actor.awaitOthers(settings.closeTimeout());
        Running running = current();
        if (running != null) {
            running.close();
        }
    }

    /** {@return whether this call ended it} */
    private synchronized boolean end(EndReason why, @Nullable Throwable thrown) {
        if (state.isOver()) {
            return false;
        }
        reason = why;
        failure = thrown;
        state = state.on(Signal.END);
        return true;
    }

    private void actSoon() {
        try {
            threads.execute(actor::act);
        } catch (RejectedExecutionException full) {
            long delay;
            synchronized (crowd) {
                delay = crowd.failed(full, next -> "The " + leased + " waits " + next + " ms for a thread");
            }
            if (!pause(delay)) {
                actor.act(); // ending needs no thread
            }
        }
    }

    /** {@return the work that the state requires} */
    private synchronized @Nullable Runnable next() {
        if (current == null && state.isReleasing()) { // nothing was started, or the start has failed
            state = state.on(Signal.STOPPED);
        }
        return switch (state) {
            case RESUMING -> this::resume;
            case LEAVING -> this::leave;
            default -> null;
        };
    }

    private void resume() {
        Running begun;
        try {
            if (superseded && standsBack(leased.stored())) {
                return;
            }
            begun = leased.begin();
        } catch (EventLogUnavailableException away) {
            resumeLater(away);
            return;
        } catch (EventLogException refused) {
            if (hasFollowed && LogStream.isLoginRefused(refused)) {
                resumeLater(refused);
            } else {
                fail(refused);
            }
            return;
        } catch (RuntimeException | Error unforeseen) {
            if (open.getAsBoolean()) {
                fail(unforeseen);
            } else {
                logger.debug("The " + leased + " ends, because the application is shutting down", unforeseen);
                end(EndReason.SHUTDOWN, null);
            }
            return;
        }
        outage.over("The " + leased + " has resumed");
        synchronized (crowd) {
            crowd.over("The " + leased + " has a thread");
        }
        hasFollowed = true;
        boolean follows;
        synchronized (this) {
            current = begun;
            follows = on(Signal.BEGUN) == DurableFollowerState.FOLLOWING;
        }
        begun.completion().whenComplete(this::hasStopped);
        if (!follows) {
            CompletableFuture<EndReason> unused = begun.closeSoon(EndReason.CLOSED);
        }
    }

    private void resumeLater(EventLogException why) {
        long delay =
                outage.failed(why, next -> "The " + leased + " cannot resume now; next attempt in " + next + " ms");
        if (delay == BackOffExecution.STOP) {
            fail(why);
            return;
        }
        pause(delay);
    }

    /**
     * If two followers follow without knowing of each other, each would repeat the last batch of the other one forever. Therefore
     * this one continues only if the position has not changed for the duration of a lease.
     */
    private boolean standsBack(Object stored) {
        superseded = !stored.equals(storedByAnother);
        storedByAnother = superseded ? stored : null;
        if (superseded) {
            logger.debug("The " + leased + " pauses for " + settings.lease() + ", because another follower continues");
            pause(settings.lease().toMillis());
        }
        return superseded;
    }

    /** {@return whether it pauses, which requires that it was resuming} */
    private boolean pause(long millis) {
        boolean waits = on(Signal.AWAY) == DurableFollowerState.RESUMING_LATER;
        if (waits) {
            CompletableFuture<Void> unused = new CompletableFuture<Void>()
                    .completeOnTimeout(null, Math.max(millis, 1), TimeUnit.MILLISECONDS)
                    .thenRun(this::hasWaited);
        }
        return waits;
    }

    private void hasWaited() {
        if (on(Signal.TIME) == DurableFollowerState.RESUMING) {
            actSoon();
        }
    }

    /** Ends with an error while nothing is followed. The last callback is {@code onFailure}. */
    private void fail(Throwable why) {
        if (!end(EndReason.CLOSED, why)) {
            return;
        }
        leased.failed(why);
    }

    /**
     * Called when the current follower has ended: with an error, which the listener has received, because this closed it, or
     * because another follower has continued.
     */
    private void hasStopped(@Nullable EndReason why, @Nullable Throwable thrown) {
        if (why == EndReason.SUPERSEDED) {
            logger.warn(
                    "The " + leased + " has found a position that it did not store: another follower of that name has"
                            + " continued, or Redis has lost data. It pauses until that position has not changed for "
                            + settings.lease() + " (eventlog.follow.lease)");
            superseded = true;
        }
        if (why == EndReason.COMPLETED) {
            end(EndReason.COMPLETED, null);
        }
        DurableFollowerState after;
        synchronized (this) {
            current = null;
            if (thrown != null) {
                state = state.on(Signal.END);
                failure = thrown;
            }
            after = on(Signal.STOPPED);
            notifyAll();
        }
        if (after == DurableFollowerState.RESUMING) {
            actSoon();
        } else {
            actor.act();
        }
    }

    /** Nothing is followed anymore, and no further follower starts. This ends when another instance may get the lease. */
    private void leave() {
        try {
            leased.storeAtLast();
        } catch (RuntimeException | Error unforeseen) { // it must end and give up the lease in any case
            logger.error("The last positions of the " + leased + " could not be stored", unforeseen);
        }
        Leadership.Lease held;
        Throwable thrown;
        EndReason why;
        synchronized (this) {
            held = lease;
            thrown = failure;
            why = reason;
            state = state.on(Signal.LEFT);
        }
        CompletableFuture<Void> left = held != null ? held.giveUp() : CompletableFuture.completedFuture(null);
        left.whenComplete((nothing, impossible) -> {
            if (thrown != null) {
                completion.completeExceptionally(thrown);
            } else {
                completion.complete(why);
            }
        });
    }
}
