package dev.eventlog.durable;

import dev.eventlog.Event;
import dev.eventlog.EventLogException;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.follow.ManyLogs;
import dev.eventlog.follow.Outage;
import dev.eventlog.redis.LogNames;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

/** Several logs that are followed under a name. Thread-safe. */
final class DurableLogSet extends DurableLogs implements LogSetFollower {

    private static final Log logger = LogFactory.getLog(DurableFollower.class);

    private final Tail tail;
    private final Set<String> wanted = new HashSet<>(); // guarded by itself, like the next field
    private @Nullable Beginning latest;

    DurableLogSet(
            Tail tail,
            ManyLogs.Means means,
            EventPositions positions,
            LogsListener<Event> listener,
            FollowOptions options) {
        super(ManyLogs.SET, ManyLogs.SET, means, positions, listener, options);
        this.tail = tail;
    }

    /** Fixes the start in further logs, which this then follows. */
    void open(Collection<String> logs) {
        fixStart(logs);
        synchronized (wanted) {
            wanted.addAll(logs);
        }
    }

    @Override
    void begin(ManyLogs granted, Checkpoints.Round round) {
        Set<String> logs;
        Beginning beginning;
        synchronized (wanted) {
            follows(granted);
            beginning = new Beginning(granted, round);
            latest = beginning;
            logs = Set.copyOf(wanted);
        }
        beginning.begin(logs);
    }

    @Override
    public Set<String> logs() {
        Map<String, Throwable> failed = failures();
        synchronized (wanted) {
            Set<String> logs = new HashSet<>(wanted);
            logs.removeAll(failed.keySet());
            return Set.copyOf(logs);
        }
    }

    private void fixStart(Collection<String> logs) {
        checkpoints().remember(checkpoints().open(logs, tail, null));
    }

    @Override
    public boolean add(String log) {
        LogNames.check(log);
        if (!isRunning()) {
            throw new IllegalStateException("Log '" + log + "' cannot be followed: its follower has ended");
        }
        fixStart(Set.of(log));
        ManyLogs granted;
        Beginning beginning;
        synchronized (wanted) {
            granted = following();
            beginning = latest;
            boolean failed = granted != null && granted.failures().containsKey(log);
            if (!wanted.add(log) && !failed) {
                return false;
            }
        }
        if (beginning != null && granted != null) {
            beginning.begin(Set.of(log));
        }
        return true;
    }

    @Override
    public boolean remove(String log) {
        ManyLogs granted;
        synchronized (wanted) {
            if (!wanted.remove(log)) {
                return false;
            }
            granted = following();
        }
        boolean followed = true;
        if (granted != null) {
            followed = !granted.failures().containsKey(log);
            boolean unused = granted.remove(log);
        }
        checkpoints().storeAtLast(log);
        return followed;
    }

    private boolean isWanted(String log) {
        synchronized (wanted) {
            return wanted.contains(log);
        }
    }

    /** Starts the logs. Logs that cannot begin now start later, until the lease is lost. */
    private final class Beginning {

        private final ManyLogs granted;
        private final Checkpoints.Round round;

        Beginning(ManyLogs granted, Checkpoints.Round round) {
            this.granted = granted;
            this.round = round;
        }

        void begin(Set<String> logs) {
            execute(() -> tryTo(logs, new Outage(logger, means().settings().recovery())));
        }

        private void execute(Runnable task) {
            try {
                means().background().execute(task);
            } catch (RejectedExecutionException shutDown) {
                granted.close();
                throw new IllegalStateException("No logs can be followed: the application is shutting down", shutDown);
            }
        }

        private void tryTo(Set<String> logs, Outage outage) {
            Set<String> later = logs;
            Throwable why = null;
            try {
                Set<String> still = new HashSet<>(logs);
                still.removeIf(log -> !isWanted(log));
                Map<String, RuntimeException> failed = granted.beginLater(round.tails(still));
                still.stream().filter(log -> !isWanted(log)).forEach(log -> {
                    boolean unused = granted.remove(log);
                    checkpoints().storeAtLast(log);
                });
                later = failed.keySet();
                why = failed.isEmpty() ? null : failed.values().iterator().next();
            } catch (EventLogException away) {
                why = away;
            } catch (RuntimeException | Error unforeseen) {
                logger.error("The " + DurableLogSet.this + " failed and will start again", unforeseen);
                why = unforeseen;
            }
            if (why == null || !granted.isRunning()) {
                outage.over("The " + DurableLogSet.this + " has started");
                granted.resumed(outage);
            } else {
                again(later, why, outage);
            }
        }

        private void again(Set<String> logs, Throwable why, Outage outage) {
            granted.interrupted(outage);
            long delay = outage.failed(
                    why, next -> "The " + DurableLogSet.this + " cannot start; next attempt in " + next + " ms");
            long millis = delay == BackOffExecution.STOP
                    ? means().settings().sweepInterval().toMillis()
                    : delay;
            CompletableFuture<Void> unused = new CompletableFuture<Void>()
                    .completeOnTimeout(null, Math.max(1, millis), TimeUnit.MILLISECONDS)
                    .thenRun(() -> {
                        if (granted.isRunning()) {
                            execute(() -> tryTo(logs, outage));
                        }
                    });
        }
    }
}
