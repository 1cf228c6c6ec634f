package dev.eventlog.observability;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.FollowerKind;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import dev.eventlog.WaitingFollower;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.NamedFollowerAutoConfiguration;
import dev.eventlog.observability.EventLogsEndpoint.EndedDescriptor;
import dev.eventlog.observability.EventLogsEndpoint.FollowerDescriptor;
import dev.eventlog.test.Collected;
import dev.eventlog.test.TestRedisConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.ClassUtils;

/** The followers in the endpoint: running, waiting, and ended. */
class EventLogsEndpointTests {

    record Step(int length) {}

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    ServiceConnectionAutoConfiguration.class,
                    EndpointAutoConfiguration.class,
                    EventLogAutoConfiguration.class,
                    NamedFollowerAutoConfiguration.class,
                    EventLogsEndpointAutoConfiguration.class))
            .withUserConfiguration(TestRedisConnection.class)
            .withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=eventlogs");

    private final String name = "test:endpoint:" + UUID.randomUUID();

    private static List<FollowerDescriptor> followers(EventLogsEndpoint endpoint, String log) {
        return Objects.requireNonNull(endpoint.followed().logs().get(log)).followers();
    }

    @Test
    void endpointCountsTheLogsThatShareAConnection() {
        assumeTrue(ClassUtils.isPresent("io.lettuce.core.RedisClient", null), "Jedis has no shared connection");
        runner.withPropertyValues("eventlog.follow.dedicated-connections=1").run(context -> {
            EventLogsEndpoint endpoint = context.getBean(EventLogsEndpoint.class);
            EventLogFactory factory = context.getBean(EventLogFactory.class);
            Set<String> names = Set.of(name + 1, name + 2, name + 3);
            try (LogsFollower many = factory.follow(names, Tail.all(), (of, batch) -> {})) {
                assertThat(many.logs()).hasSize(3);
                assertThat(endpoint.followed().followed()).isEqualTo(3);
                assertThat(endpoint.followed().shared()).isEqualTo(2);
            }
        });
    }

    @Test
    void endpointHasTheNameKindAndStateOfEachFollower() {
        runner.run(context -> {
            EventLogsEndpoint endpoint = context.getBean(EventLogsEndpoint.class);
            EventLogFactory factory = context.getBean(EventLogFactory.class);
            EventLog log = factory.create(name);
            log.add(event(1));
            try (Follower named = log.follow(Tail.all(), Collected.events(), options -> options.named("invoices"));
                    LogsFollower many = factory.follow(LogPattern.of(name + "*"), Tail.all(), (of, batch) -> {});
                    Stream<Event> stream = log.stream(Tail.all())) {
                assertThat(stream.iterator().hasNext()).isTrue();
                await().untilAsserted(() -> assertThat(followers(endpoint, name))
                        .hasSize(3)
                        .allSatisfy(one -> assertThat(one.state()).isEqualTo("IDLE"))
                        .extracting(FollowerDescriptor::kind, FollowerDescriptor::name)
                        .containsExactlyInAnyOrder(
                                tuple(FollowerKind.LISTENER, "invoices"),
                                tuple(FollowerKind.ONE_OF_MANY, null),
                                tuple(FollowerKind.SUBSCRIBER, null)));
                assertThat(named.isRunning()).isTrue();
                assertThat(many.isRunning()).isTrue();
            } finally {
                log.delete();
            }
        });
    }

    @Test
    void endpointShowsAFollowerThatBacksOff() {
        runner.run(context -> {
            EventLogsEndpoint endpoint = context.getBean(EventLogsEndpoint.class);
            EventLog log = context.getBean(EventLogFactory.class).create(name);
            log.add(event(1));
            try (Follower follower = log.follow(
                    Tail.all(),
                    batch -> {
                        throw new IllegalStateException("on purpose");
                    },
                    options -> options.retry(
                            RetryPolicy.builder().delay(Duration.ofMinutes(1)).build()))) {
                await().untilAsserted(() -> assertThat(followers(endpoint, name))
                        .singleElement()
                        .extracting(FollowerDescriptor::state)
                        .isEqualTo("BACKING_OFF_LISTENER"));
                assertThat(follower.isRunning()).isTrue();
            } finally {
                log.delete();
            }
        });
    }

    @Test
    void endpointShowsAFollowerThatWaitsForItsLease() {
        runner.run(one -> runner.run(other -> {
            EventLog log = one.getBean(EventLogFactory.class).create(name);
            Follower first = log.follow(Tail.all(), Collected.events(), options -> options.named("invoices"));
            await().until(() ->
                    one.getBean(EventLogsEndpoint.class).followed().logs().containsKey(name));
            EventLogsEndpoint endpoint = other.getBean(EventLogsEndpoint.class);
            Follower waiting = other.getBean(EventLogFactory.class)
                    .create(name)
                    .follow(Tail.all(), Collected.events(), options -> options.named("invoices"));
            assertThat(endpoint.followed().waiting()).containsExactly(new WaitingFollower(name, "invoices", "WAITING"));
            assertThat(endpoint.followed().logs()).isEmpty();
            first.close();
            await().until(() -> endpoint.followed().waiting().isEmpty());
            await().until(() -> endpoint.followed().logs().containsKey(name));
            waiting.close();
            log.delete();
        }));
    }

    @Test
    void endedFollowersHaveTheirReasonWithoutEventData() {
        runner.run(context -> {
            EventLogsEndpoint endpoint = context.getBean(EventLogsEndpoint.class);
            EventLogFactory factory = context.getBean(EventLogFactory.class);
            EventLog log = factory.create(name);
            TypedEventLog<Step> typed = factory.create(name, Step.class);
            Instant begun = Instant.now();
            EventId first = typed.add(new Step(1));
            try {
                log.follow(Tail.all(), Collected.events()).close();
                log.add(Map.of("length", "a secret"));
                Follower failing = typed.follow(Tail.all(), Collected.and(batch -> {}));
                await().until(() -> !failing.isRunning());
                log.complete();
                Collected<Event> whole = Collected.events();
                log.follow(Tail.all(), whole);
                await().untilAsserted(() -> assertThat(endpoint.followed().ended())
                        .extracting(EndedDescriptor::reason)
                        .containsExactly(EndReason.COMPLETED, null, EndReason.CLOSED));
                EndedDescriptor failed = endpoint.followed().ended().get(1);
                assertThat(failed.log()).isEqualTo(name);
                assertThat(failed.position()).isEqualTo(first.toString());
                assertThat(failed.failure())
                        .contains("EventConversionException")
                        .doesNotContain("secret");
                assertThat(failed.at()).isBetween(begun, Instant.now());
            } finally {
                log.delete();
            }
        });
    }

    @Test
    void fiftyEndedFollowersAreKept() {
        runner.run(context -> {
            EventLog log = context.getBean(EventLogFactory.class).create(name);
            for (int i = 0; i < 60; i++) {
                log.follow(Tail.newOnly(), Collected.events()).close();
            }
            await().until(() ->
                    context.getBean(EventLogsEndpoint.class).followed().ended().size() == 50);
        });
    }
}
