package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogFactory;
import dev.eventlog.http.EventLogHttp;
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
import org.springframework.web.servlet.function.RouterFunction;

/** Auto-configuration of an {@link EventLogHttp} in Spring MVC applications that set {@code eventlog.http.path}. */
@AutoConfiguration(after = EventLogAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(RouterFunction.class)
@ConditionalOnBean(EventLogFactory.class)
@ConditionalOnProperty("eventlog.http.path")
@EnableConfigurationProperties(EventLogProperties.class)
public final class EventLogHttpAutoConfiguration {

    EventLogHttpAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    EventLogHttp eventLogHttp(
            EventLogFactory logs, ObjectProvider<EventStreamAccess> access, EventLogProperties properties) {
        return new EventLogHttp(
                logs, HttpSettingsFactory.required(access, properties), HttpSettingsFactory.settings(properties));
    }
}
