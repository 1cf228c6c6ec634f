package dev.eventlog.follow;

import dev.eventlog.EventLogException;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Tail;
import dev.eventlog.redis.LogStream;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** Forgets logs that are gone, after all their events have been delivered. Used by the finder's thread only. */
final class LogsForgetting {

    private static final Log logger = LogFactory.getLog(LogsForgetting.class);

    /** The number of logs that one round trip asks about. */
    private static final int TOGETHER = 100;

    private final ManyLogs logs;
    private final Map<String, LogPlace> places;
    private final LogsBeginning beginning;
    private final Commits commits;

    LogsForgetting(ManyLogs logs, Map<String, LogPlace> places, LogsBeginning beginning, Commits commits) {
        this.logs = logs;
        this.places = places;
        this.beginning = beginning;
        this.commits = commits;
    }

    /** {@return the logs whose known events are all delivered} */
    Set<String> idle() {
        return places.entrySet().stream()
                .filter(place -> place.getValue().isIdle())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /**
     * Stops following logs that are gone.
     *
     * @param names the logs whose events are all delivered
     * @param existing returns the names of the logs that still exist: these continue at their positions
     * @return the logs that are no longer followed; any later event of these has not been delivered
     */
    Set<String> forget(Collection<String> names, Function<Collection<String>, List<String>> existing) {
        Map<String, LogPlace> closing = new HashMap<>();
        for (String name : names) {
            LogPlace place = places.get(name);
            LogFollower follower = place == null ? null : place.follower();
            if (place != null && follower != null && place.isIdle()) {
                closing.put(name, place);
                CompletableFuture<EndReason> unused = follower.closeSoon(EndReason.CLOSED);
            }
        }
        return closing.isEmpty() ? Set.of() : forget(closing, existing);
    }

    private Set<String> forget(Map<String, LogPlace> closed, Function<Collection<String>, List<String>> existing) {
        Set<String> there;
        try {
            there = Set.copyOf(existing.apply(closed.keySet()));
        } catch (EventLogException unknown) {
            there = closed.keySet();
        }
        Set<String> forgotten = new HashSet<>();
        for (Map.Entry<String, LogPlace> each : closed.entrySet()) {
            String name = each.getKey();
            LogFollower follower = Objects.requireNonNull(each.getValue().follower());
            if (!there.contains(name) && each.getValue().isWhole()) {
                places.remove(name, each.getValue());
                forgotten.add(name);
            } else {
                goOn(name, each.getValue(), follower);
            }
        }
        try {
            commits.forgotten(forgotten);
        } catch (RuntimeException failure) { // harmless: if such a log begins again, its follower reports that
            logger.debug("The positions in logs that are gone stay", failure);
        }
        return forgotten;
    }

    /**
     * Forgets complete logs that are gone or have begun again. All events of a complete log have been delivered. Asks Redis
     * only about logs that were complete.
     */
    void forgetReplaced(Collection<String> names) {
        Map<LogStream, TailRange> completed = new HashMap<>();
        for (String name : names) {
            LogPlace place = places.get(name);
            if (place != null && place.hasCompleted()) {
                LogStream stream = beginning.stream(name);
                completed.put(stream, TailRange.of(Tail.newOnly(), stream.options()));
                if (completed.size() == TOGETHER) {
                    forgetReplaced(completed);
                    completed.clear();
                }
            }
        }
        if (!completed.isEmpty()) {
            forgetReplaced(completed);
        }
    }

    private void forgetReplaced(Map<LogStream, TailRange> completed) {
        Map<LogStream, StartPoint> found = StartPoint.findAll(completed, 0);
        Set<String> forgotten = new HashSet<>();
        for (LogStream stream : completed.keySet()) {
            StartPoint start = found.get(stream);
            boolean complete =
                    start == null ? isComplete(stream) : start.state().isComplete();
            LogPlace place = places.get(stream.log());
            if (!complete && place != null && place.hasCompleted()) {
                forgotten.add(stream.log());
            }
        }
        commits.forgotten(forgotten); // first: with its position, such a log would continue after its last completion
        places.keySet().removeAll(forgotten);
    }

    private static boolean isComplete(LogStream stream) {
        try {
            return stream.state().isComplete();
        } catch (EventLogException refused) {
            if (LogStream.isAnotherType(refused)) {
                return false;
            }
            throw refused;
        }
    }

    private void goOn(String name, LogPlace place, LogFollower closed) {
        closed.whenEnded((ended, why, failure) -> {
            if (failure == null && logs.isRunning()) {
                TailRange tail = TailRange.of(Tail.after(closed.position()), closed.options());
                beginning.beginAgain(() -> {
                    try {
                        logs.follow(name, place, beginning.start(name, tail));
                    } catch (RuntimeException later) {
                        places.remove(name, place);
                        beginning.resumeLater(name, closed.position());
                    }
                });
            }
        });
    }
}
