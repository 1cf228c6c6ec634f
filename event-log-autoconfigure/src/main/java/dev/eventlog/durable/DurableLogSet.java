package dev.eventlog.durable;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.durable.MemberState.Signal;
import dev.eventlog.follow.Commits;
import dev.eventlog.follow.ManyLogs;
import dev.eventlog.follow.Outage;
import dev.eventlog.redis.LogNames;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

/** Several logs that are followed under a name. {@link MemberState} has the transitions of each log. Thread-safe. */
final class DurableLogSet extends DurableLogs implements LogSetFollower {

    private static final Log logger = LogFactory.getLog(DurableFollower.class);

    /** A log of the set. Guarded by the members. */
    private static final class Member {

        private MemberState state = MemberState.OUT;
        private CompletableFuture<Void> attempt = CompletableFuture.completedFuture(null); // the last one to begin

        /** {@return whether the state has changed} */
        private boolean on(Signal signal) {
            MemberState before = state;
            state = before.on(signal);
            return state != before;
        }
    }

    private final Tail tail;
    private final Map<String, Member> members = new HashMap<>(); // guarded by itself, like the next field
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
        Map<String, EventId> first = checkpoints().open(logs, tail, null);
        synchronized (members) {
            checkpoints().remember(first);
            logs.forEach(log -> {
                boolean unused = member(log).on(Signal.ADD);
            });
        }
    }

    private Member member(String log) {
        return members.computeIfAbsent(log, any -> new Member());
    }

    /** Lets no log begin that was removed in the meantime. */
    @Override
    Commits commits(Checkpoints.Round round) {
        return log -> {
            synchronized (members) {
                Member member = members.get(log);
                if (member == null || member.state != MemberState.BEGINNING) {
                    throw new EventLogUnavailableException(
                            log, "Log '" + log + "' was removed from the " + this + " before it began", null);
                }
            }
            return round.of(log);
        };
    }

    @Override
    void begin(ManyLogs granted, Checkpoints.Round round) {
        Set<String> logs;
        Beginning beginning;
        synchronized (members) {
            follows(granted);
            beginning = new Beginning(granted, round);
            latest = beginning;
            members.values().forEach(member -> {
                boolean unused = member.on(Signal.STOPPED);
            });
            logs = members.keySet().stream()
                    .filter(log -> member(log).state == MemberState.WANTED)
                    .collect(Collectors.toSet());
        }
        beginning.begin(logs);
    }

    @Override
    public Set<String> logs() {
        Set<String> failed = failures().keySet();
        synchronized (members) {
            return members.entrySet().stream()
                    .filter(member -> member.getValue().state.isIn() && !failed.contains(member.getKey()))
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toUnmodifiableSet());
        }
    }

    @Override
    public boolean add(String log) {
        LogNames.check(log);
        if (!isRunning()) {
            throw new IllegalStateException("Log '" + log + "' cannot be followed: its follower has ended");
        }
        Map<String, EventId> first = checkpoints().open(Set.of(log), tail, null);
        Beginning beginning;
        synchronized (members) {
            Member member = member(log);
            boolean failed = member.state == MemberState.FOLLOWED && hasFailed(log);
            if (!member.on(failed ? Signal.STOPPED : Signal.ADD)) {
                return false;
            }
            checkpoints().remember(first);
            beginning = member.state == MemberState.WANTED ? latest : null;
        }
        if (beginning != null) {
            beginning.begin(Set.of(log));
        }
        return true;
    }

    @Override
    public boolean remove(String log) {
        ManyLogs granted;
        CompletableFuture<Void> attempt;
        boolean returning;
        synchronized (members) {
            Member member = members.get(log);
            if (member == null || !member.state.isIn()) {
                return false;
            }
            returning = member.state == MemberState.RETURNING; // somebody else already waits until it has left
            boolean unused = member.on(Signal.REMOVE);
            checkpoints().forgetFirst(log);
            granted = latest == null ? null : latest.granted;
            attempt = member.attempt;
        }
        CompletableFuture<Void> returned = new CompletableFuture<>();
        if (!returning) {
            CompletableFuture<Void> unused =
                    CompletableFuture.allOf(returned, attempt).thenRun(() -> hasLeft(log));
        }
        boolean followed = !hasFailed(log);
        if (granted == null) {
            returned.complete(null);
        } else {
            boolean unused = granted.remove(log, () -> returned.complete(null));
        }
        return followed;
    }

    private boolean hasFailed(String log) {
        ManyLogs granted = following();
        return granted != null && granted.hasFailed(log);
    }

    /** Its last callback has returned, and nobody tries to begin. */
    private void hasLeft(String log) {
        Beginning beginning = null;
        try {
            checkpoints().storeAtLast(log);
        } finally {
            synchronized (members) {
                Member member = member(log);
                boolean unused = member.on(Signal.LEFT);
                if (member.state == MemberState.OUT) {
                    members.remove(log);
                } else {
                    beginning = latest;
                }
            }
        }
        if (beginning != null) {
            beginning.begin(Set.of(log));
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
            CompletableFuture<Void> attempt = new CompletableFuture<>();
            Set<String> tried = begins(logs, attempt);
            Map<String, RuntimeException> failed = Map.of();
            Throwable all = null; // of none could be tried
            try {
                if (!tried.isEmpty()) {
                    failed = granted.beginLater(round.tails(tried));
                }
            } catch (EventLogException away) {
                all = away;
            } catch (RuntimeException | Error unforeseen) {
                all = unforeseen;
                if (granted.isRunning()) {
                    logger.error("The " + DurableLogSet.this + " failed and will start again", unforeseen);
                }
            }
            Set<String> later = hasTried(all == null ? failed.keySet() : tried, tried, attempt);
            attempt.complete(null);
            if (later.isEmpty() || !granted.isRunning()) {
                outage.over("The " + DurableLogSet.this + " has started");
                granted.resumed(outage);
            } else {
                Throwable one = all != null ? all : failed.get(later.iterator().next());
                again(later, Objects.requireNonNull(one), outage);
            }
        }

        /** {@return the logs that this attempt begins} */
        private Set<String> begins(Set<String> logs, CompletableFuture<Void> attempt) {
            synchronized (members) {
                Set<String> begun = new HashSet<>();
                boolean goesOn = latest == this && granted.isRunning();
                for (String log : logs) {
                    Member member = members.get(log);
                    if (goesOn && member != null && member.on(Signal.BEGIN)) {
                        member.attempt = attempt;
                        begun.add(log);
                    }
                }
                return begun;
            }
        }

        /** {@return the logs of the attempt that must begin later} */
        @SuppressWarnings("ReferenceEquality") // whether another attempt has begun since
        private Set<String> hasTried(Set<String> failed, Set<String> tried, CompletableFuture<Void> attempt) {
            synchronized (members) {
                Set<String> later = new HashSet<>();
                for (String log : tried) {
                    Member member = members.get(log);
                    boolean away = failed.contains(log);
                    if (member != null
                            && member.attempt == attempt
                            && member.on(away ? Signal.AWAY : Signal.BEGUN)
                            && away) {
                        later.add(log);
                    }
                }
                return later;
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
