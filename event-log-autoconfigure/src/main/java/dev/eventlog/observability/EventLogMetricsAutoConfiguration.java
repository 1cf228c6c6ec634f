package dev.eventlog.observability;

import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogProperties;
import dev.eventlog.autoconfigure.EventLogSseAutoConfiguration;
import dev.eventlog.autoconfigure.ReactiveEventLogSseAutoConfiguration;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.sse.EventStreamStatistics;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Auto-configuration of the meters of event logs, if there is a {@link MeterRegistry}. */
@AutoConfiguration(
        after = {
            EventLogAutoConfiguration.class,
            EventLogSseAutoConfiguration.class,
            ReactiveEventLogSseAutoConfiguration.class
        },
        afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnSingleCandidate(MeterRegistry.class)
@ConditionalOnBean(RedisEventLogFactory.class)
@ConditionalOnBooleanProperty(name = "eventlog.observability.metrics.enabled", matchIfMissing = true)
@EnableConfigurationProperties(EventLogProperties.class)
public final class EventLogMetricsAutoConfiguration {

    EventLogMetricsAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    EventLogMeters eventLogMeters(MeterRegistry registry, EventLogProperties properties) {
        return new EventLogMeters(registry, LogTags.of(properties));
    }

    @Bean
    @ConditionalOnMissingBean
    static ObservationTimers eventLogObservationTimers() {
        return new ObservationTimers();
    }

    @Bean
    @ConditionalOnMissingBean
    FollowerGauges eventLogFollowerGauges(RedisEventLogFactory factory, EventLogProperties properties) {
        return new FollowerGauges(factory::followedLogs, LogTags.of(properties));
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(EventStreamStatistics.class)
    StreamMeters eventLogStreamMeters(ObjectProvider<EventStreamStatistics> streams) {
        return new StreamMeters(streams.stream().toList());
    }
}
