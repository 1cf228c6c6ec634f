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
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** Forgets logs that are gone, after all their events have been delivered. Used by the finder's thread only. */
final class LogsForgetting {

    private static final Log logger = LogFactory.getLog(LogsForgetting.class);

    /** The number of logs that one round trip asks about. */
    private static final int TOGETHER = 100;

    private final ManyLogs logs;
    private final LogPlaces places;
    private final LogsBeginning beginning;
    private final Commits commits;

    LogsForgetting(ManyLogs logs, LogPlaces places, LogsBeginning beginning, Commits commits) {
        this.logs = logs;
        this.places = places;
        this.beginning = beginning;
        this.commits = commits;
    }

    /** {@return the logs that can be forgotten, if they are gone} */
    Set<String> forgettable() {
        return places.forgettable();
    }

    /**
     * Stops following logs that are gone. If events of such a log are missing, the listener is told first, and the log is
     * forgotten by a later call. A log that has stopped with an error keeps its position: its last events were not delivered.
     *
     * @param names the logs that can be forgotten, and were gone a moment ago
     * @param existing returns the names of the logs that still exist: these continue at their positions
     * @param stopped gets the logs that exist, but could not continue, on any thread: they must be followed again
     * @return the logs that are no longer followed; any later event of these has not been delivered
     */
    Set<String> forget(
            Collection<String> names, Function<Collection<String>, List<String>> existing, Consumer<String> stopped) {
        Map<String, LogPlace> perhaps = new HashMap<>();
        Set<LogPlace> closed = new HashSet<>();
        for (String name : names) {
            LogPlace place = places.of(name);
            if (place != null && place.failure() != null) {
                places.forget(name, place);
            } else if (place != null && place.isForgettable()) {
                perhaps.put(name, place);
                LogFollower follower = place.follower();
                if (follower != null && place.isIdle()) {
                    closed.add(place);
                    CompletableFuture<EndReason> unused = follower.closeSoon(EndReason.CLOSED);
                }
            }
        }
        if (perhaps.isEmpty()) {
            return Set.of();
        }
        Set<String> there;
        try {
            there = Set.copyOf(existing.apply(perhaps.keySet()));
        } catch (EventLogException unknown) {
            there = perhaps.keySet();
        }
        return forget(perhaps, closed, there, stopped);
    }

    private Set<String> forget(
            Map<String, LogPlace> perhaps, Set<LogPlace> closed, Set<String> there, Consumer<String> stopped) {
        Set<String> forgotten = new HashSet<>();
        perhaps.forEach((name, place) -> {
            boolean gone = !there.contains(name);
            LogFollower follower = place.follower();
            if (closed.contains(place) && gone && place.isWhole()) {
                places.forget(name, place);
                forgotten.add(name);
            } else if (closed.contains(place)) {
                goOn(name, place, Objects.requireNonNull(follower), stopped);
            } else if (gone && follower != null && place.hasOnlyLost()) {
                follower.reportLoss();
            }
        });
        forgetPositions(forgotten);
        return forgotten;
    }

    /** Forgets logs that could not continue, and then turned out to be gone. */
    void forgetStopped(Collection<String> gone) {
        forgetPositions(beginning.forgetResumes(gone));
    }

    private void forgetPositions(Set<String> forgotten) {
        try {
            commits.forgotten(forgotten);
        } catch (RuntimeException failure) { // harmless: if such a log begins again, its follower reports that
            logger.debug("The positions in logs that are gone stay", failure);
        }
    }

    /**
     * Forgets complete logs that are gone or have begun again. All events of a complete log have been delivered. Asks Redis
     * only about logs that were complete.
     */
    void forgetReplaced(Collection<String> names) {
        Map<LogStream, TailRange> completed = new HashMap<>();
        for (String name : names) {
            LogPlace place = places.of(name);
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
        Map<String, LogPlace> forgotten = new HashMap<>();
        for (LogStream stream : completed.keySet()) {
            StartPoint start = found.get(stream);
            boolean complete =
                    start == null ? isComplete(stream) : start.state().isComplete();
            LogPlace place = places.of(stream.log());
            if (!complete && place != null && place.hasCompleted()) {
                forgotten.put(stream.log(), place);
            }
        }
        // first: with its position, such a log would continue after its last completion
        commits.forgotten(forgotten.keySet());
        forgotten.forEach(places::forget);
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

    private void goOn(String name, LogPlace place, LogFollower closed, Consumer<String> stopped) {
        closed.whenEnded((ended, why, failure) -> {
            if (failure == null && logs.isRunning()) {
                beginning.beginAgain(() -> {
                    try {
                        logs.follow(name, place, beginning.start(name, Tail.after(closed.position())));
                    } catch (RuntimeException later) {
                        beginning.resumeLater(name, closed.position(), place.hasCaughtUp());
                        places.forget(name, place);
                        stopped.accept(name);
                    }
                });
            }
        });
    }
}
