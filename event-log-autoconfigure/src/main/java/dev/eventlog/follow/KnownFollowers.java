package dev.eventlog.follow;

import dev.eventlog.EndedFollower;
import dev.eventlog.FollowedLog;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.FollowerKind;
import dev.eventlog.FollowerOfMany;
import dev.eventlog.WaitingFollower;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The followers of an application: all that run, and the newest of those that have ended. Thread-safe. */
public final class KnownFollowers {

    /** How many ended followers are remembered. */
    private static final int REMEMBERED = 50;

    /** How many failed followers are remembered until they follow again. */
    private static final int FAILED = 100;

    /** Followers that replace each other. */
    private record Key(FollowerKind kind, @Nullable String name, String log) {}

    /** The pattern of the logs, or a description, and the name of a follower of many logs. */
    private record Many(String logs, @Nullable String name) {}

    /**
     * Followers with the same log and name that ended with an error, and did not follow again.
     *
     * @param followers their number
     * @param last the one that ended last
     */
    public record Failed(int followers, EndedFollower last) {}

    private final Set<Running> running = ConcurrentHashMap.newKeySet();
    private final Map<OfMany, Many> ofMany = new ConcurrentHashMap<>();
    private final Deque<EndedFollower> ended =
            new ArrayDeque<>(); // newest first; guarded by itself, like the next field
    private final Map<Key, Failed> failed = new LinkedHashMap<>(); // oldest first

    /** Creates an instance that knows no followers yet. */
    KnownFollowers() {}

    /** Adds a follower until it has ended. */
    void add(Running follower) {
        running.add(follower);
        follower.completion().whenComplete((why, failure) -> running.remove(follower));
    }

    void add(OfMany follower, String logs, @Nullable String name) {
        ofMany.put(follower, new Many(logs, name));
        add(follower);
        follower.completion().whenComplete((why, failure) -> ofMany.remove(follower));
    }

    /** Forgets the failures of followers that follow again. */
    void followsAgain(FollowerKind kind, @Nullable String name, Predicate<String> logs) {
        synchronized (ended) {
            failed.keySet()
                    .removeIf(key -> key.kind() == kind && Objects.equals(key.name(), name) && logs.test(key.log()));
        }
    }

    /** {@return the listeners that ended with an error, until they follow again; at most a hundred, oldest first} */
    public List<Failed> failed() {
        synchronized (ended) {
            return List.copyOf(failed.values());
        }
    }

    /** Adds a follower of one log until {@link #hasEnded}. */
    void hasBegun(LogFollower follower) {
        running.add(follower);
    }

    void hasEnded(LogFollower follower, @Nullable EndReason why, @Nullable Throwable failure) {
        running.remove(follower);
        remember(follower.ended(why, failure));
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
        boolean subscriber = follower.kind() == FollowerKind.SUBSCRIBER;
        if (subscriber && follower.failure() == null) {
            return; // web clients come and go, and would push out the others
        }
        synchronized (ended) {
            if (!subscriber && follower.failure() != null) { // the application notices itself when a subscriber fails
                Key key = new Key(follower.kind(), follower.name(), follower.log());
                Failed before = failed.remove(key);
                failed.put(key, new Failed(before == null ? 1 : before.followers() + 1, follower));
                if (failed.size() > FAILED) {
                    failed.remove(failed.keySet().iterator().next());
                }
            }
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

    /** {@return the followers of many logs that have not ended} */
    public List<FollowerOfMany> ofMany() {
        List<FollowerOfMany> all = new ArrayList<>();
        ofMany.forEach((follower, many) -> {
            ManyLogs logs = follower.following();
            all.add(new FollowerOfMany(
                    many.logs(),
                    many.name(),
                    follower.stateName(),
                    logs == null ? 0 : logs.logs().size(),
                    logs == null ? Set.of() : logs.failures().keySet()));
        });
        return all;
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
