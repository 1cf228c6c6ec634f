package dev.eventlog.convert;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What must hold for any event. */
class ConversionPropertyTests {

    private static final List<EventFields> CONVERSIONS =
            List.of(new EventFields(Mappers.BOOT.mapper), new EventFields(Mappers.CHANGED.mapper));

    @Property
    void aMapIsStoredFieldByField(@ForAll("events") Map<String, Object> event) {
        for (EventFields conversion : CONVERSIONS) {
            Map<String, String> fields = conversion.toFields(event);
            assertThat(fields.keySet()).containsExactlyElementsOf(event.keySet());
            event.forEach((name, value) -> assertStored(value, String.valueOf(fields.get(name))));
        }
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

    @Property
    void textStaysWhatItIs(@ForAll("texts") String name, @ForAll("texts") String text) {
        Map<String, String> event = Map.of(name, text);
        for (EventFields conversion : CONVERSIONS) {
            assertThat(conversion.toFields(event)).isEqualTo(event);
        }
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void aRecordComesBackEqual(@ForAll("readings") Reading reading) {
        assertComesBack(reading, Reading.class);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void aMemberOfASealedTypeComesBackEqual(@ForAll("commands") Command command) {
        assertComesBack(command, Command.class);
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

    /** Any Unicode, and what looks like something else. */
    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> json = values().map(value -> JsonMapper.shared().writeValueAsString(value));
        return Arbitraries.oneOf(
                Arbitraries.integers()
                        .between(0, Character.MAX_CODE_POINT)
                        .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                        .list()
                        .ofMaxSize(20)
                        .map(codePoints ->
                                codePoints.stream().map(Character::toString).reduce("", String::concat)),
                Arbitraries.strings().ascii().ofMaxLength(20),
                Arbitraries.of(
                        "", " ", "null", "true", "false", "NaN", "-0", "007", "1e3", "{}", "[]", "\"\"", "{", "[1]"),
                Arbitraries.bigDecimals().map(BigDecimal::toString),
                json);
    }

    private Arbitrary<Object> values() {
        Arbitrary<Object> scalars = Arbitraries.oneOf(List.of(
                Arbitraries.strings().ascii().ofMaxLength(10).map(text -> (Object) text),
                Arbitraries.integers().map(number -> (Object) number),
                Arbitraries.of(true, false).map(value -> (Object) value)));
        return Arbitraries.recursive(
                () -> scalars,
                values -> Arbitraries.oneOf(
                        values.list().ofMaxSize(3).map(list -> (Object) list),
                        Arbitraries.maps(Arbitraries.strings().ascii().ofMaxLength(5), values)
                                .ofMaxSize(3)
                                .map(map -> (Object) map)),
                0,
                3);
    }

    @Provide
    Arbitrary<Map<String, Object>> events() {
        Arbitrary<Object> numbers = Arbitraries.oneOf(List.of(
                Arbitraries.doubles().map(number -> (Object) number),
                Arbitraries.of(Double.NaN, Float.NEGATIVE_INFINITY, -0.0).map(number -> (Object) number),
                decimals().map(number -> (Object) number)));
        return Arbitraries.maps(
                        texts(), Arbitraries.oneOf(List.of(texts().map(text -> (Object) text), numbers, values())))
                .ofMinSize(1)
                .ofMaxSize(8);
    }

    private Arbitrary<BigDecimal> decimals() {
        return Combinators.combine(
                        Arbitraries.bigIntegers(), Arbitraries.integers().between(-2_000, 2_000))
                .as(BigDecimal::new);
    }

    @Provide
    Arbitrary<Reading> readings() {
        Arbitrary<Double> doubles = Arbitraries.oneOf(
                Arbitraries.doubles(), Arbitraries.of(Double.NaN, Double.POSITIVE_INFINITY, -0.0, Double.MIN_VALUE));
        Arbitrary<Object[]> first = Combinators.combine(
                        texts(), Arbitraries.integers(), Arbitraries.of(true, false), doubles, plains(), times())
                .as((a, b, c, d, e, f) -> new Object[] {a, b, c, d, e, f});
        return Combinators.combine(
                        first,
                        texts().optional(),
                        places().optional(),
                        texts().injectNull(0.2),
                        places().list().ofMaxSize(3),
                        Arbitraries.maps(texts(), texts().list().ofMaxSize(3)).ofMaxSize(3),
                        Arbitraries.maps(Arbitraries.of(TimeUnit.class), places())
                                .ofMaxSize(3))
                .as((f, note, place, remark, places, tags, byUnit) -> new Reading(
                        (String) f[0],
                        (Integer) f[1],
                        (Boolean) f[2],
                        (Double) f[3],
                        (Plain) f[4],
                        (Times) f[5],
                        note,
                        place,
                        remark,
                        places,
                        tags,
                        byUnit));
    }

    private Arbitrary<Plain> plains() {
        return Combinators.combine(
                        decimals(),
                        Arbitraries.bigIntegers(),
                        Arbitraries.longs(),
                        Arbitraries.floats(),
                        Arbitraries.create(UUID::randomUUID),
                        Arbitraries.of(TimeUnit.class),
                        Arbitraries.chars().filter(c -> !Character.isSurrogate(c)))
                .as(Plain::new);
    }

    private Arbitrary<Times> times() {
        Arbitrary<Instant> instants = Combinators.combine(
                        Arbitraries.longs()
                                .between(
                                        Instant.parse("-9999-01-01T00:00:00Z").getEpochSecond(),
                                        Instant.parse("9999-12-31T23:59:59Z").getEpochSecond()),
                        Arbitraries.integers().between(0, 999_999_999))
                .as(Instant::ofEpochSecond);
        return Combinators.combine(instants, instants)
                .as((one, other) -> new Times(
                        one,
                        LocalDateTime.ofInstant(other, ZoneOffset.UTC),
                        LocalDate.ofInstant(one, ZoneOffset.UTC),
                        Duration.between(one, other)));
    }

    private Arbitrary<Place> places() {
        Arbitrary<@Nullable String> names = texts().injectNull(0.2);
        Arbitrary<@Nullable Integer> floors = Arbitraries.integers().injectNull(0.2);
        return Arbitraries.recursive(
                () -> Combinators.combine(names, floors).as((name, floor) -> new Place(name, floor, List.of())),
                within -> Combinators.combine(names, floors, within.list().ofMaxSize(2))
                        .as(Place::new),
                0,
                2);
    }

    @Provide
    Arbitrary<Command> commands() {
        Arbitrary<Command> stops = Combinators.combine(
                        times(), decimals(), texts().set().ofMaxSize(3))
                .as((times, cost, reasons) -> new Command.Stop(times.instant(), cost, reasons));
        return Arbitraries.recursive(
                () -> stops,
                commands -> Arbitraries.oneOf(
                        Combinators.combine(texts(), commands.optional()).as(Command.Say::new),
                        Combinators.combine(commands.list().ofMaxSize(2), times())
                                .as((list, times) -> new Command.Many(new ArrayList<>(list), times))),
                0,
                2);
    }
}
