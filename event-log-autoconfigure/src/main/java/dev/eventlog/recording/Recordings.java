package dev.eventlog.recording;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.AlreadyRecordedException;
import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.RecordOptions;
import dev.eventlog.Recording;
import dev.eventlog.UnexpectedLastIdException;
import dev.eventlog.redis.RecordLeases;
import dev.eventlog.redis.RecordLeases.Claim;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.util.backoff.BackOff;

/**
 * Starts recordings, and keeps track of them until they end. While there are recordings or followed logs, it periodically looks
 * for recordings with expired leases, whose processes have died, and completes their logs as failed. Thread-safe.
 */
public final class Recordings {

    private static final Log logger = LogFactory.getLog(Recordings.class);

    /** How many times during a lease a recording renews it. After the last renewal, expired leases are looked for. */
    private static final int SIGNS = 3;

    private static final Completion LOST = Completion.failed("producer lost");
    private static final Completion SHUT_DOWN = Completion.failed("The application that recorded it was shut down");

    private final RecordLeases leases;
    private final Function<String, EventLog> logs;
    private final Duration lease;
    private final BackOff recovery;
    private final Executor threads;
    private final Executor background;
    private final BooleanSupplier follows;
    private final Set<Recorder<?>> running = ConcurrentHashMap.newKeySet();
    private volatile boolean open;
    private boolean looking; // guarded by this
    private final Set<String> stuck = ConcurrentHashMap.newKeySet(); // dead recordings whose logs cannot be completed

    /**
     * Creates the recordings of an application. None of them runs yet.
     *
     * @param leases the leases of all applications
     * @param logs creates the logs that are completed for dead recordings
     * @param lease how long a recording counts as alive after it renewed its lease
     * @param recovery the back-off after Redis could not be reached
     * @param threads adds the events
     * @param background checks the leases; not on the threads of listeners, which may all be busy
     * @param follows returns whether this application follows any log
     */
    public Recordings(
            RecordLeases leases,
            Function<String, EventLog> logs,
            Duration lease,
            BackOff recovery,
            Executor threads,
            Executor background,
            BooleanSupplier follows) {
        this.leases = leases;
        this.logs = logs;
        this.lease = lease;
        this.recovery = recovery;
        this.threads = threads;
        this.background = background;
        this.follows = follows;
    }

    /**
     * Records a source.
     *
     * @param log the log; an add to it can be repeated during the lease
     * @param source the source; subscribed to after the lease has been acquired
     * @param adding adds the items of the source
     * @param options the options of the recording
     * @param <E> the type of the items
     * @return the running recording
     */
    public <E> Recording record(
            EventLog log,
            Flow.Publisher<? extends E> source,
            BiConsumer<List<E>, AddOptions> adding,
            RecordOptions options) {
        if (!open) {
            throw new IllegalStateException(
                    "The source cannot be recorded into log '" + log.name() + "': the application is shutting down");
        }
        claim(log);
        Recorder<E> recorder = new Recorder<>(log, adding, options, lease, recovery, threads);
        try {
            refuseUnlessItMayBegin(log, options);
            recorder.watch();
        } catch (RuntimeException refused) {
            release(log.name());
            throw refused;
        }
        running.add(recorder);
        CompletableFuture<Void> unused = recorder.ended().handle((how, failure) -> {
            running.remove(recorder);
            if (!recorder.leavesTheEnd()) {
                release(log.name());
            }
            return null;
        });
        if (!open) { // closed since the last check, perhaps without this recording
            recorder.shutDown(SHUT_DOWN);
        }
        look();
        try {
            source.subscribe(recorder);
        } catch (RuntimeException | Error thrown) { // otherwise the log would never end
            recorder.onError(thrown);
            if (thrown instanceof Error serious) {
                throw serious;
            }
        }
        return recorder;
    }

    private void claim(EventLog log) {
        Claim claim = leases.claim(log.name());
        if (claim == Claim.HELD) {
            throw new AlreadyRecordedException(log.name());
        }
        if (claim == Claim.RUN_OUT) {
            lost(log.name());
            throw new EventLogCompletedException(log.name(), log.completion().orElse(LOST), null);
        }
    }

