package dev.eventlog.recording;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Completion;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.Outage;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * Carries out the writes of a recording, one after the other. A write that fails temporarily is repeated, for as long as the
 * lease of the recording lasts. Not thread-safe. Each write starts after the previous one has ended.
 */
final class Writes {

    private static final Log logger = LogFactory.getLog(Recorder.class);

    private static final Duration SHORT_PATIENCE = Duration.ofSeconds(1);

    private final String log;
    private volatile Duration patience;
    private volatile boolean hurries;
    private final Timer timer;
    private final Otherwise otherwise;
    private final Outage outage;
    private long failingSince;

    Writes(String log, Duration patience, BackOff recovery, Timer timer, Otherwise otherwise) {
        this.log = log;
        this.patience = patience;
        this.timer = timer;
        this.otherwise = otherwise;
        this.outage = new Outage(logger, recovery);
    }

    /** Runs tasks later. */
    interface Timer {

        void later(long millis, Runnable task);
    }

    /** Handles a write that could not be carried out. */
    interface Otherwise {

        /** The log is complete. */
        void complete(Completion how);

        /** Redis could not be reached for too long. */
        void gaveUp(EventLogException why);

        /** Another attempt would be useless. */
        void refused(Throwable why);
    }

    /** The application shuts down: if Redis cannot be reached, writes are repeated for a short time only. */
    void hurry() {
        patience = SHORT_PATIENCE;
        hurries = true;
    }

    /** {@return whether the application shuts down} */
    boolean hurries() {
        return hurries;
    }

    /**
     * Carries out a write.
     *
     * @param write the write, which may run several times
     * @param next runs after the write has succeeded
     */
    void carryOut(Runnable write, Runnable next) {
        long begun = System.nanoTime();
        try {
            write.run();
        } catch (EventLogCompletedException complete) {
            otherwise.complete(complete.completion());
            return;
        } catch (EventLogUnavailableException | AddOutcomeUnknownException passing) {
            tryAgain(passing, begun, () -> carryOut(write, next));
            return;
        } catch (RuntimeException | Error refused) {
            otherwise.refused(refused);
            return;
        }
        outage.over("Recording into log '" + log + "' continues");
        failingSince = 0;
        next.run();
    }

    /** The patience counts from the first attempt: Redis may have done it then, and keeps the record of its key for a limited time. */
    private void tryAgain(EventLogException passing, long begun, Runnable again) {
        long now = System.nanoTime();
        failingSince = failingSince == 0 ? begun : failingSince;
        long delay =
                outage.failed(passing, next -> "Recording into log '" + log + "' is interrupted and will be retried");
        boolean isLate = now - failingSince + (hurries ? TimeUnit.MILLISECONDS.toNanos(delay) : 0) > patience.toNanos();
        if (delay == BackOffExecution.STOP || isLate) {
            otherwise.gaveUp(passing);
        } else {
            timer.later(delay, again);
        }
    }
}
