package dev.eventlog.durable;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.follow.LogFinder;
import dev.eventlog.follow.ManyLogs;
import dev.eventlog.redis.LogNames;
import java.util.Map;
import java.util.Objects;

/**
 * All logs of a pattern that are followed under a name. It also stores that the follower has begun: from then on, a log without a
 * position is a log that began later. Thread-safe.
 */
final class DurablePattern extends DurableLogs {

    private final LogNames names;
    private final EventPositions positions;
    private final String name;
    private final String begun;

    DurablePattern(
            LogNames names,
            ManyLogs.Means means,
            EventPositions positions,
            LogsListener<Event> listener,
            FollowOptions options) {
        super(names.pattern(), "logs '" + names.pattern() + "'", means, positions, listener, options);
        this.names = names;
        this.positions = positions;
        this.name = Objects.requireNonNull(options.name());
        this.begun = begun(names.pattern());
    }

    /** {@return the name of a log that does not exist, whose position records that a follower of a pattern has begun} */
    static String begun(String pattern) {
        return '@' + pattern;
    }

    /**
     * Fixes the start in the existing logs, if the follower has never begun.
     *
     * @param tail where to start
     */
    void open(Tail tail) {
        if (positions.load(name, begun).isEmpty()) {
            Map<String, EventId> first = checkpoints().open(names.all(), tail, begun);
            if (storeBegun()) { // otherwise another instance has begun, and its first positions count
                checkpoints().remember(first);
            }
        }
    }

    /** {@return whether no follower had begun} */
    private boolean storeBegun() {
        return positions.store(name, begun, null, EventId.MIN);
    }

    @Override
    void begin(ManyLogs granted, Checkpoints.Round round) {
        try {
            if (positions.load(name, begun).isEmpty()) { // lost together with the other data of Redis
                boolean unused = storeBegun();
            }
        } catch (RuntimeException failure) {
            throw checkpoints().unavailable(failure);
        }
        round.findAll();
        follows(granted);
        new LogFinder(names, granted, means().settings(), round::tails).startWithAll(means().background());
    }
}
