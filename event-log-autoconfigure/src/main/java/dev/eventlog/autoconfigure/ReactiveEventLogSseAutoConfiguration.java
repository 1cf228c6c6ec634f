package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogFactory;
import dev.eventlog.sse.EventStreamAccess;
import dev.eventlog.sse.OneFlushFilter;
import dev.eventlog.sse.ReactiveEventLogSse;
import dev.eventlog.sse.ReactiveEventLogWebSocket;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.filter.reactive.ServerWebExchangeContextFilter;
import reactor.core.publisher.Flux;
import tools.jackson.databind.json.JsonMapper;

/**
 * Auto-configuration of a {@link ReactiveEventLogSse} and a {@link ReactiveEventLogWebSocket} in Spring WebFlux
 * applications.
 */
@AutoConfiguration(after = EventLogAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnClass(
        value = {Flux.class, ServerSentEvent.class},
        name = "org.springframework.web.reactive.DispatcherHandler")
@ConditionalOnBean(EventLogFactory.class)
@ConditionalOnBooleanProperty(name = "eventlog.sse.enabled", matchIfMissing = true)
@EnableConfigurationProperties(EventLogProperties.class)
public final class ReactiveEventLogSseAutoConfiguration {

    ReactiveEventLogSseAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    ReactiveEventLogSse reactiveEventLogSse(
            ObjectProvider<JsonMapper> json,
            ObjectProvider<EventStreamAccess> access,
            EventLogProperties properties,
            Environment environment) {
        return new ReactiveEventLogSse(
                json.getIfUnique(JsonMapper::new),
                SseSettingsFactory.settings(properties, environment),
                access.getIfAvailable());
    }

    @Bean
    @ConditionalOnMissingBean
    ReactiveEventLogWebSocket reactiveEventLogWebSocket(ReactiveEventLogSse sse) {
        return new ReactiveEventLogWebSocket(sse);
    }

    /** Writes each batch of events with one flush. */
    @Bean
    @ConditionalOnMissingBean
    OneFlushFilter eventLogFlushFilter() {
        return new OneFlushFilter();
    }

    /** Makes the request available to its stream. */
    @Bean
    @ConditionalOnMissingBean
    ServerWebExchangeContextFilter serverWebExchangeContextFilter() {
        return new ServerWebExchangeContextFilter();
    }
}
