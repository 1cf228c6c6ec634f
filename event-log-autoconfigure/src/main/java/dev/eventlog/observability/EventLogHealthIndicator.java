package dev.eventlog.observability;

import dev.eventlog.FollowedLog;
import dev.eventlog.annotation.EventLogListenerRegistry;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.observability.EndedFollowers.Ended;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Reports the health of event logs: down if a follower ended with an error and nobody has followed its log again, or if a listener
 * by annotation cannot begin. Sends nothing to Redis.
 */
final class EventLogHealthIndicator extends AbstractHealthIndicator {

    private final RedisEventLogFactory factory;
    private final EndedFollowers ended;
    private final ObjectProvider<EventLogListenerRegistry> listeners;

    EventLogHealthIndicator(
            RedisEventLogFactory factory, EndedFollowers ended, ObjectProvider<EventLogListenerRegistry> listeners) {
        super("The health of event logs could not be determined");
        this.factory = factory;
        this.ended = ended;
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
        Map<String, Ended> failed = ended.byLog();
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
                ? Optional.of("cannot begin: Redis cannot be reached")
                : registry.failure(id).map(EndedFollowers::said);
    }
}
