package dev.eventlog.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.annotation.JsonRawValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonSerialize;
import tools.jackson.databind.json.JsonMapper;

class EventFieldsTests {

    private final EventFields boot = new EventFields(Mappers.BOOT.mapper);
    private final EventFields changed = new EventFields(Mappers.CHANGED.mapper);

    record Point(int xValue, @Nullable String label) {}

    record Raw(@JsonRawValue String json) {}

    @JsonSerialize(using = Whole.Serializer.class)
    record Whole(Object part) {
        /** Passes the generator an object, a tree, or null, as serializers may do. */
        static final class Serializer extends ValueSerializer<Whole> {
            @Override
            public void serialize(Whole value, JsonGenerator generator, SerializationContext context) {
                generator.writePOJO(value.part());
            }
        }
    }

    @ParameterizedTest
    @MethodSource
    void valuesAreStoredAsTextOrJson(Object value, String expected) {
        assertThat(boot.toFields(Map.of("field", value))).isEqualTo(Map.of("field", expected));
    }

    static Stream<Arguments> valuesAreStoredAsTextOrJson() {
        return Stream.of(
                Arguments.of("", ""),
                Arguments.of("\"{}\"\n", "\"{}\"\n"),
                Arguments.of(new StringBuilder("x"), "x"),
                Arguments.of('c', "c"),
                Arguments.of(true, "true"),
                Arguments.of((byte) -1, "-1"),
                Arguments.of(Long.MIN_VALUE, "-9223372036854775808"),
                Arguments.of(19.8, "19.8"),
                Arguments.of(1.1f, "1.1"),
                Arguments.of(Double.NaN, "NaN"),
                Arguments.of(Double.NEGATIVE_INFINITY, "-Infinity"),
                Arguments.of(new BigDecimal("1.50"), "1.50"),
                Arguments.of(new BigDecimal("1E+3"), "1E+3"),
                Arguments.of(BigInteger.TEN.pow(30), "1" + "0".repeat(30)),
                Arguments.of(new AtomicLong(7), "7"),
                Arguments.of(TimeUnit.DAYS, "DAYS"),
                Arguments.of(new UUID(1, 2), "00000000-0000-0001-0000-000000000002"),
                Arguments.of(Instant.parse("2024-01-31T01:02:03.000000004Z"), "2024-01-31T01:02:03.000000004Z"),
                Arguments.of(LocalDate.of(2024, 1, 31), "2024-01-31"),
                Arguments.of(Duration.ofSeconds(90), "PT1M30S"),
                Arguments.of(Optional.of("{}"), "{}"),
                Arguments.of(new byte[] {-1, 0}, "/wA="),
                Arguments.of(List.of(), "[]"),
                Arguments.of(List.of("a", 1, List.of(true)), "[\"a\",1,[true]]"),
                Arguments.of(Map.of("a", Map.of("b", 1.50)), "{\"a\":{\"b\":1.5}}"),
                Arguments.of(List.of(new byte[] {-1, 0}), "[\"/wA=\"]"),
                Arguments.of(new int[] {1, 2}, "[1,2]"),
                Arguments.of(Arrays.asList("a", null), "[\"a\",null]"),
                Arguments.of(new Point(1, null), "{\"xValue\":1,\"label\":null}"),
                Arguments.of(new Raw("[ 1 ]"), "{\"json\":[ 1 ]}"),
                Arguments.of(new Whole(new Point(1, "l")), "{\"xValue\":1,\"label\":\"l\"}"),
                Arguments.of(new Whole("text"), "text"),
                Arguments.of(new Whole(JsonMapper.shared().createArrayNode().add(1)), "[1]"),
                Arguments.of(JsonMapper.shared().stringNode("x"), "x"),
                Arguments.of(JsonMapper.shared().createObjectNode().put("a", "b"), "{\"a\":\"b\"}"));
    }

    @Test
    void otherValuesAreWrittenWithTheMapperOfTheApplication() {
        assertThat(changed.toFields(Map.of("field", new Point(1, null)))).containsEntry("field", "{\"x_value\":1}");
        assertThat(changed.toFields(Map.of("field", LocalDate.of(2024, 1, 31)))).containsEntry("field", "[2024,1,31]");
    }

