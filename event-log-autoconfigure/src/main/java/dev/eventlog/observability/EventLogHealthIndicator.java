package dev.eventlog.observability;

import dev.eventlog.FollowedLog;
import dev.eventlog.annotation.EventLogListenerRegistry;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.follow.KnownFollowers.Failed;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Reports the health of event logs: down if a follower ended with an error and does not follow again, or if a listener by
 * annotation cannot begin. Subscribers and web clients do not count. Sends nothing to Redis.
 */
final class EventLogHealthIndicator extends AbstractHealthIndicator {

    /**
     * The failed followers of a log.
     *
     * @param followers the number of followers that ended with an error
     * @param failure the last error: its class, and its message if the message contains no event data
     * @param at the time of that error
     */
    record Ended(int followers, String failure, Instant at) {

        static Ended of(Failed failed) {
            return new Ended(
                    failed.followers(),
                    FailureText.of(Objects.requireNonNull(failed.last().failure())),
                    failed.last().at());
        }

        Ended and(Ended later) {
            return new Ended(followers + later.followers, later.failure, later.at);
        }
    }

    private final RedisEventLogFactory factory;
    private final ObjectProvider<EventLogListenerRegistry> listeners;

    EventLogHealthIndicator(RedisEventLogFactory factory, ObjectProvider<EventLogListenerRegistry> listeners) {
        super("The health of event logs could not be determined");
        this.factory = factory;
        this.listeners = listeners;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        List<FollowedLog> logs = factory.followedLogs();
        builder.up()
                .withDetail("followedLogs", logs.size())
                .withDetail(
                        "followers",
                        logs.stream().mapToInt(log -> log.followers().size()).sum())
                .withDetail(
                        "interrupted",
                        logs.stream().filter(log -> log.interrupted() > 0).count());
        Map<String, Ended> failed = new LinkedHashMap<>();
        factory.knownFollowers().failed().forEach(one -> failed.merge(one.last().log(), Ended.of(one), Ended::and));
        if (!failed.isEmpty()) {
            builder.down().withDetail("ended", failed);
        }
        Map<String, String> notBegun = new TreeMap<>();
        listeners.ifAvailable(registry ->
                registry.ids().forEach(id -> problem(registry, id).ifPresent(problem -> notBegun.put(id, problem))));
        if (!notBegun.isEmpty()) {
            builder.down().withDetail("listeners", notBegun);
        }
    }

    private static Optional<String> problem(EventLogListenerRegistry registry, String id) {
        return registry.isWaiting(id)
                ? Optional.of("cannot begin yet: Redis or the stored positions cannot be reached")
                : registry.failure(id).map(FailureText::of);
    }
}
