package dev.eventlog.web;

import dev.eventlog.EventRange;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogProperties;
import java.util.List;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Auto-configuration for {@link EventRange} as a parameter of Spring MVC controllers. */
@AutoConfiguration(after = EventLogAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(WebMvcConfigurer.class)
@EnableConfigurationProperties(EventLogProperties.class)
public final class EventRangeWebMvcAutoConfiguration {

    EventRangeWebMvcAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(name = "eventRangeWebMvcConfigurer")
    WebMvcConfigurer eventRangeWebMvcConfigurer(EventLogProperties properties) {
        RangeParameters parameters = new RangeParameters(properties.web().maxLimit());
        return new WebMvcConfigurer() {
            @Override
            public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
                resolvers.add(new ServletRangeResolver(parameters));
            }
        };
    }
}
