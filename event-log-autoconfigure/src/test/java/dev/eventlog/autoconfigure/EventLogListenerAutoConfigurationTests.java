package dev.eventlog.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLogFactory;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.annotation.EventLogListenerAnnotationBeanPostProcessor;
import dev.eventlog.annotation.EventLogListenerRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.util.backoff.FixedBackOff;

@ExtendWith(OutputCaptureExtension.class)
class EventLogListenerAutoConfigurationTests {

    /** Nothing listens at this port, so a test that passes does not call Redis. */
    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    EventLogAutoConfiguration.class,
                    EventLogListenerAutoConfiguration.class))
            .withPropertyValues("spring.data.redis.port=1");

    static class Listening {

        @EventLogListener(logs = "log", autoStartup = "false")
        void on(Event event) {}
    }

    @Test
    void createsARegistryAndNoSchedulerBean(CapturedOutput output) {
        runner.withBean("bean", Listening.class).run(context -> {
            assertThat(context).hasSingleBean(EventLogListenerRegistry.class).doesNotHaveBean(TaskScheduler.class);
            assertThat(context.getBean(EventLogListenerRegistry.class).ids()).containsExactly("bean.on");
            assertThat(output).doesNotContain("not eligible for getting processed by all BeanPostProcessors");
        });
    }

    @Configuration(proxyBeanMethods = false)
    static class OwnRegistry {

        @Bean
        EventLogListenerRegistry own(EventLogFactory factory) {
            return new EventLogListenerRegistry(
                    factory, new EventLogListenerRegistry.Settings(true, null, new FixedBackOff(), false));
        }
    }

    @Test
    void backsOffForARegistryOfTheApplication() {
        runner.withUserConfiguration(OwnRegistry.class)
                .run(context -> assertThat(context)
                        .hasSingleBean(EventLogListenerRegistry.class)
                        .hasBean("own"));
    }

    @Test
    void propertyTurnsItOff() {
        runner.withPropertyValues("eventlog.listener.enabled=false")
                .withBean(Listening.class)
                .run(context -> assertThat(context)
                        .hasSingleBean(EventLogFactory.class)
                        .doesNotHaveBean(EventLogListenerRegistry.class)
                        .doesNotHaveBean(EventLogListenerAnnotationBeanPostProcessor.class));
    }

    @Test
    void backsOffWithoutEventLogs() {
        ApplicationContextRunner without = runner.withClassLoader(new FilteredClassLoader(StringRedisTemplate.class));
        without.run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogListenerRegistry.class));
        without.withBean(Listening.class)
                .run(context -> assertThat(context)
                        .getFailure()
                        .as("otherwise it would silently receive nothing")
                        .hasMessageContaining("Listening.on(")
                        .hasMessageContaining("no EventLogFactory"));
    }
}
