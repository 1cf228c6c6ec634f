package dev.eventlog.observability;

import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.core.RedisEventLogFactory;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Auto-configuration of the actuator endpoint {@code eventlogs}. */
@AutoConfiguration(after = EventLogAutoConfiguration.class)
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
@ConditionalOnBean(RedisEventLogFactory.class)
@ConditionalOnAvailableEndpoint(EventLogsEndpoint.class)
public final class EventLogsEndpointAutoConfiguration {

    EventLogsEndpointAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    EventLogsEndpoint eventLogsEndpoint(RedisEventLogFactory factory) {
        return new EventLogsEndpoint(factory);
    }
}
