package dev.eventlog.durable;

import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.EventPositions;
import dev.eventlog.Tail;
import dev.eventlog.follow.Commit;
import dev.eventlog.follow.Commit.NotStoredException;
import dev.eventlog.follow.Commits;
import dev.eventlog.follow.TailRange;
import dev.eventlog.redis.LogStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;

/**
 * The positions of a durable follower in many logs: a {@link Checkpoint} for each log. They are loaded in pages. They outlive the
 * followers, like the checkpoint of a single log. Thread-safe.
 */
final class Checkpoints {

    private static final Log logger = LogFactory.getLog(Checkpoints.class);

    /** How many positions are loaded, or stored for the first time, at once. */
    private static final int PAGE = 200;

    /** How many logs are asked at once where they begin. Low, because the answers contain events. */
    private static final int TOGETHER = 16;

    private final EventPositions positions;
    private final String name;
    private final String logs;
    private final Function<String, LogStream> streams;
    private final BooleanSupplier mayDeliver;
    private final Map<String, Checkpoint> byLog = new ConcurrentHashMap<>();
    private final Map<String, EventId> first = new ConcurrentHashMap<>(); // stored before the logs are followed
    private final Map<String, EventLogException> unreadable = new ConcurrentHashMap<>();
    private final StoringOutage outage;
    private @Nullable Round round; // guarded by this, like changes of the checkpoints

    /**
     * Creates an instance that knows no positions yet.
     *
     * @param positions stores the positions
     * @param name the name of the follower
     * @param logs describes the logs in the application log
     * @param streams returns the stream of a log by its name
     * @param mayDeliver returns whether the listener may be called
     * @param recovery the back-off between attempts to store a position
     */
    Checkpoints(
            EventPositions positions,
            String name,
            String logs,
            Function<String, LogStream> streams,
            BooleanSupplier mayDeliver,
            BackOff recovery) {
        this.positions = positions;
        this.name = name;
        this.logs = logs;
        this.streams = streams;
        this.mayDeliver = mayDeliver;
        this.outage = new StoringOutage(this, recovery);
    }

    /**
     * Fixes the start in logs without a stored position.
     *
     * @param names the names of the logs
     * @param tail where to start
     * @param unless the name of a log: if a position is stored for it, nothing is stored; null to store in any case
     * @return the positions that were to be stored
     */
    Map<String, EventId> open(Collection<String> names, Tail tail, @Nullable String unless) {
        Map<String, EventId> all = new HashMap<>();
        for (List<String> page : pages(names)) {
            Map<String, EventId> stored = load(page);
            List<String> missing = page.stream()
                    .filter(log -> !stored.containsKey(log) && !unreadable.containsKey(log))
                    .toList();
            if (!missing.isEmpty()) {
                Map<String, EventId> begin = new HashMap<>();
                parts(missing, TOGETHER).forEach(some -> begin.putAll(begin(some, tail)));
                positions.storeFirst(name, begin, unless);
                all.putAll(begin);
            }
        }
        return all;
    }

    /** Remembers the first positions of logs until these are followed, because a failover can lose what was stored. */
    void remember(Map<String, EventId> positionsStoredFirst) {
        first.putAll(positionsStoredFirst);
    }

    /** Forgets the first position of a log that is not to be followed any more. */
    void forgetFirst(String log) {
        first.remove(log);
    }

    private Map<String, EventId> begin(List<String> some, Tail tail) {
        Map<LogStream, TailRange> tails = new HashMap<>();
        for (String log : some) {
            LogStream stream = streams.apply(log);
            tails.put(stream, TailRange.of(tail, stream.options()));
        }
        return TailRange.positions(tails);
    }

    /** Starts another round. Work that is still in progress for the previous round has no effect anymore. */
    synchronized Round begin() {
        Round begun = new Round();
        round = begun;
        return begun;
    }

    /** The time from the grant of the lease until it is lost, or until another follower continues. */
    final class Round implements Commits {

        private boolean findsAll; // guarded by the checkpoints

        /**
         * Makes the next lookup the lookup of all existing logs. Earlier entries for other logs are then entries for gone logs.
         */
        void findAll() {
            synchronized (Checkpoints.this) {
                findsAll = true;
            }
        }

        /**
         * Looks up where to resume. A log without a stored position starts with its first event, because it did not exist when
         * the follower began, unless its first position has been stored and lost.
         *
         * @param names the names of logs that are not followed at the moment
         * @return where to start in each log
         * @throws EventLogUnavailableException if the positions cannot be loaded now
         */
        Map<String, Tail> tails(Collection<String> names) {
            Map<String, Tail> tails = new HashMap<>();
            synchronized (Checkpoints.this) {
                if (findsAll && isCurrent()) {
                    findsAll = false;
                    byLog.keySet().retainAll(names);
                }
            }
            try {
                for (List<String> page : pages(names)) {
                    resume(page, load(page), tails);
                }
            } catch (RuntimeException failure) {
                throw unavailable(failure);
            }
            return tails;
        }

