package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.EventConversionException;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.LogTests;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.core.RedisCallback;

/**
 * Reads typed events from the bytes that go-event-log stores, which are those of its Redis client for each Go value.
 */
class GoEventLogTests extends LogTests {

    record Values(
            boolean yes,
            Boolean no,
            Optional<Boolean> maybe,
            String text,
            int number,
            BigInteger large,
            double half,
            BigDecimal exact,
            Instant taken,
            OffsetDateTime written,
            @Nullable Integer none,
            String empty,
            String bytes,
            List<Boolean> json) {}

    @Test
    void unambiguousValuesAreRead() {
        TypedEventLog<Values> log = factory.create(newName(), Values.class);
        add(
                log.name(),
                "yes",
                "1", // true
                "no",
                "0", // false
                "maybe",
                "1",
                "text",
                "a b", // "a b"
                "number",
                "-17", // -17
                "large",
                "18446744073709551615", // uint64(math.MaxUint64)
                "half",
                "0.5", // 0.5
                "exact",
                "100000000000000000000", // 1e20
                "taken",
                "2024-01-31T12:00:00.000000001Z", // a time.Time in UTC
                "written",
                "2024-01-31T12:00:00.5+01:00", // one elsewhere
                "none",
                "", // nil
                "empty",
                "", // nil
                "bytes",
                "bytes", // []byte("bytes")
                "json",
                "[true,false]"); // what json.Marshal made

        assertThat(log.read(Tail.all()))
                .singleElement()
                .extracting(TypedEvent::value)
                .isEqualTo(new Values(
                        true,
                        false,
                        Optional.of(true),
                        "a b",
                        -17,
                        new BigInteger("18446744073709551615"),
                        0.5,
                        new BigDecimal("100000000000000000000"),
                        Instant.parse("2024-01-31T12:00:00.000000001Z"),
                        log.read(Tail.all()).get(0).value().written(),
                        null,
                        "",
                        "bytes",
                        List.of(true, false)));
        assertThat(log.read(Tail.all()).get(0).value().written().toInstant())
                .isEqualTo(Instant.parse("2024-01-31T11:00:00.5Z"));
    }

    record Flag(AtomicBoolean flag) {}

    @Test
    void booleanPropertiesReadTheBooleansOfGo() {
        TypedEventLog<Flag> log = factory.create(newName(), Flag.class);
        add(log.name(), "flag", "1");

        assertThat(log.read(Tail.all()).get(0).value().flag()).isTrue();
    }

    record Yes(boolean yes) {}

    @Test
    void otherNumbersAreNotBooleans() {
        TypedEventLog<Yes> log = factory.create(newName(), Yes.class);
        add(log.name(), "yes", "2");

        assertThatExceptionOfType(EventConversionException.class).isThrownBy(() -> log.read(Tail.all()));
    }

    record Took(Duration time) {}

    record TookNanoseconds(long time) {}

    /** 1.5 s would be read as 416,666 hours. */
    @Test
    void durationsOfGoAreRefused() {
        TypedEventLog<Took> log = factory.create(newName(), Took.class);
        add(log.name(), "time", "1500000000"); // 1500 * time.Millisecond

        assertThatExceptionOfType(EventConversionException.class)
                .isThrownBy(() -> log.read(Tail.all()))
                .withMessageContaining("'1500000000' has no unit")
                .withMessageContaining("read it as a long");
        assertThat(factory.create(log.name(), TookNanoseconds.class).read(Tail.all()))
                .extracting(event -> Duration.ofNanos(event.value().time()))
                .containsExactly(Duration.ofMillis(1_500));
        log.delete();
        log.add(new Took(Duration.ofMillis(1_500)));
        assertThat(log.read(Tail.all()))
                .extracting(event -> event.value().time())
                .containsExactly(Duration.ofMillis(1_500));
    }

    record Number(int number) {}

    @Test
    void nilIsNotANumber() {
        TypedEventLog<Number> log = factory.create(newName(), Number.class);
        add(log.name(), "number", "");

        assertThatExceptionOfType(EventConversionException.class).isThrownBy(() -> log.read(Tail.all()));
    }

    private void add(String key, String... fields) {
        redis.execute((RedisCallback<@Nullable Object>) connection -> {
            byte[][] arguments = new byte[fields.length + 2][];
            arguments[0] = key.getBytes(StandardCharsets.UTF_8);
            arguments[1] = "*".getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < fields.length; i++) {
                arguments[i + 2] = fields[i].getBytes(StandardCharsets.UTF_8);
            }
            return connection.execute("XADD", arguments);
        });
    }
}
