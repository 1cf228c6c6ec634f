package dev.eventlog.observability;

import dev.eventlog.FollowedLog;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.observability.EndedFollowers.Ended;
import java.util.List;
import java.util.Map;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Reports the health of event logs: down if a follower ended with an error and nobody has followed its log again. Sends
 * nothing to Redis.
 */
final class EventLogHealthIndicator extends AbstractHealthIndicator {

    private final RedisEventLogFactory factory;
    private final EndedFollowers ended;

    EventLogHealthIndicator(RedisEventLogFactory factory, EndedFollowers ended) {
        super("The health of event logs could not be determined");
        this.factory = factory;
        this.ended = ended;
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
    }
}
