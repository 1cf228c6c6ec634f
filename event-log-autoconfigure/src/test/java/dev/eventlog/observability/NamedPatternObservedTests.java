package dev.eventlog.observability;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.eventlog.Event;
import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowerKind;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.Tail;
import dev.eventlog.WaitingFollower;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.annotation.EventLogListenerRegistry;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogListenerAutoConfiguration;
import dev.eventlog.autoconfigure.NamedFollowerAutoConfiguration;
import dev.eventlog.observability.EventLogsEndpoint.EndedDescriptor;
import dev.eventlog.observability.EventLogsEndpoint.FollowerDescriptor;
import dev.eventlog.observability.EventLogsEndpoint.ManyDescriptor;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.Heard;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

/** Named followers of a pattern in the endpoint, the meters, and the health. */
class NamedPatternObservedTests extends ClosingTests {

    private static final LogPattern ORDERS = LogPattern.of("orders:*");
    private static final Consumer<FollowOptions.Builder> NAMED = options -> options.named("invoices");

    static class Invoices {

        @EventLogListener(id = "invoices", logs = "orders:*", name = "invoices")
        void on(Event event, String log) {
            if (log.equals("orders:bad")) {
                throw new IllegalStateException("a secret");
            }
        }
    }

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    MetricsAutoConfiguration.class,
                    CompositeMeterRegistryAutoConfiguration.class,
                    SimpleMetricsExportAutoConfiguration.class,
                    HealthContributorAutoConfiguration.class,
                    EndpointAutoConfiguration.class,
                    EventLogAutoConfiguration.class,
                    NamedFollowerAutoConfiguration.class,
                    EventLogListenerAutoConfiguration.class,
                    EventLogMetricsAutoConfiguration.class,
                    EventLogHealthAutoConfiguration.class,
                    EventLogsEndpointAutoConfiguration.class))
            .withPropertyValues(
                    "spring.data.redis.url=" + redis.uri(),
                    "eventlog.follow.lease=1s",
                    "eventlog.observability.log-patterns=orders:*",
                    "spring.jmx.enabled=true",
                    "management.endpoints.jmx.exposure.include=eventlogs");

    private static EventLogsEndpoint endpoint(ApplicationContext context) {
        return context.getBean(EventLogsEndpoint.class);
    }

    private static Status health(ApplicationContext context) {
        return context.getBean(EventLogHealthIndicator.class).health().getStatus();
    }

    private static Object detail(ApplicationContext context, String name) {
        return context.getBean(EventLogHealthIndicator.class)
                .health()
                .getDetails()
                .getOrDefault(name, "none");
    }

    private static double gauge(ApplicationContext context, String name, String log) {
        return context.getBean(MeterRegistry.class)
                .get(name)
                .tag("log", log)
                .gauge()
                .value();
    }

    private static void add(ApplicationContext context, String log) {
        context.getBean(EventLogFactory.class).create(log).add(event(1));
    }

    private static LogsFollower follow(ApplicationContext context) {
        return context.getBean(EventLogFactory.class).follow(ORDERS, Tail.all(), new Heard(), NAMED);
    }

    @Test
    void patternWithoutALogIsShown() {
        runner.run(context -> {
            LogsFollower named = follow(context);
            LogsFollower other =
                    context.getBean(EventLogFactory.class).follow(List.of("rooms:1"), Tail.all(), new Heard());
            await().untilAsserted(() -> assertThat(endpoint(context).followed().many())
                    .containsExactlyInAnyOrder(
                            new ManyDescriptor("orders:*", "invoices", "FOLLOWING", 0, Set.of()),
                            new ManyDescriptor("a set of logs", null, "FOLLOWING", 1, Set.of())));
            named.close();
            other.close();
            await().untilAsserted(() ->
                    assertThat(endpoint(context).followed().many()).isEmpty());
        });
    }

    @Test
    void logsAreShownByNameAndMeasuredByPattern() {
        runner.run(context -> {
            add(context, "orders:1");
            add(context, "orders:2");
            LogsFollower follower = follow(context);
            await().untilAsserted(() -> assertThat(endpoint(context).followed().logs())
                    .containsOnlyKeys("orders:1", "orders:2")
                    .allSatisfy((log, shown) -> assertThat(shown.followers())
                            .extracting(
                                    FollowerDescriptor::name,
                                    FollowerDescriptor::kind,
                                    FollowerDescriptor::state,
                                    FollowerDescriptor::lag)
                            .containsExactly(tuple("invoices", FollowerKind.ONE_OF_MANY, "IDLE", 0L))));
            assertThat(endpoint(context).followed().waiting()).isEmpty();
            await().until(() -> gauge(context, "eventlog.followers.active", "orders:*") == 2);
            assertThat(gauge(context, "eventlog.followers.active", "*")).isZero();
            assertThat(context.getBean(MeterRegistry.class)
                            .get("eventlog.events.delivered")
                            .tag("log", "orders:*")
                            .counter()
                            .count())
                    .isEqualTo(2);
            assertThat(detail(context, "followers")).isEqualTo(2);
            assertThat(follower.isRunning()).isTrue();
        });
    }

    @Test
    void waitingFollowerIsShownByItsPattern() {
        runner.run(one -> runner.run(other -> {
            LogsFollower first = follow(one);
            await().until(() -> endpoint(one).followed().many().stream()
                    .anyMatch(many -> many.state().equals("FOLLOWING")));
            LogsFollower second = follow(other);
            assertThat(endpoint(other).followed().waiting())
                    .containsExactly(new WaitingFollower("orders:*", "invoices", "WAITING"));
            assertThat(health(other)).isEqualTo(Status.UP);
            first.close();
            await().until(() -> endpoint(other).followed().waiting().isEmpty());
            assertThat(second.isRunning()).isTrue();
        }));
    }

    @Test
    void failedLogIsNamedUntilItsListenerRestarts() {
        runner.withBean(Invoices.class).run(context -> {
            add(context, "orders:1");
            add(context, "orders:bad");
            await().until(() -> health(context).equals(Status.DOWN));
            await().untilAsserted(() -> assertThat(endpoint(context).followed().many())
                    .containsExactly(new ManyDescriptor("orders:*", "invoices", "FOLLOWING", 1, Set.of("orders:bad"))));
            assertThat(endpoint(context).followed().ended())
                    .extracting(EndedDescriptor::log, EndedDescriptor::name, EndedDescriptor::kind)
                    .containsExactly(tuple("orders:bad", "invoices", FollowerKind.ONE_OF_MANY));
            assertThat(detail(context, "ended"))
                    .asString()
                    .contains("orders:bad", "IllegalStateException")
                    .doesNotContain("secret");
            assertThat(detail(context, "listeners"))
                    .asString()
                    .contains("invoices", "IllegalStateException")
                    .doesNotContain("secret");
            assertThat(context.getBean(MeterRegistry.class)
                            .get("eventlog.failures")
                            .tags("log", "orders:*", "kind", "follower")
                            .counter()
                            .count())
                    .isEqualTo(1);

            context.getBean(EventLogFactory.class).create("orders:bad").delete();
            EventLogListenerRegistry registry = context.getBean(EventLogListenerRegistry.class);
            registry.stop("invoices");
            registry.start("invoices");
            assertThat(health(context))
                    .as("the failed log is gone, and its listener has restarted")
                    .isEqualTo(Status.UP);
        });
    }

    @Test
    void logThatWasNotReadHasNoFailureOfItsOwn() {
        runner.withPropertyValues("spring.data.redis.connect-timeout=1s", "spring.data.redis.timeout=1s")
                .run(context -> {
                    add(context, "orders:1");
                    add(context, "orders:2");
                    LogsFollower follower = follow(context);
                    await().until(() -> endpoint(context).followed().followed() == 2);
                    redis.kill();
                    await().until(() -> gauge(context, "eventlog.feeds.interrupted", "orders:*") == 2);
                    Map<String, EventLogsEndpoint.LogDescriptor> shown =
                            endpoint(context).followed().logs();
                    assertThat(shown.get("orders:1"))
                            .extracting(EventLogsEndpoint.LogDescriptor::error)
                            .asString()
                            .startsWith("Could not read log 'orders:1'");
                    assertThat(shown.get("orders:2"))
                            .extracting(EventLogsEndpoint.LogDescriptor::error)
                            .asString()
                            .startsWith("Not read, because Redis did not answer before");
                    assertThat(follower.isRunning()).isTrue();
                });
    }
}
