package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogFactory;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.sse.EventLogWebSocket;
import dev.eventlog.sse.EventStreamAccess;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.socket.WebSocketHandler;
import tools.jackson.databind.json.JsonMapper;

/** Auto-configuration of an {@link EventLogSse} and an {@link EventLogWebSocket} in Spring MVC applications. */
@AutoConfiguration(after = EventLogAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(SseEmitter.class)
@ConditionalOnBean(EventLogFactory.class)
@ConditionalOnBooleanProperty(name = "eventlog.sse.enabled", matchIfMissing = true)
@EnableConfigurationProperties(EventLogProperties.class)
public final class EventLogSseAutoConfiguration {

    EventLogSseAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    EventLogSse eventLogSse(
            ObjectProvider<JsonMapper> json,
            ObjectProvider<EventStreamAccess> access,
            EventLogProperties properties,
            Environment environment) {
        return new EventLogSse(
                json.getIfUnique(JsonMapper::new),
                SseSettingsFactory.settings(properties, environment),
                access.getIfAvailable());
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(WebSocketHandler.class)
    static class WebSockets {

        @Bean
        @ConditionalOnMissingBean
        EventLogWebSocket eventLogWebSocket(EventLogSse sse) {
            return new EventLogWebSocket(sse);
        }
    }
}
