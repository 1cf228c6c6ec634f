package dev.eventlog.follow;

import dev.eventlog.EventId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The places of many logs by their names, also of logs that were removed while their callback runs. Thread-safe. */
final class LogPlaces {

    private final Map<String, LogPlace> byName = new ConcurrentHashMap<>();
    private final Map<LogPlace, String> leaving = new HashMap<>(); // guarded by itself

    @Nullable
    LogPlace of(String name) {
        return byName.get(name);
    }

    /** Makes a place for a log. {@return the place; null if the log has one, unless it has stopped with an error} */
    @Nullable
    LogPlace add(String name) {
        LogPlace place = new LogPlace();
        LogPlace before = byName.putIfAbsent(name, place);
        return before == null || (before.failure() != null && byName.replace(name, before, place)) ? place : null;
    }

    /** Makes a place for a log that cannot be followed. {@return whether it had none} */
    boolean addFailed(String name, Throwable failure) {
        LogPlace place = new LogPlace();
        place.failure(failure);
        return byName.putIfAbsent(name, place) == null;
    }

    /** Forgets a log that has no follower. */
    void forget(String name, LogPlace place) {
        byName.remove(name, place);
    }

    /** Removes a log: until {@link #hasLeft}, it is leaving. {@return its place; null if it has none} */
    @Nullable
    LogPlace remove(String name) {
        synchronized (leaving) {
            LogPlace place = byName.remove(name);
            if (place != null) {
                leaving.put(place, name);
            }
            return place;
        }
    }

    /** The last callback of a removed log has returned. */
    void hasLeft(LogPlace place) {
        synchronized (leaving) {
            leaving.remove(place);
        }
    }

    /** {@return the places of a removed log whose callback may be running; several, if it was added in the meantime} */
    List<LogPlace> leaving(String name) {
        synchronized (leaving) {
            return leaving.isEmpty()
                    ? List.of()
                    : leaving.entrySet().stream()
                            .filter(place -> place.getValue().equals(name))
                            .map(Map.Entry::getKey)
                            .toList();
        }
    }

    /** {@return the places of all logs, and of the removed logs whose callback may be running} */
    Collection<LogPlace> all() {
        List<LogPlace> all = new ArrayList<>(byName.values());
        synchronized (leaving) {
            all.addAll(leaving.keySet());
        }
        return all;
    }

    /** {@return the names of the logs that can be forgotten, if they are gone} */
    Set<String> forgettable() {
        return byName.entrySet().stream()
                .filter(place -> place.getValue().isForgettable())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** {@return the names of the logs that have not stopped with an error} */
    Set<String> followed() {
        return byName.entrySet().stream()
                .filter(place -> place.getValue().failure() == null)
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** {@return the position in each log} */
    Map<String, EventId> positions() {
        Map<String, EventId> positions = new HashMap<>();
        byName.forEach((name, place) -> {
            LogFollower follower = place.follower();
            if (follower != null) {
                positions.put(name, follower.position());
            }
        });
        return Map.copyOf(positions);
    }

    /** {@return the failures of the logs that have stopped with an error} */
    Map<String, Throwable> failures() {
        Map<String, Throwable> failures = new HashMap<>();
        byName.forEach((name, place) -> {
            Throwable failure = place.failure();
            if (failure != null) {
                failures.put(name, failure);
            }
        });
        return Map.copyOf(failures);
    }
}
