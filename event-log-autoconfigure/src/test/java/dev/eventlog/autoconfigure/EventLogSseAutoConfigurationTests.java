package dev.eventlog.autoconfigure;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.eventlog.EventLogFactory;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.sse.EventLogWebSocket;
import dev.eventlog.sse.SseSettings;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.util.backoff.FixedBackOff;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.json.JsonMapper;

class EventLogSseAutoConfigurationTests {

    static final SseSettings SETTINGS = new SseSettings(
            Duration.ZERO,
            null,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            new FixedBackOff(20, Long.MAX_VALUE),
            false);

    private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(
            DataRedisAutoConfiguration.class, EventLogAutoConfiguration.class, EventLogSseAutoConfiguration.class);

    /** Nothing listens at this port, so a test that passes does not call Redis. */
    private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
            .withConfiguration(CONFIGURATIONS)
            .withPropertyValues("spring.data.redis.port=1");

    @Test
    void createsABeanForControllersAndNoSchedulerBean() {
        runner.run(context -> assertThat(context)
                .hasSingleBean(EventLogSse.class)
                .hasBean("eventLogSse")
                .doesNotHaveBean(TaskScheduler.class));
    }

    @Test
    void createsAWebSocketBeanIfSpringSupportsThem() {
        runner.run(context -> assertThat(context).hasSingleBean(EventLogWebSocket.class));
        runner.withBean("own", EventLogWebSocket.class)
                .run(context -> assertThat(context)
                        .hasSingleBean(EventLogWebSocket.class)
                        .hasBean("own"));
        runner.withClassLoader(new FilteredClassLoader("org.springframework.web.socket", "jakarta.websocket"))
                .run(context ->
                        assertThat(context).hasSingleBean(EventLogSse.class).doesNotHaveBean("eventLogWebSocket"));
        runner.withPropertyValues("eventlog.sse.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogWebSocket.class));
    }

    @Test
    void backsOffForABeanOfTheApplication() {
        runner.withBean("own", EventLogSse.class, () -> new EventLogSse(new JsonMapper(), SETTINGS, null))
                .run(context ->
                        assertThat(context).hasSingleBean(EventLogSse.class).hasBean("own"));
    }

    @Test
    void propertyTurnsItOff() {
        runner.withPropertyValues("eventlog.sse.enabled=false")
                .run(context ->
                        assertThat(context).hasSingleBean(EventLogFactory.class).doesNotHaveBean(EventLogSse.class));
    }

    @Test
    void backsOffWithoutSpringMvc() {
        runner.withClassLoader(new FilteredClassLoader(SseEmitter.class))
                .run(context ->
                        assertThat(context).hasSingleBean(EventLogFactory.class).doesNotHaveBean(EventLogSse.class));
    }

    @Test
    void backsOffWithoutEventLogs() {
        runner.withClassLoader(new FilteredClassLoader(StringRedisTemplate.class))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogSse.class));
    }

    @Test
    void backsOffWithoutAServletContainer() {
        new ApplicationContextRunner()
                .withConfiguration(CONFIGURATIONS)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogSse.class));
        new ReactiveWebApplicationContextRunner()
                .withConfiguration(CONFIGURATIONS)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(EventLogSse.class));
    }

    @Test
    void leavesNoThreadBehind() {
        Set<Thread> before = threads(); // threads of the applications of other tests
        runner.run(context -> context.getBean(EventLogSse.class));
        await().untilAsserted(() -> assertThat(threads()).isSubsetOf(before));
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith("eventlog-sse"))
                .collect(toSet());
    }
}
