package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogFactory;
import dev.eventlog.http.ReactiveEventLogHttp;
import dev.eventlog.sse.EventStreamAccess;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.web.reactive.function.server.RouterFunction;

/**
 * Auto-configuration of a {@link ReactiveEventLogHttp} in Spring WebFlux applications that set
 * {@code eventlog.http.path}.
 */
@AutoConfiguration(after = EventLogAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnClass(RouterFunction.class)
@ConditionalOnBean(EventLogFactory.class)
@ConditionalOnProperty("eventlog.http.path")
@EnableConfigurationProperties(EventLogProperties.class)
public final class ReactiveEventLogHttpAutoConfiguration {

    ReactiveEventLogHttpAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    ReactiveEventLogHttp reactiveEventLogHttp(
            EventLogFactory logs, ObjectProvider<EventStreamAccess> access, EventLogProperties properties) {
        return new ReactiveEventLogHttp(
                logs, HttpSettingsFactory.required(access, properties), HttpSettingsFactory.settings(properties));
    }
}
