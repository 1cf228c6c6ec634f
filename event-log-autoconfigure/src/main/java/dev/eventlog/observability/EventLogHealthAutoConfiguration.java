package dev.eventlog.observability;

import dev.eventlog.annotation.EventLogListenerRegistry;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.core.RedisEventLogFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.context.annotation.Bean;

/** Auto-configuration of the health of event logs. */
@AutoConfiguration(
        after = EventLogAutoConfiguration.class,
        beforeName = "org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration")
@ConditionalOnClass({Health.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnBean(RedisEventLogFactory.class)
@ConditionalOnEnabledHealthIndicator("eventlog")
public final class EventLogHealthAutoConfiguration {

    EventLogHealthAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(name = "eventLogHealthIndicator")
    EventLogHealthIndicator eventLogHealthIndicator(
            RedisEventLogFactory factory, ObjectProvider<EventLogListenerRegistry> listeners) {
        return new EventLogHealthIndicator(factory, listeners);
    }
}
