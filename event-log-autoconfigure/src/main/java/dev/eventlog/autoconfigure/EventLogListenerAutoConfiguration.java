package dev.eventlog.autoconfigure;

import dev.eventlog.EventConversionException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.annotation.EventLogListenerAnnotationBeanPostProcessor;
import dev.eventlog.annotation.EventLogListenerRegistry;
import dev.eventlog.autoconfigure.EventLogProperties.Retry;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.ClassUtils;

/** Auto-configuration of methods annotated with {@code @EventLogListener}. */
@AutoConfiguration(after = EventLogAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "eventlog.listener.enabled", matchIfMissing = true)
@EnableConfigurationProperties(EventLogProperties.class)
public final class EventLogListenerAutoConfiguration {

    EventLogListenerAutoConfiguration() {}

    @Bean
    @ConditionalOnBean(EventLogFactory.class)
    @ConditionalOnMissingBean
    EventLogListenerRegistry eventLogListenerRegistry(
            EventLogFactory factory, EventLogProperties properties, Environment environment) {
        return new EventLogListenerRegistry(
                factory,
                new EventLogListenerRegistry.Settings(
                        properties.listener().autoStartup(),
                        retryPolicy(properties.listener().retry()),
                        EventLogAutoConfiguration.backOff(properties.follow().recovery()),
                        Threading.VIRTUAL.isActive(environment)));
    }

    /** Exists even without a factory, to report listeners that would otherwise silently receive nothing. */
    @Bean
    @ConditionalOnMissingBean
    static EventLogListenerAnnotationBeanPostProcessor eventLogListenerAnnotationBeanPostProcessor(
            ObjectProvider<EventLogListenerRegistry> registry) {
        return new EventLogListenerAnnotationBeanPostProcessor(registry);
    }

    /** Nobody injects a bean with listeners, so it would never be created if beans are lazy. */
    @Bean
    static LazyInitializationExcludeFilter eventLogListenersAreNotLazy() {
        return (name, definition, type) ->
                type != null && EventLogListenerAnnotationBeanPostProcessor.hasListeners(ClassUtils.getUserClass(type));
    }

    private static @Nullable RetryPolicy retryPolicy(Retry retry) {
        return retry.maxRetries() == 0
                ? null
                : RetryPolicy.builder()
                        .maxRetries(retry.maxRetries())
                        .delay(retry.delay())
                        .multiplier(retry.multiplier())
                        .maxDelay(retry.maxDelay())
                        .excludes(EventConversionException.class)
                        .build();
    }
}
