package dev.eventlog.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.autoconfigure.EventLogProperties;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;

class EventRangeAutoConfigurationTests {

    private static final String MVC = "eventRangeWebMvcConfigurer";
    private static final String WEBFLUX = "eventRangeWebFluxConfigurer";

    private static final AutoConfigurations CONFIGURATIONS =
            AutoConfigurations.of(EventRangeWebMvcAutoConfiguration.class, EventRangeWebFluxAutoConfiguration.class);

    private final WebApplicationContextRunner servlet =
            new WebApplicationContextRunner().withConfiguration(CONFIGURATIONS);
    private final ReactiveWebApplicationContextRunner reactive =
            new ReactiveWebApplicationContextRunner().withConfiguration(CONFIGURATIONS);

    @Test
    void eachKindOfApplicationHasItsOwnResolver() {
        servlet.run(context -> assertThat(context).hasBean(MVC).doesNotHaveBean(WEBFLUX));
        servlet.withClassLoader(new FilteredClassLoader("org.springframework.web.reactive"))
                .run(context -> assertThat(context).hasBean(MVC));
        reactive.run(context -> assertThat(context).hasBean(WEBFLUX).doesNotHaveBean(MVC));
        reactive.withClassLoader(new FilteredClassLoader("org.springframework.web.servlet", "jakarta.servlet"))
                .run(context -> assertThat(context).hasBean(WEBFLUX));
        new ApplicationContextRunner()
                .withConfiguration(CONFIGURATIONS)
                .run(context -> assertThat(context).doesNotHaveBean(EventLogProperties.class));
    }

    @Test
    void backsOffWithoutSpringMvc() {
        servlet.withClassLoader(new FilteredClassLoader("org.springframework.web.servlet"))
                .run(context -> assertThat(context).doesNotHaveBean(MVC));
    }

    @Test
    void backsOffForABeanOfTheApplication() {
        servlet.withBean(MVC, Object.class, Object::new)
                .run(context -> assertThat(context.getBean(MVC)).isExactlyInstanceOf(Object.class));
        reactive.withBean(WEBFLUX, Object.class, Object::new)
                .run(context -> assertThat(context.getBean(WEBFLUX)).isExactlyInstanceOf(Object.class));
    }

    @Test
    void limitOfZeroIsRefused() {
        servlet.withPropertyValues("eventlog.web.max-limit=0")
                .run(context ->
                        assertThat(context).getFailure().rootCause().hasMessageContaining("eventlog.web.max-limit"));
    }
}
