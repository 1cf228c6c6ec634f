package dev.eventlog.durable;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.LogFollower;
import dev.eventlog.follow.Outage;
import dev.eventlog.follow.RunningFollower;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

/**
 * A follower that keeps its position, and follows while it is its turn: by a {@link LogFollower}, and another one when that
 * has ended because the turn was lost or another instance has gone on meanwhile.
 *
 * <p>Whatever happens only notes what is wanted now, and has that looked at, which one thread does at a time: where nothing
 * follows and should, begin; where something follows and should not, close it.
 */
final class DurableFollower implements RunningFollower, Leadership.Holder {

    private static final Log logger = LogFactory.getLog(DurableFollower.class);

    private final Checkpoint checkpoint;
    private final FollowSettings settings;
    private final Executor threads;
    private final EventBatchListener<Event> listener;
    private final Function<EventId, LogFollower> start;
    private final CompletableFuture<EndReason> completion = new CompletableFuture<>();

    // Guarded by this.
    private Leadership.@Nullable Turn turn;
    private boolean wanted;
    private boolean ended;
    private EndReason reason = EndReason.CLOSED; // of an end without a failure
    private boolean finished;
    private @Nullable Throwable failure;
    private @Nullable LogFollower current;
    private @Nullable Thread looking;
    private boolean lookAgain;

    // Belongs to who looks.
    private final Outage outage;

    DurableFollower(
            Checkpoint checkpoint,
            FollowSettings settings,
            Executor threads,
            EventBatchListener<Event> listener,
            Function<EventId, LogFollower> start) {
        this.checkpoint = checkpoint;
        this.settings = settings;
        this.threads = threads;
        this.listener = listener;
        this.start = start;
        this.outage = new Outage(logger, settings.recovery());
        checkpoint.turn(this::isItsTurn);
    }

    /** Begins at once, or queues up for a turn where turns are taken. */
    void start(@Nullable Leadership turns, String key) {
        if (turns == null) {
            synchronized (this) {
                wanted = true;
            }
            look();
            return;
        }
        Leadership.Turn place = turns.take(key, this);
        synchronized (this) {
            turn = place;
        }
        place.queue();
    }

    private synchronized boolean isItsTurn() {
        return wanted && !ended && (turn == null || turn.isHeld());
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
    public synchronized boolean isRunning() {
        return !ended;
    }

    @Override
    public CompletionStage<EndReason> completion() {
        return completion.minimalCompletionStage();
    }

    @Override
    public void begin() {
        synchronized (this) {
            wanted = true;
        }
        lookSoon();
    }

    /** Returns when the last callback has: so it does before the turn is another's, if the lease lasts so long. */
    @Override
    public void end() {
        synchronized (this) {
            wanted = false;
        }
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
        end(why);
        look();
        return completion;
    }

    @Override
    public void close() {
        end(EndReason.CLOSED);
        closeCurrent();
    }

    private synchronized void end(EndReason why) {
        if (!ended) {
            ended = true;
            reason = why;
        }
    }

    /**
     * Closes what follows, also what is just about to. If that hangs, as Redis does not answer, it is not waited for: once it
     * begins, it is nobody's turn any more.
     */
    private void closeCurrent() {
        look();
        LogFollower running;
        long deadline = System.nanoTime() + settings.closeTimeout().toNanos();
        boolean interrupted = false;
        synchronized (this) {
            long left = 1;
            while (looking != null && looking != Thread.currentThread() && left > 0 && !interrupted) {
                left = deadline - System.nanoTime();
                try {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                } catch (InterruptedException ex) {
                    interrupted = true;
                }
            }
            running = current;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (running != null) {
            running.close();
        }
    }

    private void lookSoon() {
        try {
            threads.execute(this::look);
        } catch (RejectedExecutionException shutDown) {
            if (isRunning()) {
                logger.warn(
                        "Of " + checkpoint + " nothing begins: the executor of listeners takes no more tasks",
                        shutDown);
            }
            CompletableFuture<EndReason> unused = closeSoon(EndReason.SHUTDOWN);
        }
    }

    private void lookLater(long milliseconds) {
        CompletableFuture<Void> unused = new CompletableFuture<Void>()
                .completeOnTimeout(null, milliseconds, TimeUnit.MILLISECONDS)
                .thenRun(() -> {
                    if (isRunning()) {
                        lookSoon();
                    }
                });
    }

    private void look() {
        synchronized (this) {
            if (looking != null) {
                lookAgain = true;
                return;
            }
            looking = Thread.currentThread();
        }
        boolean again = true;
        while (again) {
            lookOnce();
            synchronized (this) {
                again = lookAgain;
                lookAgain = false;
                if (!again) {
                    looking = null;
                    notifyAll();
                }
            }
        }
    }

    private void lookOnce() {
        LogFollower running;
        boolean begin;
        boolean over;
        synchronized (this) {
            running = current;
            begin = wanted && !ended;
            over = ended && running == null && !finished;
            finished |= over;
        }
        if (over) {
            finish();
        } else if (running != null && !begin) {
            CompletableFuture<EndReason> unused = running.closeSoon(EndReason.CLOSED); // whose end is looked at, too
        } else if (running == null && begin) {
            beginToFollow();
        }
    }

    private void beginToFollow() {
        EventId after;
        LogFollower begun;
        try {
            after = checkpoint.resume();
        } catch (RuntimeException away) {
            beginLater(away);
            return;
        }
        try {
            begun = start.apply(after);
        } catch (EventLogUnavailableException away) {
            beginLater(away);
            return;
        } catch (EventLogException refused) {
            fail(refused);
            return;
        } catch (IllegalStateException shuttingDown) {
            CompletableFuture<EndReason> unused = closeSoon(EndReason.SHUTDOWN);
            return;
        }
        outage.over("The " + checkpoint + " can begin");
        logger.debug("The " + checkpoint + " goes on after " + after);
        synchronized (this) {
            current = begun;
        }
        begun.whenEnded(this::hasEnded);
    }

    private void beginLater(RuntimeException why) {
        long delay = outage.failed(
                why, next -> "The " + checkpoint + " cannot begin now, and tries again in " + next + " ms");
        if (delay == BackOffExecution.STOP) {
            fail(why);
        } else {
            lookLater(delay);
        }
    }

    private void fail(RuntimeException why) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            failure = why;
        }
        try {
            listener.onFailure(log(), why);
        } catch (RuntimeException | Error thrown) {
            logger.error("The listener of log '" + log() + "' threw when told of this failure: " + why, thrown);
        }
        look();
    }

    /** What followed has ended: by its listener, which was told so; by this; or because another one has gone on. */
    private void hasEnded(@Nullable Throwable thrown) {
        synchronized (this) {
            current = null;
            if (thrown != null) {
                ended = true;
                failure = thrown;
            }
            notifyAll();
            if (!ended && !wanted) {
                return;
            }
        }
        if (isRunning()) {
            lookSoon();
        } else {
            look();
        }
    }

    private void finish() {
        Leadership.Turn place;
        Throwable thrown;
        EndReason why;
        synchronized (this) {
            place = turn;
            thrown = failure;
            why = reason;
        }
        if (checkpoint.isPending()) {
            checkpoint.storeAtLast();
        }
        CompletableFuture<Void> left = place != null ? place.giveUp() : CompletableFuture.completedFuture(null);
        left.whenComplete((nothing, impossible) -> {
            if (thrown != null) {
                completion.completeExceptionally(thrown);
            } else {
                completion.complete(why);
            }
        });
    }
}
