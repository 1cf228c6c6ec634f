package dev.eventlog.annotation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.TypedEventLog;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogListenerAutoConfiguration;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestRedisConnection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;

/** The start and the limits of an annotated method. */
class ListenedOptionsTests extends LogTests {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    ServiceConnectionAutoConfiguration.class,
                    EventLogAutoConfiguration.class,
                    EventLogListenerAutoConfiguration.class))
            .withUserConfiguration(TestRedisConnection.class)
            .withPropertyValues("eventlog.follow.poll-timeout=500ms", "eventlog.max-length=3", "from=all");

    static class Listener {

        final List<Event> events = new CopyOnWriteArrayList<>();

        @EventLogListener(
                logs = "${log}",
                from = "${from}",
                maxLength = "${at-most:}",
                maxAge = "${not-older:}",
                autoStartup = "true")
        void take(List<Event> batch) {
            events.addAll(batch);
        }
    }

    private List<Integer> heard(EventLog log, String... properties) {
        List<Integer> heard = new CopyOnWriteArrayList<>();
        runner.withPropertyValues("log=" + log.name())
                .withPropertyValues(properties)
                .withBean(Listener.class)
                .run(context -> {
                    Listener listener = context.getBean(Listener.class);
                    log.add(event(100));
                    await().until(() -> numbers(listener.events).contains(100));
                    heard.addAll(numbers(listener.events));
                });
        return heard;
    }

    @Test
    void maxLengthAttributeOverridesTheConfiguredMaxLength() {
        EventLog log = newLog();
        log.addAll(events(0, 10));

        assertThat(heard(log)).containsExactly(7, 8, 9, 100);
        delete(log);
        log.addAll(events(0, 10));
        assertThat(heard(log, "at-most=0")).isEqualTo(with100(range(0, 10)));
        delete(log);
        log.addAll(events(0, 10));
        assertThat(heard(log, "at-most=5")).isEqualTo(with100(range(5, 10)));
    }

    private static List<Integer> with100(List<Integer> numbers) {
        List<Integer> all = new CopyOnWriteArrayList<>(numbers);
        all.add(100);
        return all;
    }

    @Test
    void maxAgeAttributeLeavesOutOlderEvents() {
        EventLog log = newLog();
        addWithId(log, "1000-0");
        log.add(event(5));

        assertThat(heard(log, "not-older=1h")).containsExactly(5, 100);
    }

    sealed interface Purchase {
        record Placed(String customer) implements Purchase {}

        record Paid(int cents) implements Purchase {}
    }

    static class Purchases {

        final List<Purchase> heard = new CopyOnWriteArrayList<>();

        @EventLogListener(logs = "${log}", from = "all", unreadableEvents = "${unreadable:}")
        void take(Purchase purchase) {
            heard.add(purchase);
        }
    }

    @Test
    void propertyAndAttributeSkipUnreadableEvents() {
        TypedEventLog<Purchase> log = factory.create(newName(), Purchase.class);
        List<Purchase> purchases = List.of(new Purchase.Placed("Ada"), new Purchase.Paid(1980));
        log.add(purchases.get(0));
        log.untyped().add(Map.of("foo", "bar"));
        log.add(purchases.get(1));
        ApplicationContextRunner listening = runner.withPropertyValues("log=" + log.name(), "eventlog.max-length=0")
                .withBean(Purchases.class);
        for (String property : List.of("eventlog.unreadable-events=skip", "unreadable=skip")) {
            listening.withPropertyValues(property).run(context -> {
                Purchases listener = context.getBean(Purchases.class);
                await().until(() -> listener.heard.size() == 2);
                assertThat(listener.heard).isEqualTo(purchases);
            });
        }
        listening
                .withPropertyValues("unreadable=perhaps")
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasStackTraceContaining("fail, skip or hand-over for unreadableEvents"));
    }

    @Test
    void listenerStartsAtAMoment() {
        EventLog log = newLog();
        addWithId(log, "1000-0");
        log.add(event(5));
        log.add(event(6));

        assertThat(heard(log, "from=since:1970-01-01T00:00:01.001Z")).containsExactly(5, 6, 100);
        assertThat(heard(log, "from=#{T(java.time.Instant).EPOCH}", "at-most=0"))
                .startsWith(1, 5, 6, 100);
    }

    @ParameterizedTest
    @CsvSource({
        "from, since:yesterday, since:2026-11-27T12:00:00Z",
        "at-most, many, Write a number for maxLength",
        "at-most, -1, must not be negative",
        "not-older, -1h, maxAge PT-1H",
        "not-older, always, 12h or P7D"
    })
    void invalidAttributesAreRefused(String property, String value, String said) {
        runner.withPropertyValues("log=any", property + "=" + value)
                .withBean(Listener.class)
                .run(context -> {
                    InvalidEventLogListenerException refused =
                            (InvalidEventLogListenerException) rootOf(context.getStartupFailure());
                    assertThat(refused.getMessage() + refused.action()).contains(said);
                });
    }

    @Test
    void patternListenerRefusesOptionAttributes() {
        runner.withPropertyValues("log=orders:*", "at-most=0")
                .withBean(Listener.class)
                .run(context -> assertThat(rootOf(context.getStartupFailure()))
                        .hasMessageContaining("maxLength")
                        .hasMessageContaining("pattern"));
    }

    private static Throwable rootOf(@Nullable Throwable failure) {
        Throwable root = Objects.requireNonNull(failure);
        while (!(root instanceof InvalidEventLogListenerException) && root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }
}
