package dev.eventlog.recording;

import dev.eventlog.AddOptions;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogException;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.RecordOptions;
import dev.eventlog.Recording;
import dev.eventlog.Tail;
import dev.eventlog.UnexpectedLastIdException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;

// Long: all signals about a recording change one state under one lock.
/**
 * Records one source: it collects the items of the source, adds them in batches, and completes the log when the source ends. A
 * batch with an unknown outcome is added again with the same idempotency key. If somebody else completes the log, the source is
 * stopped. Thread-safe.
 */
final class Recorder<E> implements Recording, Flow.Subscriber<E> {

    private static final Log logger = LogFactory.getLog(Recorder.class);

    private static final long BUSY_MILLIS = 100;

    private final EventLog log;
    private final BiConsumer<List<E>, AddOptions> adding;
    private final RecordOptions options;
    private final Duration patience;
    private final Executor threads;
    private final Writes writes;
    private final CompletableFuture<Completion> completion = new CompletableFuture<>();
    private final String id = UUID.randomUUID().toString();

    // Guarded by this.
    private final Queue<E> waiting = new ArrayDeque<>();
    private RecorderState state = RecorderState.IDLE;
    private Flow.@Nullable Subscription source;
    private @Nullable Follower watch;
    private @Nullable Completion end; // how to complete the log after all items have been added
    private boolean refused;
    private boolean leavesTheEnd;
    private long turn; // the number of the current wait: a timer only counts for its own wait

    private long batches; // used by the single writing task

    Recorder(
            EventLog log,
            BiConsumer<List<E>, AddOptions> adding,
            RecordOptions options,
            Duration patience,
            BackOff recovery,
            Executor threads) {
        this.log = log;
        this.adding = adding;
        this.options = options;
        this.patience = patience;
        this.threads = threads;
        this.writes = new Writes(log.name(), patience, recovery, this::later, new Writes.Otherwise() {
            @Override
            public void complete(Completion how) {
                end(how, null);
            }

            @Override
            public void gaveUp(EventLogException why) {
                leaveTheEnd("Redis could not be reached for too long", why);
            }

            @Override
            public void refused(Throwable why) {
                failAtOnce(why);
            }
        });
    }

