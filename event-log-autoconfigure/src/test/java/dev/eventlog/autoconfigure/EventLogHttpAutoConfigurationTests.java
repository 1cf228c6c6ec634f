package dev.eventlog.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventLogFactory;
import dev.eventlog.http.EventLogHttp;
import dev.eventlog.http.HttpSettings;
import dev.eventlog.http.ReactiveEventLogHttp;
import dev.eventlog.sse.EventStreamAccess;
import java.security.Principal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.mock.http.client.MockClientHttpRequest;
import org.springframework.web.servlet.function.RouterFunction;

class EventLogHttpAutoConfigurationTests {

    private static final EventStreamAccess EVERYBODY = (request, principal, log) -> true;

    private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(
            DataRedisAutoConfiguration.class,
            EventLogAutoConfiguration.class,
            EventLogHttpAutoConfiguration.class,
            ReactiveEventLogHttpAutoConfiguration.class);

    /** Nothing listens at this port, so a test that passes does not call Redis. */
    private final WebApplicationContextRunner bare = new WebApplicationContextRunner()
            .withConfiguration(CONFIGURATIONS)
            .withPropertyValues("spring.data.redis.port=1");

    private final WebApplicationContextRunner runner =
            bare.withBean(EventStreamAccess.class, () -> EVERYBODY).withPropertyValues("eventlog.http.path=/logs");

    private final ReactiveWebApplicationContextRunner reactive = new ReactiveWebApplicationContextRunner()
            .withConfiguration(CONFIGURATIONS)
            .withPropertyValues("spring.data.redis.port=1", "eventlog.http.path=/logs");

    @Test
    void servesNothingWithoutAPath() {
        bare.run(context -> assertThat(context)
                .hasNotFailed()
                .hasSingleBean(EventLogFactory.class)
                .doesNotHaveBean(EventLogHttp.class));
        runner.run(context -> assertThat(context)
                .hasSingleBean(EventLogHttp.class)
                .hasSingleBean(RouterFunction.class)
                .doesNotHaveBean(ReactiveEventLogHttp.class));
        reactive.withBean(EventStreamAccess.class, () -> EVERYBODY)
                .run(context -> assertThat(context)
                        .hasSingleBean(ReactiveEventLogHttp.class)
                        .doesNotHaveBean(EventLogHttp.class));
    }

    @Test
    void doesNotStartWithoutAnAccessDecision() {
        bare.withPropertyValues("eventlog.http.path=/logs").run(context -> {
            Throwable failure = context.getStartupFailure();
            assertThat(failure).isNotNull();
            FailureAnalysis analysis = new NoAccessFailureAnalyzer().analyze(failure);
            assertThat(analysis).isNotNull();
            assertThat(analysis.getDescription()).contains("'/logs'", "eventlog.http.path", "EventStreamAccess");
            assertThat(analysis.getAction()).contains("dev.eventlog.sse.EventStreamAccess", "mayFollow");
        });
        reactive.run(context -> assertThat(context).getFailure().rootCause().isInstanceOf(NoAccessException.class));
        runner.withBean("second", EventStreamAccess.class, () -> EVERYBODY)
                .run(context -> assertThat(context).getFailure().rootCause().isInstanceOf(NoAccessException.class));
    }

    @Test
    void backsOffForABeanOfTheApplicationAndForMissingClasses() {
        HttpSettings settings = new HttpSettings("/own", false, Duration.ofSeconds(1), Duration.ofSeconds(1), 1, 1, 1);
        runner.withInitializer(context -> ((GenericApplicationContext) context)
                        .registerBean(
                                "own",
                                EventLogHttp.class,
                                () -> new EventLogHttp(context.getBean(EventLogFactory.class), EVERYBODY, settings)))
                .run(context ->
                        assertThat(context).hasSingleBean(EventLogHttp.class).hasBean("own"));
        runner.withClassLoader(new FilteredClassLoader(RouterFunction.class))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogHttp.class));
        new ApplicationContextRunner()
                .withConfiguration(CONFIGURATIONS)
                .withPropertyValues("eventlog.http.path=/logs")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogHttp.class));
    }

    @ParameterizedTest
    @CsvSource({
        "path,logs",
        "path,/logs/",
        "path,/",
        "path,/{log}",
        "long-poll-timeout,0s",
        "sse-lifetime,2h",
        "max-body-size,0B",
        "max-body-size,1GB"
    })
    void refusesInvalidValues(String property, String value) {
        runner.withPropertyValues("eventlog.http." + property + '=' + value)
                .run(context ->
                        assertThat(context).getFailure().rootCause().hasMessageContaining("eventlog.http." + property));
    }

    @Test
    void accessDecisionCanBeALambda() {
        Principal ada = () -> "ada";
        bare.withUserConfiguration(Access.class)
                .withPropertyValues("eventlog.http.path=/logs")
                .run(context -> {
                    EventStreamAccess access = context.getBean(EventStreamAccess.class);
                    MockClientHttpRequest request = new MockClientHttpRequest();
                    assertThat(access.mayFollow(request, ada, "orders/ada/1")).isTrue();
                    assertThat(access.mayFollow(request, ada, "orders/bob/1")).isFalse();
                    assertThat(access.mayFollow(request, null, "orders/ada/1")).isFalse();
                    assertThat(access.mayWrite(request, ada, "orders/ada/1")).isFalse();
                    assertThat(access.caching(request, ada, "orders/ada/1").getHeaderValue())
                            .contains("private", "no-cache");
                });
    }

    @Configuration(proxyBeanMethods = false)
    static class Access {

        // tag::http-access[]
        @Bean
        EventStreamAccess access() {
            return (request, principal, log) ->
                    principal != null && log.startsWith("orders/" + principal.getName() + "/");
        }
        // end::http-access[]
    }
}
