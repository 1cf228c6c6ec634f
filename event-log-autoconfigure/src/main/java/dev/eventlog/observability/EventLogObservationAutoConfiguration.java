package dev.eventlog.observability;

import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogProperties;
import dev.eventlog.core.RedisEventLogFactory;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;

/** Auto-configuration of the observations of event logs, if there is an {@link ObservationRegistry}. */
@AutoConfiguration(
        after = EventLogAutoConfiguration.class,
        afterName = "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration")
@ConditionalOnClass(ObservationRegistry.class)
@ConditionalOnSingleCandidate(ObservationRegistry.class)
@ConditionalOnBean(RedisEventLogFactory.class)
@ConditionalOnBooleanProperty(name = "eventlog.observability.observations.enabled", matchIfMissing = true)
@EnableConfigurationProperties(EventLogProperties.class)
public final class EventLogObservationAutoConfiguration {

    EventLogObservationAutoConfiguration() {}

    /** The outermost observer, so that meters can refer to the trace. */
    @Bean
    @ConditionalOnMissingBean
    @Order(0)
    Observing eventLogObserving(
            ObservationRegistry registry,
            EventLogProperties properties,
            ObjectProvider<AddConvention> addConvention,
            ObjectProvider<BatchConvention> batchConvention) {
        return new Observing(
                registry,
                LogTags.of(properties),
                properties.observability().propagateTrace(),
                addConvention.getIfAvailable(),
                batchConvention.getIfAvailable());
    }
}
