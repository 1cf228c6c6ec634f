package dev.eventlog.annotation;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * One log of a listener. It is followed from start to stop, by one follower after the other. If Redis cannot be reached at the
 * start, it begins later. Thread-safe.
 */
final class ListenedLog {

    private static final Log logger = LogFactory.getLog(EventLogListener.class);

    private final String description;
    private final Function<@Nullable Followed, Followed> follow;
    private final BackOff recovery;
    private final TaskScheduler scheduler;

    private volatile boolean wanted;
    private volatile @Nullable Followed follower;
    private volatile @Nullable Throwable failure;
    private volatile @Nullable Future<?> again;

    // Written with the lock of this, which is held while a follower begins, for as long as Redis takes to answer.
    private volatile @Nullable BackOffExecution waiting;

    /**
     * Creates a log that is not followed yet.
     *
     * @param description the name for the application log
     * @param follow starts to follow, after the position of the given previous follower if there is one
     * @param recovery the back-off while Redis cannot be reached
     * @param scheduler runs the later attempts
     */
    ListenedLog(
            String description,
            Function<@Nullable Followed, Followed> follow,
            BackOff recovery,
            TaskScheduler scheduler) {
        this.description = description;
        this.follow = follow;
        this.recovery = recovery;
        this.scheduler = scheduler;
    }

    /**
     * Follows, unless it already does. Continues after the position of the last follower, if there was one.
     *
     * @throws EventLogException if Redis refuses
     */
    synchronized void start() {
        Followed before = follower;
        if (isRunning() && (before == null || before.failure().isEmpty())) {
            return;
        }
        if (before != null) {
            before.close(); // so that its position is final
        }
        wanted = true;
        failure = null;
        waiting = null;
        again = null;
        begin();
    }

    private synchronized void beginAgain() {
        if (!wanted) {
            return;
        }
        again = null;
        try {
            begin();
        } catch (RuntimeException refused) {
            logger.error(description + " cannot be followed. Start the listener again when the cause is gone", refused);
        }
    }

    private void begin() {
        Followed begun;
        try {
            begun = follow.apply(follower);
        } catch (EventLogUnavailableException away) {
            beginLater(away);
            return;
        } catch (EventLogException | IllegalArgumentException | IllegalStateException refused) {
            fail(refused);
            throw refused;
        } catch (RuntimeException positionsAway) {
            beginLater(positionsAway);
            return;
        }
        follower = begun;
        if (!wanted) { // a caller has stopped it in the meantime without waiting
            begun.close();
            return;
        }
        if (waiting != null) {
            waiting = null;
            logger.info(description + " is being followed now");
        }
        CompletableFuture<Follower.EndReason> unused =
                begun.completion().toCompletableFuture().whenComplete((reason, why) -> hasEnded(begun, why));
    }

    private void beginLater(RuntimeException why) {
        BackOffExecution before = waiting;
        BackOffExecution execution = before != null ? before : recovery.start();
        waiting = execution;
        long delay = execution.nextBackOff();
        if (delay == BackOffExecution.STOP) {
            fail(why);
            throw why;
        }
        if (before == null) {
            logger.warn(description + " cannot be followed yet; next attempt in " + delay + " ms: " + why.getMessage());
        } else {
            logger.debug(description + " cannot be followed yet; next attempt in " + delay + " ms", why);
        }
        try {
            again = scheduler.schedule(this::beginAgain, Instant.now().plusMillis(delay));
        } catch (TaskRejectedException shutDown) {
            waiting = null;
            logger.debug(description + " will not be followed: the application has shut down", shutDown);
        }
    }

    private void fail(Throwable why) {
        wanted = false;
        failure = why;
    }

    private synchronized void hasEnded(Followed ended, @Nullable Throwable why) {
        if (why != null && ended.equals(follower)) {
            fail(why instanceof CompletionException && why.getCause() != null ? why.getCause() : why);
        }
    }

    /** Stops following. The method is not called after this has returned. Waits as long as {@link Follower#close()} does. */
    void stop() {
        Followed running;
        synchronized (this) {
            stopBeginning();
            running = follower;
        }
        if (running != null) {
            running.close();
        }
    }

    /**
     * Allows no more starts, without waiting.
     *
     * @return completes when the follower, which others close, has ended
     */
    CompletableFuture<?> stopBeginning() {
        wanted = false;
        Future<?> beginning = again;
        if (beginning != null) {
            beginning.cancel(false);
            again = null;
        }
        Followed running = follower;
        return running == null
                ? CompletableFuture.completedFuture(null)
                : running.completion().toCompletableFuture();
    }

    /** {@return whether the log is followed, or will be as soon as Redis answers} */
    boolean isRunning() {
        boolean waits = isWaiting(); // asked first, because it ends after the follower is known
        Followed running = follower;
        return waits || (wanted && running != null && running.isRunning());
    }

    /** {@return whether Redis could not be reached at the start, so that the log is not followed yet} */
    boolean isWaiting() {
        return wanted && waiting != null;
    }

    /** {@return the current or last follower} */
    Optional<Followed> follower() {
        return Optional.ofNullable(follower);
    }

    /** {@return the failure that ended it, unless it was started again since} */
    Optional<Throwable> failure() {
        Followed running = follower;
        return Optional.ofNullable(failure).or(() -> running == null ? Optional.empty() : running.failure());
    }
}