    /** Watches from now on whether somebody else completes the log. */
    void watch() {
        Follower follower = log.follow(Tail.newOnly(), new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onGap(Gap gap) {}

            @Override
            public void onComplete(Completion by) {
                completedBy(by);
            }
        });
        synchronized (this) {
            watch = follower;
        }
    }

    /**
     * The log was completed, perhaps by this recording. If a write was refused, that failure is more specific and takes
     * precedence.
     */
    private void completedBy(Completion how) {
        boolean refusing;
        synchronized (this) {
            refusing = refused;
        }
        if (!refusing) {
            end(how, null);
        }
    }

    @Override
    public String log() {
        return log.name();
    }

    @Override
    public CompletableFuture<Completion> completion() {
        return completion.copy();
    }

    @Override
    public void cancel(@Nullable String reason) {
        endWith(Completion.cancelled(reason));
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        boolean wanted;
        synchronized (this) {
            wanted = source == null && end == null && state != RecorderState.ENDED;
            if (wanted) {
                source = subscription;
            }
        }
        if (wanted) {
            subscription.request(options.bufferSize());
        } else {
            subscription.cancel();
        }
    }

    @Override
    public void onNext(E event) {
        if (event == null) {
            throw new NullPointerException("The source of log '" + log() + "' must not emit null");
        }
        boolean tooMany;
        synchronized (this) {
            if (end != null || state == RecorderState.ENDED) {
                return;
            }
            tooMany = waiting.size() >= options.bufferSize();
            if (!tooMany) {
                waiting.add(event);
                if (state == RecorderState.IDLE) {
                    await();
                } else if (state == RecorderState.WAITING && waiting.size() >= options.batchSize()) {
                    write();
                }
            }
        }
        if (tooMany) {
            logger.warn("The source of log '" + log()
                    + "' emitted more than the %,d events that were requested, and is".formatted(options.bufferSize())
                    + " stopped. Make it respect the requested number, or add a buffer");
            endWith(Completion.failed("The source was faster than Redis"));
        }
    }

    @Override
    public void onError(Throwable failure) {
        endWith(Completion.failed(options.reason().apply(failure)));
    }

    @Override
    public void onComplete() {
        endWith(Completion.done());
    }

    /** Stops the source, and completes the log after all waiting items have been added. The first call determines how. */
    void endWith(Completion how) {
        Flow.Subscription stopped;
        synchronized (this) {
            if (end != null || state == RecorderState.ENDED) {
                return;
            }
            end = how;
            stopped = source;
            if (state != RecorderState.WRITING) {
                write();
            }
        }
        if (stopped != null) {
            stopped.cancel(); // no effect if it has ended
        }
    }

    /** Does the same because the application shuts down. */
    void shutDown(Completion how) {
        writes.hurry();
        endWith(how);
    }

    private synchronized void await() {
        if (waiting.size() >= options.batchSize() || options.batchTime().isZero()) {
            write();
            return;
        }
        state = RecorderState.WAITING;
        long mine = ++turn;
        later(options.batchTime().toMillis(), () -> {
            synchronized (this) {
                if (state == RecorderState.WAITING && turn == mine) {
                    write();
                }
            }
        });
    }

    private synchronized void write() {
        state = RecorderState.WRITING;
        later(0, this::writeNext);
    }

    private void later(long millis, Runnable task) {
        long due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        if (millis == 0) {
            execute(task, due);
        } else {
            after(millis, () -> execute(task, due));
        }
    }

    /** Waits for a thread if the executor of the application is full, but no longer than for Redis. */
    private void execute(Runnable task, long due) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException full) {
            if (System.nanoTime() - due > patience.toNanos() || writes.hurries()) {
                leaveTheEnd("the executor had no free thread for too long", full);
            } else {
                after(BUSY_MILLIS, () -> execute(task, due));
            }
        }
    }

    /** The short task hands over to another thread: a rejection would otherwise be lost. */
    private static void after(long millis, Runnable handover) {
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS, Runnable::run)
                .execute(handover);
    }

    private void writeNext() {
        List<E> batch = new ArrayList<>();
        Completion how;
        synchronized (this) {
            while (batch.size() < options.batchSize() && !waiting.isEmpty()) {
                batch.add(waiting.remove());
            }
            how = batch.isEmpty() ? end : null;
        }
        if (how != null) {
            writes.carryOut(() -> log.completeAs(how), () -> end(how, null));
        } else if (!batch.isEmpty()) {
            batches++;
            writes.carryOut(() -> add(batch), () -> goOn(batch.size()));
        }
    }

    private void add(List<E> batch) {
        AddOptions once = AddOptions.idempotent(id + ":" + batches);
        boolean first = batches == 1 && options.isIfAbsent();
        adding.accept(batch, first ? once.and(AddOptions.ifAbsent()) : once);
    }

    private void goOn(int added) {
        Flow.Subscription more;
        synchronized (this) {
            more = end == null ? source : null;
            if (state == RecorderState.WRITING) {
                if (end != null) {
                    write();
                } else if (waiting.isEmpty()) {
                    state = RecorderState.IDLE;
                } else {
                    await();
                }
            }
        }
        if (more != null) {
            more.request(added);
        }
    }

    /** Nothing more can be added: the log is completed as failed, if at least this is possible. */
    private void failAtOnce(Throwable why) {
        logger.error("Recording into log '" + log() + "' has failed", why);
        synchronized (this) {
            refused = true;
            waiting.clear();
        }
        if (!(why instanceof UnexpectedLastIdException)) { // otherwise the log belongs to another writer
            try {
                log.completeAs(Completion.failed("An event could not be added"));
            } catch (EventLogCompletedException already) {
                logger.debug("Log '" + log() + "' was already completed", already);
            } catch (RuntimeException another) {
                leaveTheEnd("its log could not be completed", why);
            }
        }
        end(null, why);
    }

    /** The log is not complete, and this recording cannot change that. */
    private void leaveTheEnd(String why, Throwable failure) {
        logger.error(
                "Recording into log '" + log() + "' has stopped, because " + why + ". When its lease of " + patience
                        + " has expired, an application that follows any log completes it as failed",
                failure);
        synchronized (this) {
            leavesTheEnd = true;
        }
        end(null, failure);
    }

    /** {@return whether the lease must expire, so that another process completes the log as failed} */
    synchronized boolean leavesTheEnd() {
        return leavesTheEnd;
    }

    /** The recording is over: the log is complete, or can no longer be written. */
    void end(@Nullable Completion how, @Nullable Throwable failure) {
        Flow.Subscription stopped;
        Follower watching;
        synchronized (this) {
            if (state == RecorderState.ENDED) {
                return;
            }
            state = RecorderState.ENDED;
            waiting.clear();
            stopped = source;
            watching = watch;
        }
        if (stopped != null) {
            stopped.cancel();
        }
        if (how != null) {
            completion.complete(how);
        } else {
            completion.completeExceptionally(failure);
        }
        if (watching != null) {
            watching.close();
        }
    }

    /** {@return completes when the recording has ended} */
    CompletableFuture<Completion> ended() {
        return completion;
    }
}
