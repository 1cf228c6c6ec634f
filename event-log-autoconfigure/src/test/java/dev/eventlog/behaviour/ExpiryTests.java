package dev.eventlog.behaviour;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExpiryTests extends LogTests {

    static Stream<Named<Consumer<EventLog>>> waysToAdd() {
        return Stream.of(
                Named.of("add", log -> log.add(event(1))),
                Named.of("addAll of one", log -> log.addAll(events(0, 1))),
                Named.of("addAll of many", log -> log.addAll(events(0, 5))));
    }

    @ParameterizedTest
    @MethodSource("waysToAdd")
    void logExpiresAfterTheLastAddAndNotAfterTheFirst(Consumer<EventLog> add) {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofSeconds(3)));
        add.accept(log);
        assertThat(millisecondsToLive(log)).isBetween(1L, 3_000L);
        await().until(() -> millisecondsToLive(log) < 2_000);
        long size = log.size();
        assertThat(size).as("not expired yet").isPositive();

        add.accept(log);
        assertThat(millisecondsToLive(log)).as("each add renews the ttl").isBetween(2_001L, 3_000L);
        assertThat(log.size()).isEqualTo(2 * size);
        await().until(() -> !log.exists());
        assertThat(log.read(Tail.all())).isEmpty();
        assertThat(log.size()).isZero();
        assertThat(log.lastId()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("waysToAdd")
    void logWithoutTtlDoesNotExpire(Consumer<EventLog> add) {
        EventLog log = newLog();
        add.accept(log);
        assertThat(millisecondsToLive(log)).isEqualTo(-1);
    }

    @Test
    void emptyAddDoesNotRenewTheTtl() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofSeconds(2)));
        log.add(event(1));
        await().until(() -> millisecondsToLive(log) < 1_900);
        log.addAll(List.of());
        assertThat(millisecondsToLive(log)).isLessThan(1_900);
    }

    @Test
    void readDoesNotRenewTheTtl() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofSeconds(2)));
        log.add(event(1));
        await().until(() -> millisecondsToLive(log) < 1_900);
        log.read(Tail.all());
        assertThat(log.exists()).isTrue();
        assertThat(millisecondsToLive(log)).isLessThan(1_900);
    }

    @Test
    void ttlIsAccurateToTheMillisecond() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofMillis(100_999)));
        log.add(event(1));
        assertThat(millisecondsToLive(log)).isBetween(100_001L, 100_999L);
        log.addAll(events(0, 2));
        assertThat(millisecondsToLive(log)).isBetween(100_001L, 100_999L);
    }

    @Test
    void ttlOptionOverridesTheProperty() {
        EventLogFactory configured = newFactory(
                "eventlog.ttl-after-last-add=1h",
                "eventlog.overrides[0].pattern=test:short:*",
                "eventlog.overrides[0].ttl-after-last-add=1m");
        EventLog byProperty = configured.create(newName());
        byProperty.add(event(1));
        assertThat(millisecondsToLive(byProperty)).isBetween(3_500_000L, 3_600_000L);

        EventLog byPattern = configured.create("test:short:" + newName());
        deleteLater(byPattern.name());
        byPattern.add(event(1));
        assertThat(millisecondsToLive(byPattern)).isBetween(50_000L, 60_000L);

        EventLog byOption = configured.create(newName(), options -> options.ttlAfterLastAdd(Duration.ofDays(1)));
        byOption.add(event(1));
        assertThat(millisecondsToLive(byOption)).isBetween(86_300_000L, 86_400_000L);

        EventLog never = configured.create(newName(), options -> options.ttlAfterLastAdd(Duration.ZERO));
        never.add(event(1));
        assertThat(millisecondsToLive(never)).isEqualTo(-1);
    }

    private long millisecondsToLive(EventLog log) {
        Long answer = redis.execute(
                connection -> connection.keyCommands().pTtl(log.name().getBytes(UTF_8)), true);
        assertThat(answer).isNotNull();
        return answer;
    }
}
