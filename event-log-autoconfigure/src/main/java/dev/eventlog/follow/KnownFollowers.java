package dev.eventlog.follow;

import dev.eventlog.EndedFollower;
import dev.eventlog.FollowedLog;
import dev.eventlog.FollowerKind;
import dev.eventlog.WaitingFollower;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The followers of an application: those that have not ended, and the newest of those that have. Thread-safe. */
public final class KnownFollowers {

    /** How many ended followers are remembered. */
    private static final int REMEMBERED = 50;

    private final Set<Running> running = ConcurrentHashMap.newKeySet();
    private final Deque<EndedFollower> ended = new ArrayDeque<>(); // newest first; guarded by itself

    /** Creates an instance that knows no followers yet. */
    KnownFollowers() {}

    /** Adds a follower until it has ended. */
    void add(Running follower) {
        running.add(follower);
        follower.completion().whenComplete((why, failure) -> running.remove(follower));
    }

    /** {@return the followers that have not ended} */
    Set<Running> running() {
        return running;
    }

    /** {@return the number of followers that have not ended; a durable follower counts while it follows} */
    public long count() {
        return following().count();
    }

    private Stream<LogFollower> following() {
        return running.stream().filter(LogFollower.class::isInstance).map(LogFollower.class::cast);
    }

    void remember(EndedFollower follower) {
        if (follower.kind() == FollowerKind.SUBSCRIBER && follower.failure() == null) {
            return; // web clients come and go, and would push out the others
        }
        synchronized (ended) {
            ended.addFirst(follower);
            if (ended.size() > REMEMBERED) {
                ended.removeLast();
            }
        }
    }

    /** {@return the followers that have ended, without subscribers that ended without an error; the newest fifty, newest first} */
    public List<EndedFollower> ended() {
        synchronized (ended) {
            return List.copyOf(ended);
        }
    }

    /** {@return the named followers that follow nothing at the moment} */
    public List<WaitingFollower> waiting() {
        return running.stream()
                .filter(Waiting.class::isInstance)
                .map(follower -> ((Waiting) follower).waiting())
                .filter(Objects::nonNull)
                .toList();
    }

    /** {@return the followed logs, in the order of their names} */
    public List<FollowedLog> followedLogs() {
        Map<String, List<LogFollower>> byLog = following()
                .filter(LogFollower::isRunning)
                .collect(Collectors.groupingBy(LogFollower::log, TreeMap::new, Collectors.toList()));
        List<FollowedLog> logs = new ArrayList<>(byLog.size());
        byLog.forEach((log, followers) -> {
            Set<Feed> read = followers.stream().map(LogFollower::feed).collect(Collectors.toSet());
            logs.add(new FollowedLog(
                    log,
                    followers.get(0).options(),
                    read.size(),
                    (int) read.stream().filter(Feed::isShared).count(),
                    (int) read.stream().filter(Feed::isInterrupted).count(),
                    followers.stream().map(LogFollower::progress).toList()));
        });
        return logs;
    }
}
