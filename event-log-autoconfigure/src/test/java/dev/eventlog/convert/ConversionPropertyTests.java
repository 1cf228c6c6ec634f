package dev.eventlog.convert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.test.Generated;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Properties that hold for any event. */
class ConversionPropertyTests {

    private static final List<EventFields> CONVERSIONS =
            List.of(new EventFields(Mappers.BOOT.mapper), new EventFields(Mappers.CHANGED.mapper));

    private static final int TRIES = 500;

    private static final String ASCII =
            IntStream.range(0, 128).mapToObj(Character::toString).collect(Collectors.joining());

    @Test
    void mapIsStoredFieldByField() {
        Generated.tries(TRIES, any -> {
            Map<String, Object> event = new Values(any).event();
            for (EventFields conversion : CONVERSIONS) {
                Map<String, String> fields = conversion.toFields(event);
                assertThat(fields.keySet()).containsExactlyElementsOf(event.keySet());
                event.forEach((name, value) -> assertStored(value, String.valueOf(fields.get(name))));
            }
        });
    }

    private static void assertStored(Object value, String text) {
        if (value instanceof Map || value instanceof List) {
            JsonNode tree = JsonMapper.shared().readTree(text);
            assertThat(JsonMapper.shared().<Object>treeToValue(tree, Object.class))
                    .isEqualTo(value);
        } else {
            assertThat(text).isEqualTo(value.toString());
        }
    }

    @Test
    void textIsStoredUnchanged() {
        Generated.tries(TRIES, any -> {
            Values values = new Values(any);
            Map<String, String> event = Map.of(values.text(), values.text());
            for (EventFields conversion : CONVERSIONS) {
                assertThat(conversion.toFields(event)).isEqualTo(event);
            }
        });
    }

    @Test
    void recordIsReadBackEqual() {
        Generated.tries(TRIES, any -> assertComesBack(new Values(any).reading(), Reading.class));
    }

    @Test
    void memberOfASealedTypeIsReadBackEqual() {
        Generated.tries(TRIES, any -> assertComesBack(new Values(any).command(2), Command.class));
    }

    private static <T> void assertComesBack(T value, Class<T> type) {
        for (EventFields conversion : CONVERSIONS) {
            TypedFields<T> typed = conversion.typed(type);
            Map<String, String> fields = typed.toFields(value);
            assertThat(typed.fromFields(fields)).as("through %s", fields).isEqualTo(value);
        }
    }

    record Reading(
            String sensorId,
            int count,
            boolean valid,
            double value,
            Plain plain,
            Times times,
            Optional<String> note,
            Optional<Place> maybePlace,
            @Nullable String remark,
            List<Place> places,
            Map<String, List<String>> tags,
            Map<TimeUnit, Place> byUnit) {}

    record Plain(BigDecimal amount, BigInteger big, long id, float share, UUID uuid, TimeUnit unit, char letter) {}

    record Times(Instant instant, LocalDateTime dateTime, LocalDate date, Duration duration) {}

    record Place(@Nullable String name, @Nullable Integer floor, List<Place> within) {}

    sealed interface Command {
        record Say(String text, Optional<Command> then) implements Command {}

        record Stop(Instant at, BigDecimal cost, Set<String> reasons) implements Command {}

        record Many(List<Command> commands, Times times) implements Command {}
    }

    /** Generates values of these types, including unusual ones. */
    private record Values(Generated any) {

        /** Any Unicode text, and text that looks like another type. */
        String text() {
            return any.<String>from(
                    () -> String.join("", any.list(20, this::character)),
                    () -> any.text(ASCII, 0, 20),
                    () -> any.of(
                            "", " ", "null", "true", "false", "NaN", "-0", "007", "1e3", "{}", "[]", "\"\"", "{",
                            "[1]"),
                    () -> decimal().toString(),
                    () -> JsonMapper.shared().writeValueAsString(value(3)));
        }

        private String character() {
            int codePoint = any.between(0, Character.MAX_CODE_POINT);
            boolean surrogate = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
            return surrogate ? "\u2603" : Character.toString(codePoint);
        }

        private Object value(int depth) {
            return any.<Object>from(
                    () -> any.text(ASCII, 0, 10),
                    any::integer,
                    () -> any.of(true, false),
                    () -> depth == 0 ? "" : any.list(3, () -> value(depth - 1)),
                    () -> depth == 0 ? 0 : any.map(0, 3, () -> any.text(ASCII, 0, 5), () -> value(depth - 1)));
        }

        Map<String, Object> event() {
            return any.map(
                    1,
                    8,
                    this::text,
                    () -> any.<Object>from(
                            this::text,
                            this::number,
                            () -> any.of(Double.NaN, Float.NEGATIVE_INFINITY, -0.0),
                            this::decimal,
                            () -> value(3)));
        }

        private double number() {
            return any.of(
                    Double.NaN,
                    Double.POSITIVE_INFINITY,
                    -0.0,
                    Double.MIN_VALUE,
                    any.random().nextGaussian() * Math.pow(10, any.between(-300, 300)));
        }

        private BigInteger big() {
            BigInteger big = new BigInteger(any.between(0, 120), any.random());
            return any.random().nextBoolean() ? big : big.negate();
        }

        private BigDecimal decimal() {
            return new BigDecimal(big(), any.between(-2_000, 2_000));
        }

        Reading reading() {
            return new Reading(
                    text(),
                    any.integer(),
                    any.random().nextBoolean(),
                    number(),
                    plain(),
                    times(),
                    maybe() ? Optional.of(text()) : Optional.empty(),
                    maybe() ? Optional.of(place(2)) : Optional.empty(),
                    maybe() ? text() : null,
                    any.list(3, () -> place(2)),
                    any.map(0, 3, this::text, () -> any.list(3, this::text)),
                    any.map(0, 3, () -> any.of(TimeUnit.values()), () -> place(2)));
        }

        private boolean maybe() {
            return any.random().nextInt(5) > 0;
        }

        private Plain plain() {
            char letter = (char) any.between(0, Character.MAX_VALUE);
            return new Plain(
                    decimal(),
                    big(),
                    any.random().nextLong(),
                    (float) any.random().nextGaussian(),
                    UUID.nameUUIDFromBytes(big().toByteArray()),
                    any.of(TimeUnit.values()),
                    Character.isSurrogate(letter) ? 'x' : letter);
        }

        private Times times() {
            Instant one = instant();
            Instant other = instant();
            return new Times(
                    one,
                    LocalDateTime.ofInstant(other, ZoneOffset.UTC),
                    LocalDate.ofInstant(one, ZoneOffset.UTC),
                    Duration.between(one, other));
        }

        private Instant instant() {
            long first = Instant.parse("-9999-01-01T00:00:00Z").getEpochSecond();
            long last = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();
            long second = first + Math.floorMod(any.random().nextLong(), last - first);
            return Instant.ofEpochSecond(second, any.of(0, 1_000_000, any.between(0, 999_999_999)));
        }

        private Place place(int depth) {
            return new Place(
                    maybe() ? text() : null,
                    maybe() ? any.integer() : null,
                    depth == 0 ? List.of() : any.list(2, () -> place(depth - 1)));
        }

        Command command(int depth) {
            return any.<Command>from(
                    () -> new Command.Stop(instant(), decimal(), new HashSet<>(any.list(3, this::text))),
                    () -> new Command.Say(
                            text(), depth > 0 && maybe() ? Optional.of(command(depth - 1)) : Optional.empty()),
                    () -> new Command.Many(depth > 0 ? any.list(2, () -> command(depth - 1)) : List.of(), times()));
        }
    }
}
