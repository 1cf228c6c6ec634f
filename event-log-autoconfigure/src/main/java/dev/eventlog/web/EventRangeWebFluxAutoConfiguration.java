package dev.eventlog.web;

import dev.eventlog.EventRange;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogProperties;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.result.method.annotation.ArgumentResolverConfigurer;

/** Auto-configuration for {@link EventRange} as a parameter of Spring WebFlux controllers. */
@AutoConfiguration(after = EventLogAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnClass(WebFluxConfigurer.class)
@EnableConfigurationProperties(EventLogProperties.class)
public final class EventRangeWebFluxAutoConfiguration {

    EventRangeWebFluxAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(name = "eventRangeWebFluxConfigurer")
    WebFluxConfigurer eventRangeWebFluxConfigurer(EventLogProperties properties) {
        RangeParameters parameters = new RangeParameters(properties.web().maxLimit());
        return new WebFluxConfigurer() {
            @Override
            public void configureArgumentResolvers(ArgumentResolverConfigurer resolvers) {
                resolvers.addCustomResolver(new ReactiveRangeResolver(parameters));
            }
        };
    }
}