    @Test
    void fieldsKeepTheirOrder() {
        Map<String, Object> event = new LinkedHashMap<>();
        IntStream.iterate(100, i -> i - 1).limit(100).forEach(i -> event.put("field " + i, i));
        assertThat(boot.toFields(event).keySet()).containsExactlyElementsOf(event.keySet());
    }

    @Test
    void fieldNamesCanBeAnyText() {
        Map<String, String> event = Map.of("", "a", " ", "b", "\uD83D\uDE00", "c", "{}", "d");
        assertThat(boot.toFields(event)).isEqualTo(event);
    }

    @Test
    void tooManyFieldsAreRefused() {
        assertThat(boot.toFields(fields(3_900))).hasSize(3_900);
        assertRefused(fields(3_901), "The event cannot be stored: it has 3,901 fields, but at most 3,900 are possible");
    }

    private static Map<String, Integer> fields(int count) {
        return IntStream.range(0, count).boxed().collect(Collectors.toMap(i -> "f" + i, i -> i));
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes", "NullAway"})
    void failureNamesTheValueThatCannotBeStored() {
        assertRefused(null, "The event cannot be stored: it is null");
        assertRefused(Map.of(), "The event cannot be stored: it has no fields");
        assertRefused(Collections.singletonMap(null, "x"), "The event cannot be stored: a field name is null");
        assertRefused(Collections.singletonMap("a", null), "The event cannot be stored: field 'a' is null");
        assertRefused(Map.of("a", Optional.empty()), "The event cannot be stored: field 'a' is null");
        assertRefused(
                (Map) Map.of(1, "x"),
                "The event cannot be stored: the field name 1 is a java.lang.Integer, not a String");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\uD800", "a\uDC00b", "\uD83D", "\uDE00\uD83D", "\uD83D\uD83D\uDE00"})
    void invalidUnicodeIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.toFields(Map.of("a", text)))
                .withMessageStartingWith("The event cannot be stored: the value of field 'a' is not valid Unicode: "
                        + "unpaired surrogate U+D");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.toFields(Map.of(text, "a")))
                .withMessageContaining("the name of field '" + text + "' is not valid Unicode");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.toFields(Map.of("a", List.of(Map.of("b", text)))))
                .withMessageContaining("the value of field 'a' is not valid Unicode");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.toFields(Map.of("a", Map.of(text, "b"))))
                .withMessageContaining("the value of field 'a' is not valid Unicode");
    }

    @Test
    void invalidUnicodeIsStoredIfTheMapperEscapesIt() {
        JsonMapper escaping =
                JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
        String json = new EventFields(escaping)
                .toFields(Map.of("a", List.of("\uD800")))
                .get("a");
        assertThat(json).isEqualTo("[\"\\uD800\"]");
        assertThat(escaping.readValue(json, String[].class)).containsExactly("\uD800");
    }

    static final class Failing {
        public String getPart() {
            throw new IllegalStateException("no part");
        }
    }

    @Test
    void failureNamesTheFieldAndTheReason() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.toFields(Map.of("a", new Failing())))
                .withMessageStartingWith("The event cannot be stored: field 'a' cannot be written as JSON: no part")
                .withCauseInstanceOf(JacksonException.class);
    }

    @Test
    void valueThatContainsItselfIsRefused() {
        Map<String, Object> endless = new LinkedHashMap<>();
        endless.put("again", endless);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.toFields(Map.of("a", endless)))
                .withMessageStartingWith("The event cannot be stored: field 'a' cannot be written as JSON: ");
    }

    @Test
    void failureNamesTheEventAmongMany() {
        assertThat(boot.allToFields(List.of(Map.of("a", 1), Map.of("b", List.of()))))
                .containsExactly(Map.of("a", "1"), Map.of("b", "[]"));
        assertThat(boot.allToFields(List.of())).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.allToFields(List.of(Map.of("a", 1), Map.of("b", 2), Map.of("c", new Failing()))))
                .withMessageStartingWith("Event 3 of 3 cannot be stored: field 'c' cannot be written as JSON: no part")
                .withCauseInstanceOf(JacksonException.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.allToFields(Arrays.asList(Map.of("a", 1), null)))
                .withMessage("Event 2 of 2 cannot be stored: it is null");
    }

    @SuppressWarnings("NullAway")
    private void assertRefused(@Nullable Map<String, ?> event, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> boot.toFields(event))
                .withMessage(message);
    }
}