    private static void refuseUnlessItMayBegin(EventLog log, RecordOptions options) {
        log.completion().ifPresent(how -> {
            throw new EventLogCompletedException(log.name(), how, null);
        });
        EventId last = log.lastId().orElse(EventId.MIN);
        if (options.isIfAbsent() && !last.equals(EventId.MIN)) {
            throw new UnexpectedLastIdException(log.name(), EventId.MIN, last);
        }
    }

    private void release(String log) {
        try {
            leases.release(log);
        } catch (EventLogException failure) {
            logger.debug("The lease of log '" + log + "' was not removed and will expire", failure);
        }
    }

    /** {@return how long an add of a recording can be repeated} */
    public Duration retention() {
        return lease.multipliedBy(2);
    }

    /** Allows recordings to start. */
    public void open() {
        open = true;
        look();
    }

    /** Checks the leases from now on, if this is not already running. */
    private synchronized void look() {
        if (!looking && open) {
            looking = true;
            lookLater(1);
        }
    }

    /** @param turn the third of the lease: recordings renew their lease in each, and expired leases are looked for in the last */
    private synchronized void lookLater(int turn) {
        if (!open) {
            looking = false;
            return;
        }
        CompletableFuture.delayedExecutor(lease.toMillis() / SIGNS, TimeUnit.MILLISECONDS, Runnable::run)
                .execute(() -> lookNow(turn));
    }

    /** Hands over to another thread: a rejection on the thread of the timer would be lost. */
    private void lookNow(int turn) {
        try {
            background.execute(() -> lookAfterLeases(turn));
        } catch (RejectedExecutionException full) { // or a shutdown, which closes this
            lookLater(turn);
        }
    }

    private void lookAfterLeases(int turn) {
        try {
            running.forEach(recorder -> leases.renew(recorder.log()));
            if (turn == SIGNS && (!running.isEmpty() || follows.getAsBoolean())) {
                endAll(leases.runOut());
            }
        } catch (EventLogUnavailableException passing) {
            logger.debug("The leases of recordings cannot be checked now", passing);
        } catch (EventLogException refused) {
            if (running.isEmpty()) {
                logger.info("Redis does not allow this application to check whether other recordings have died: "
                        + refused.getMessage());
                synchronized (this) {
                    looking = false; // until a recording starts here
                }
                return;
            }
            logger.debug("The leases of recordings cannot be checked now", refused);
        }
        lookLater(turn % SIGNS + 1);
    }

    /** A log that cannot be completed does not keep the others from it. */
    private void endAll(List<String> dead) {
        stuck.retainAll(dead);
        for (String log : dead) {
            try {
                lost(log);
            } catch (EventLogUnavailableException | AddOutcomeUnknownException away) {
                logger.debug("The logs of dead recordings cannot be completed now", away);
                return; // the others would wait as long
            } catch (RuntimeException failure) {
                if (stuck.add(log)) {
                    logger.warn(
                            "The recording into log '" + log + "' did not renew its lease, and its log cannot be"
                                    + " completed as failed now. This is tried again every " + lease,
                            failure);
                }
            }
        }
    }

    private void lost(String log) {
        try {
            if (logs.apply(log).completeAs(LOST)) {
                logger.warn("The recording into log '" + log + "' did not renew its lease for " + lease
                        + ": the log is completed as failed");
            }
        } catch (EventLogCompletedException already) {
            logger.debug("Log '" + log + "' was already completed in another way", already);
        }
        leases.forget(log);
    }

    /**
     * Stops all sources, and refuses new ones.
     *
     * @return completes when the logs are complete
     */
    public CompletableFuture<Void> close() {
        open = false;
        CompletableFuture<?>[] ending = running.stream()
                .map(recorder -> {
                    recorder.shutDown(SHUT_DOWN);
                    return recorder.ended();
                })
                .toArray(CompletableFuture[]::new);
        return CompletableFuture.allOf(ending).exceptionally(failure -> null);
    }
}