        private void resume(List<String> page, Map<String, EventId> stored, Map<String, Tail> tails) {
            synchronized (Checkpoints.this) {
                if (!isCurrent()) {
                    throw new IllegalStateException("The lease was lost");
                }
                for (String log : page) {
                    EventId after = byLog.computeIfAbsent(log, Checkpoints.this::checkpoint)
                            .resume(stored.get(log));
                    tails.put(log, Tail.after(after == null ? EventId.MIN : after));
                }
            }
        }

        private boolean isCurrent() {
            return round == this;
        }

        @Override
        public Commit of(String log) {
            EventLogException failure = unreadable.remove(log);
            if (failure != null) {
                throw failure;
            }
            Checkpoint checkpoint = byLog.get(log);
            if (checkpoint == null) {
                throw new IllegalStateException("Log '" + log + "' is no longer followed");
            }
            return checkpoint;
        }

        @Override
        public void forgotten(Set<String> forgotten) {
            Map<String, EventId> gone = new HashMap<>();
            synchronized (Checkpoints.this) {
                if (!isCurrent()) {
                    return;
                }
                for (String log : forgotten) {
                    Checkpoint checkpoint = byLog.get(log);
                    if (checkpoint != null) {
                        gone.put(log, checkpoint.position());
                    }
                }
            }
            if (mayDeliver.getAsBoolean()) { // otherwise another follower may have the lease and have loaded a position
                for (List<String> page : pages(gone.keySet())) {
                    Map<String, EventId> some = new HashMap<>(gone);
                    some.keySet().retainAll(Set.copyOf(page));
                    positions.remove(name, some);
                }
            }
            synchronized (Checkpoints.this) {
                if (isCurrent()) {
                    byLog.keySet().removeAll(gone.keySet());
                }
            }
        }
    }

    EventLogUnavailableException unavailable(RuntimeException failure) {
        return new EventLogUnavailableException(
                logs, "The positions of " + this + " cannot be loaded: " + failure.getMessage(), failure);
    }

    private Checkpoint checkpoint(String log) {
        EventId begin = Objects.requireNonNullElse(first.remove(log), EventId.MIN);
        Checkpoint checkpoint = new Checkpoint(positions, name, log, begin, outage);
        checkpoint.deliverWhile(mayDeliver);
        return checkpoint;
    }

    private Map<String, EventId> load(List<String> page) {
        page.forEach(unreadable::remove);
        try {
            return positions.loadAll(name, page);
        } catch (EventLogUnavailableException away) {
            throw away;
        } catch (EventLogException refused) {
            return loadEach(page, refused);
        }
    }

    /** Loads each position on its own, because an unreadable position must only affect its own log. */
    private Map<String, EventId> loadEach(List<String> page, EventLogException refused) {
        Map<String, EventId> stored = new HashMap<>();
        Map<String, EventLogException> failed = new HashMap<>();
        for (String log : page) {
            try {
                positions.load(name, log).ifPresent(position -> stored.put(log, position));
            } catch (EventLogUnavailableException away) {
                throw away;
            } catch (EventLogException failure) {
                if (!(failure.getCause()
                        instanceof IllegalArgumentException)) { // a failure of all positions, not of this one
                    throw refused;
                }
                failed.put(log, failure);
            }
        }
        unreadable.putAll(failed);
        return stored;
    }

    private static List<List<String>> pages(Collection<String> names) {
        return parts(List.copyOf(names), PAGE);
    }

    private static List<List<String>> parts(List<String> all, int size) {
        List<List<String>> parts = new ArrayList<>();
        for (int from = 0; from < all.size(); from += size) {
            parts.add(all.subList(from, Math.min(all.size(), from + size)));
        }
        return parts;
    }

    /** {@return the stored positions of the logs that were followed last} */
    Map<String, EventId> stored() {
        Map<String, EventId> stored = new HashMap<>();
        try {
            pages(byLog.keySet()).forEach(page -> stored.putAll(load(page)));
        } catch (RuntimeException failure) {
            throw unavailable(failure);
        }
        return stored;
    }

    /** {@return the positions in the logs that were followed last} */
    Map<String, EventId> positions() {
        Map<String, EventId> known = new HashMap<>();
        byLog.forEach((log, checkpoint) -> known.put(log, checkpoint.position()));
        return Map.copyOf(known);
    }

    /** Tries once more to store positions that are not stored yet. After a failure, it does not wait for the others. */
    void storeAtLast() {
        try {
            byLog.values().forEach(Checkpoint::storeNow);
        } catch (NotStoredException failure) {
            long others =
                    byLog.values().stream().filter(Checkpoint::isUncommitted).count();
            logger.warn(
                    failure.getMessage() + ". The last batch of each of " + others + " logs will be delivered again",
                    failure);
        }
    }

    /** Tries once more to store the position in a log that is no longer followed, and then forgets it. */
    void storeAtLast(String log) {
        Checkpoint checkpoint = byLog.remove(log);
        if (checkpoint != null) {
            checkpoint.storeAtLast();
        }
    }

    @Override
    public String toString() {
        return "follower '" + name + "' of " + logs;
    }
}
