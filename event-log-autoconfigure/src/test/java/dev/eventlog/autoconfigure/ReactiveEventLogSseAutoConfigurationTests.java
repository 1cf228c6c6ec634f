package dev.eventlog.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventLogFactory;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.sse.ReactiveEventLogSse;
import dev.eventlog.sse.ReactiveEventLogWebSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.data.redis.core.StringRedisTemplate;
import tools.jackson.databind.json.JsonMapper;

class ReactiveEventLogSseAutoConfigurationTests {

    private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(
            DataRedisAutoConfiguration.class,
            EventLogAutoConfiguration.class,
            EventLogSseAutoConfiguration.class,
            ReactiveEventLogSseAutoConfiguration.class);

    /** Nothing listens at this port, so a test that passes does not call Redis. */
    private final ReactiveWebApplicationContextRunner runner = new ReactiveWebApplicationContextRunner()
            .withConfiguration(CONFIGURATIONS)
            .withPropertyValues("spring.data.redis.port=1");

    @Test
    void createsABeanForControllersWithoutSpringMvc() {
        runner.withClassLoader(new FilteredClassLoader(
                        "org.springframework.web.servlet",
                        "org.springframework.web.socket",
                        "jakarta.servlet",
                        "jakarta.websocket"))
                .run(context -> assertThat(context)
                        .hasSingleBean(ReactiveEventLogSse.class)
                        .hasBean("reactiveEventLogSse")
                        .hasSingleBean(ReactiveEventLogWebSocket.class)
                        .doesNotHaveBean(EventLogSse.class));
    }

    @Test
    void backsOffForABeanOfTheApplication() {
        runner.withBean(
                        "own",
                        ReactiveEventLogSse.class,
                        () -> new ReactiveEventLogSse(
                                new JsonMapper(), EventLogSseAutoConfigurationTests.SETTINGS, null))
                .run(context -> assertThat(context)
                        .hasSingleBean(ReactiveEventLogSse.class)
                        .hasBean("own"));
    }

    @Test
    void propertyTurnsItOff() {
        runner.withPropertyValues("eventlog.sse.enabled=false")
                .run(context -> assertThat(context)
                        .hasSingleBean(EventLogFactory.class)
                        .doesNotHaveBean(ReactiveEventLogSse.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.springframework.web.reactive.DispatcherHandler",
                "org.springframework.http.codec.ServerSentEvent",
                "reactor.core.publisher.Flux"
            })
    void backsOffIfAClassIsMissing(String type) {
        runner.withClassLoader(new FilteredClassLoader(type::equals))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(ReactiveEventLogSse.class));
    }

    @Test
    void backsOffWithoutEventLogs() {
        runner.withClassLoader(new FilteredClassLoader(StringRedisTemplate.class))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(ReactiveEventLogSse.class));
    }

    @Test
    void leavesServletApplicationsToSpringMvc() {
        new WebApplicationContextRunner()
                .withConfiguration(CONFIGURATIONS)
                .withClassLoader(new FilteredClassLoader("org.springframework.web.reactive"))
                .run(context -> assertThat(context)
                        .hasSingleBean(EventLogSse.class)
                        .doesNotHaveBean(ReactiveEventLogSse.class));
        new ApplicationContextRunner()
                .withConfiguration(CONFIGURATIONS)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(ReactiveEventLogSse.class));
    }
}
