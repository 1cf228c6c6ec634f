package dev.eventlog.durable;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.durable.DurableFollowerState.Signal;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.Outage;
import dev.eventlog.follow.Running;
import dev.eventlog.redis.LogStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

/**
 * A follower that keeps its position, and follows while it has the lease: by something {@link Leased}, and by that again when
 * it has ended because the lease was lost, or because another follower of its name has gone on meanwhile.
 *
 * <p>{@link DurableFollowerState} says what leads where. Whatever happens only changes the state, and closes what follows if
 * that must not go on. What takes time, to resume and to leave, is done by one thread at a time. Thread-safe.
 */
final class DurableFollower implements Running, Leadership.Candidate {

    private static final Log logger = LogFactory.getLog(DurableFollower.class);

    private final Leased leased;
    private final FollowSettings settings;
    private final Executor threads;
    private final Actor actor = new Actor(this::next);
    private final Outage outage; // of the thread that acts, as is the next
    private boolean hasFollowed;
    private final Outage crowd; // of the executor; guarded by itself
    private final CompletableFuture<EndReason> completion = new CompletableFuture<>();
    private volatile boolean superseded; // until the other one has stored nothing for as long as a lease
    private @Nullable Object storedByAnother; // of the thread that acts

    // Guarded by this.
    private DurableFollowerState state = DurableFollowerState.WAITING;
    private EndReason reason = EndReason.CLOSED; // of an end without a failure
    private @Nullable Throwable failure;
    private Leadership.@Nullable Lease lease;
    private @Nullable Running current;

    DurableFollower(Leased leased, FollowSettings settings, Executor threads) {
        this.leased = leased;
        this.settings = settings;
        this.threads = threads;
        this.outage = new Outage(logger, settings.recovery());
        this.crowd = new Outage(logger, settings.recovery());
    }

    /** Follows as soon as it has the lease; at once where there are no leases. */
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

    /** {@return whether a listener may be called: whether the lease is held, as far as can be known without asking} */
    synchronized boolean mayDeliver() {
        return state.mayDeliver() && (lease == null || lease.isHeld());
    }

    synchronized boolean isRunning() {
        return !state.isOver();
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
        superseded = false; // its turn, whoever had it before
        on(Signal.GRANTED);
        actSoon();
    }

    /** Returns when the last callback has: so that is before another has the lease, if the lease lasts so long. */
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
     * Closes what follows, and what another thread is about to start. If that hangs because Redis does not answer, it is not
     * waited for any longer: it is closed once it has begun, and delivers nothing.
     */
    private void closeCurrent() {
        actor.act();
        actor.awaitOthers(settings.closeTimeout());
        Running running = current();
        if (running != null) {
            running.close();
        }
    }

    /** {@return whether this is what ends it} */
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
                actor.act(); // it is to end, which takes no thread
            }
        }
    }

    /** {@return what the state calls for} */
    private synchronized @Nullable Runnable next() {
        if (current == null && state.isReleasing()) { // nothing was started, or that has failed
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
        } catch (IllegalStateException shuttingDown) {
            end(EndReason.SHUTDOWN, null);
            return;
        } catch (RuntimeException | Error unforeseen) {
            fail(unforeseen);
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
     * Where two follow that do not know of each other, each would repeat the other's last batch for ever. So this one goes on
     * only when the position has stood still for as long as a lease.
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

    /** {@return whether it waits: it does so only if it was to resume} */
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

    /** Ends by an error while nothing follows. The last callback is {@code onFailure}. */
    private void fail(Throwable why) {
        if (!end(EndReason.CLOSED, why)) {
            return;
        }
        leased.failed(why);
    }

    /** What followed has ended: by an error, of which the listener was told; by this; or as another one has gone on. */
    private void hasStopped(@Nullable EndReason why, @Nullable Throwable thrown) {
        if (why == EndReason.SUPERSEDED) {
            logger.warn("Another follower has continued in place of the " + leased
                    + ", which pauses until that one has stored no position for " + settings.lease()
                    + " (eventlog.follow.lease)");
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

    /** Nothing follows any more, and nothing will. It ends when another may have the lease. */
    private void leave() {
        leased.storeAtLast();
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
