package dev.eventlog.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.DefaultTyping;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonDeserialize;
import tools.jackson.databind.annotation.JsonSerialize;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.deser.std.StdScalarDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsontype.BasicPolymorphicTypeValidator;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;
import tools.jackson.databind.ser.std.StdScalarSerializer;
import tools.jackson.databind.ser.std.ToStringSerializer;

class TypedFieldsTests {

    record Text(String text) {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "0",
                "007",
                "-1.50",
                "1e3",
                "NaN",
                "true",
                "false",
                "null",
                "{}",
                "[]",
                "{\"a\":1}",
                "[1]",
                "\"",
                "\"x\"",
                "{",
                "[",
                "\u0000",
                "\n",
                "\\",
                "\uFEFF",
                "\uD83D\uDE00",
                "a\u0301",
                "2024-01-31"
            })
    void anyTextIsReadBackEqual(String text) {
        for (Mappers mapper : Mappers.values()) {
            assertComesBack(mapper, new Text(text), Text.class);
            assertThat(typed(mapper, Text.class).toFields(new Text(text))).isEqualTo(Map.of("text", text));
            assertComesBack(mapper, new Labelled(new Label.Name(text), new Custom(text)), Labelled.class);
            assertComesBack(mapper, new Both(new Either(text)), Both.class);
            assertComesBack(mapper, new Maybe(Optional.of(text)), Maybe.class);
            assertComesBack(
                    mapper, new Texts(text, new StringBuilder(text).toString().toCharArray()), Texts.class);
            assertComesBack(mapper, new Lists(List.of(text), List.of(), Set.of(text), Map.of(text, text)), Lists.class);
        }
    }

    record Texts(CharSequence chars, char[] array) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Texts that
                    && chars.toString().contentEquals(that.chars)
                    && new String(array).equals(new String(that.array));
        }

        @Override
        public int hashCode() {
            return Objects.hash(chars.toString(), new String(array));
        }
    }

    record Maybe(Optional<String> text) {}

    record Lists(List<String> list, List<Integer> numbers, Set<String> set, Map<String, String> map) {}

    /** A text type. */
    record Label(Name name) {
        record Name(@JsonValue String text) {
            @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
            Name {}
        }
    }

    record Labelled(Label.Name name, Custom custom) {}

    @JsonSerialize(using = Custom.Serializer.class)
    @JsonDeserialize(using = Custom.Deserializer.class)
    record Custom(String text) {
        static final class Serializer extends ValueSerializer<Custom> {
            @Override
            public void serialize(Custom value, JsonGenerator generator, SerializationContext context) {
                generator.writeString(value.text());
            }
        }

        static final class Deserializer extends ValueDeserializer<Custom> {
            @Override
            public Custom deserialize(JsonParser parser, DeserializationContext context) {
                return new Custom(parser.getString());
            }
        }
    }

    record Both(Either either) {}

    /** Written as text. Numbers and objects can be read, too. */
    static final class Either {
        @JsonValue
        public String text = "";

        public Either() {}

        Either(String text) {
            this.text = text;
        }

        @JsonCreator
        static Either of(String text) {
            return new Either(text);
        }

        @JsonCreator
        static Either of(int number) {
            return new Either("number " + number);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Either that && text.equals(that.text);
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }
    }

    record Numbers(
            int i,
            Integer j,
            long l,
            short s,
            byte b,
            double d,
            Double e,
            float f,
            boolean t,
            char c,
            BigInteger big) {}

    @ParameterizedTest
    @MethodSource
    void numbersAreReadBackEqual(Numbers numbers) {
        for (Mappers mapper : Mappers.values()) {
            assertComesBack(mapper, numbers, Numbers.class);
        }
    }

    static Stream<Numbers> numbersAreReadBackEqual() {
        return Stream.of(
                new Numbers(0, 0, 0, (short) 0, (byte) 0, 0, -0.0, 0, false, '\0', BigInteger.ZERO),
                new Numbers(
                        Integer.MIN_VALUE,
                        Integer.MAX_VALUE,
                        Long.MIN_VALUE,
                        Short.MIN_VALUE,
                        Byte.MIN_VALUE,
                        Double.NaN,
                        Double.NEGATIVE_INFINITY,
                        Float.POSITIVE_INFINITY,
                        true,
                        ' ',
                        BigInteger.TEN.pow(900)),
                new Numbers(
                        1,
                        2,
                        Long.MAX_VALUE,
                        Short.MAX_VALUE,
                        Byte.MAX_VALUE,
                        Double.MIN_VALUE,
                        Double.MAX_VALUE,
                        Float.MIN_VALUE,
                        true,
                        '"',
                        BigInteger.TEN.negate()));
    }

    record Amount(BigDecimal value, List<BigDecimal> more) {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "0.00",
                "1.10",
                "-1E+1000",
                "1E-1000",
                "1E+2147483647",
                "1E-2147483647",
                "123456789.987654321"
            })
    void decimalsKeepTheirScale(String value) {
        for (Mappers mapper : Mappers.values()) {
            BigDecimal decimal = new BigDecimal(value);
            assertComesBack(mapper, new Amount(decimal, List.of(decimal)), Amount.class);
            assertThat(typed(mapper, Amount.class).toFields(new Amount(decimal, List.of())))
                    .isEqualTo(Map.of("value", decimal.toString(), "more", "[]"));
        }
    }

    record Times(
            Instant instant,
            LocalDate date,
            LocalTime time,
            LocalDateTime dateTime,
            Duration duration,
            Period period,
            Year year,
            YearMonth yearMonth,
            MonthDay monthDay,
            Month month,
            DayOfWeek day,
            ZoneId zone,
            ZoneOffset offset,
            Date old,
            @JsonFormat(pattern = "yyyyMMdd") LocalDate compact,
            @JsonFormat(shape = JsonFormat.Shape.STRING) Instant text) {}

    @ParameterizedTest
    @EnumSource
    void timesAreReadBackEqual(Mappers mapper) {
        for (Instant instant : List.of(
                Instant.EPOCH,
                Instant.parse("2024-02-29T23:59:59.123456789Z"),
                Instant.parse("1969-12-31T23:59:59.999999999Z"))) {
            LocalDateTime dateTime = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
            assertComesBack(
                    mapper,
                    new Times(
                            instant,
                            dateTime.toLocalDate(),
                            dateTime.toLocalTime(),
                            dateTime,
                            Duration.between(Instant.EPOCH, instant),
                            Period.of(1, 2, 3),
                            Year.from(dateTime),
                            YearMonth.from(dateTime),
                            MonthDay.from(dateTime),
                            dateTime.getMonth(),
                            dateTime.getDayOfWeek(),
                            ZoneId.of("Europe/Vienna"),
                            ZoneOffset.ofHours(-3),
                            new Date(instant.toEpochMilli()),
                            dateTime.toLocalDate(),
                            instant),
                    Times.class);
        }
    }

    record Zoned(OffsetDateTime offset, ZonedDateTime zoned, ZonedDateTime utc) {}

    @Test
    void zonesAndOffsetsAreKeptIfDatesAreText() {
        ZonedDateTime zoned = ZonedDateTime.of(2024, 10, 27, 2, 30, 0, 5, ZoneId.of("Europe/Vienna"));
        assertComesBack(
                Mappers.BOOT,
                new Zoned(
                        zoned.toOffsetDateTime().withOffsetSameInstant(ZoneOffset.ofHours(5)),
                        zoned,
                        zoned.withZoneSameInstant(ZoneId.of("UTC"))),
                Zoned.class);
    }

    enum Color {
        RED,
        GREEN {
            @Override
            public String toString() {
                return "{green}";
            }
        }
    }

    enum Coded {
        ONE(1);

        private final int code;

        Coded(int code) {
            this.code = code;
        }

        @JsonValue
        int code() {
            return code;
        }
    }

    record Scalars(
            UUID uuid, URI uri, Pattern pattern, Color color, Coded coded, Class<?> type, java.util.Locale locale) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Scalars that
                    && Objects.equals(uuid, that.uuid)
                    && Objects.equals(uri, that.uri)
                    && pattern.pattern().equals(that.pattern.pattern())
                    && color == that.color
                    && coded == that.coded
                    && type == that.type
                    && locale.equals(that.locale);
        }

        @Override
        public int hashCode() {
            return Objects.hash(uuid, uri);
        }
    }

    @ParameterizedTest
    @EnumSource
    void scalarsAreReadBackEqual(Mappers mapper) {
        for (String pattern : List.of("[1]", "\\{}", "1", "a|b", "true")) {
            assertComesBack(
                    mapper,
                    new Scalars(
                            new UUID(1, 2),
                            URI.create("http://[::1]/x"),
                            Pattern.compile(pattern),
                            pattern.equals("1") ? Color.RED : Color.GREEN,
                            Coded.ONE,
                            String.class,
                            java.util.Locale.CANADA_FRENCH),
                    Scalars.class);
        }
    }

    record Point(int x, @Nullable Integer y) {}

    record Nested(
            Point point,
            List<Point> list,
            Map<Color, Point> byColor,
            EnumMap<Color, List<Integer>> enumMap,
            Point[] array,
            int[] ints,
            byte[] bytes,
            Map<String, Map<String, List<String>>> deep,
            Set<Color> colors) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Nested that
                    && point.equals(that.point)
                    && list.equals(that.list)
                    && byColor.equals(that.byColor)
                    && enumMap.equals(that.enumMap)
                    && List.of(array).equals(List.of(that.array))
                    && java.util.Arrays.equals(ints, that.ints)
                    && java.util.Arrays.equals(bytes, that.bytes)
                    && deep.equals(that.deep)
                    && colors.equals(that.colors);
        }

        @Override
        public int hashCode() {
            return point.hashCode();
        }
    }

    @ParameterizedTest
    @EnumSource
    void nestedValuesAreStoredAsJsonAndReadBackEqual(Mappers mapper) {
        Nested nested = new Nested(
                new Point(1, null),
                List.of(new Point(2, 3)),
                Map.of(Color.GREEN, new Point(4, 5)),
                new EnumMap<>(Map.of(Color.RED, List.of(6))),
                new Point[] {new Point(7, 8)},
                new int[] {9, -9},
                new byte[] {-1, 0, 1},
                Map.of("a", Map.of("b", List.of("c", "[d]", ""))),
                Set.of(Color.RED));
        assertComesBack(mapper, nested, Nested.class);
        assertThat(typed(mapper, Nested.class).toFields(nested))
                .containsEntry("list", "[{\"x\":2,\"y\":3}]")
                .containsEntry("ints", "[9,-9]")
                .containsEntry("bytes", "/wAB");
    }

    record Optionals(
            Optional<String> text,
            Optional<Point> point,
            Optional<List<String>> list,
            Optional<Instant> instant,
            OptionalInt i,
            OptionalLong l,
            OptionalDouble d,
            @Nullable String last) {}

    @ParameterizedTest
    @EnumSource
    void optionalsAreReadBackEqual(Mappers mapper) {
        assertComesBack(
                mapper,
                new Optionals(
                        Optional.of("{}"),
                        Optional.of(new Point(1, 2)),
                        Optional.of(List.of("[]")),
                        Optional.of(Instant.parse("2024-01-31T01:02:03.000000001Z")),
                        OptionalInt.of(-1),
                        OptionalLong.of(Long.MIN_VALUE),
                        OptionalDouble.of(1e300),
                        "null"),
                Optionals.class);
        Optionals empty = new Optionals(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                OptionalLong.empty(),
                OptionalDouble.empty(),
                "x");
        assertComesBack(mapper, empty, Optionals.class);
        assertThat(typed(mapper, Optionals.class).toFields(empty)).isEqualTo(Map.of("last", "x"));
    }

    record Wrappers(Celsius celsius, Tags tags, Attributes attributes, Money money, Cents cents, Place place) {}

    record Celsius(@JsonValue double degrees) {
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        Celsius {}
    }

    record Tags(@JsonValue List<String> tags) {
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        Tags {}
    }

    record Attributes(@JsonValue Map<String, String> map) {
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        Attributes {}
    }

    /** Written as an object by a serializer that does not declare its format. */
    @JsonSerialize(using = Money.Serializer.class)
    @JsonDeserialize(using = Money.Deserializer.class)
    record Money(long amount, String currency) {
        static final class Serializer extends ValueSerializer<Money> {
            @Override
            public void serialize(Money value, JsonGenerator generator, SerializationContext context) {
                generator.writeStartObject();
                generator.writeNumberProperty("amount", value.amount());
                generator.writeStringProperty("currency", value.currency());
                generator.writeEndObject();
            }
        }

        static final class Deserializer extends ValueDeserializer<Money> {
            @Override
            public Money deserialize(JsonParser parser, DeserializationContext context) {
                JsonNode tree = context.readTree(parser);
                return new Money(
                        tree.required("amount").longValue(),
                        tree.required("currency").stringValue());
            }
        }
    }

    /** Written as a number by a serializer that does not declare its format. */
    @JsonSerialize(using = Cents.Serializer.class)
    @JsonDeserialize(using = Cents.Deserializer.class)
    record Cents(long cents) {
        static final class Serializer extends ValueSerializer<Cents> {
            @Override
            public void serialize(Cents value, JsonGenerator generator, SerializationContext context) {
                generator.writeNumber(value.cents());
            }
        }

        static final class Deserializer extends ValueDeserializer<Cents> {
            @Override
            public Cents deserialize(JsonParser parser, DeserializationContext context) {
                return new Cents(parser.getLongValue());
            }
        }
    }

    /** A constructor with a text parameter does not make this a text type. */
    static final class Place {
        public String name = "";
        public int floor;

        public Place() {}

        public Place(String name) {
            this.name = name;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Place that && name.equals(that.name) && floor == that.floor;
        }

        @Override
        public int hashCode() {
            return name.hashCode();
        }
    }

    @ParameterizedTest
    @EnumSource
    void typesWithTheirOwnSerializationAreReadBackEqual(Mappers mapper) {
        Place place = new Place("{}");
        place.floor = 3;
        assertComesBack(
                mapper,
                new Wrappers(
                        new Celsius(-1.5),
                        new Tags(List.of("1", "[]")),
                        new Attributes(Map.of("a", "{}")),
                        new Money(5, "EUR"),
                        new Cents(7),
                        place),
                Wrappers.class);
    }

    sealed interface Shape {
        record Circle(int radius, @Nullable Shape within) implements Shape {}

        sealed interface Angular extends Shape {}

        record Square(int side, List<Shape> holes) implements Angular {}
    }

    record Drawing(
            Shape shape, Optional<Shape> maybe, List<Shape> more, Map<String, Shape> named, Shape.Circle circle) {}

    @ParameterizedTest
    @EnumSource
    void sealedTypesAreReadBackEqual(Mappers mapper) {
        Shape.Circle circle = new Shape.Circle(1, new Shape.Circle(2, null));
        Shape square = new Shape.Square(3, List.of(circle));
        assertComesBack(mapper, circle, Shape.class);
        assertComesBack(mapper, square, Shape.class);
        assertComesBack(
                mapper,
                new Drawing(square, Optional.of(circle), List.of(square), Map.of("x", circle), circle),
                Drawing.class);
        assertThat(typed(mapper, Shape.class).toFields(circle))
                .isEqualTo(Map.of(
                        "@type",
                        "Circle",
                        "radius",
                        "1",
                        "within",
                        "{\"@type\":\"Circle\",\"radius\":2" + (mapper == Mappers.BOOT ? ",\"within\":null}" : "}")));
    }

    @ParameterizedTest
    @EnumSource
    void sealedTypeAndItsMembersReadEachOther(Mappers mapper) {
        Shape.Circle circle = new Shape.Circle(1, null);
        TypedFields<Shape> shapes = typed(mapper, Shape.class);
        TypedFields<Shape.Circle> circles = typed(mapper, Shape.Circle.class);
        assertThat(circles.fromFields(shapes.toFields(circle))).isEqualTo(circle);
        assertThat(shapes.fromFields(circles.toFields(circle))).isEqualTo(circle);
        assertThat(circles.fromFields(Map.of("radius", "1"))).isEqualTo(circle);
        Map<String, String> typeLast = new LinkedHashMap<>(Map.of("radius", "1"));
        typeLast.put("@type", "Circle");
        assertThat(shapes.fromFields(typeLast)).isEqualTo(circle);
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Signal.On.class, name = "on"),
        @JsonSubTypes.Type(value = Signal.Off.class, name = "off")
    })
    sealed interface Signal {
        record On(int level) implements Signal {}

        record Off(Point point, String text) implements Signal {}
    }

    record Message(
            String text,

            @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, include = JsonTypeInfo.As.EXTERNAL_PROPERTY, property = "what")
            Signal signal,

            Signal other) {}

    @ParameterizedTest
    @EnumSource
    void annotatedPolymorphismIsUnchanged(Mappers mapper) {
        Signal off = new Signal.Off(new Point(1, 2), "{}");
        assertComesBack(mapper, off, Signal.class);
        assertThat(typed(mapper, Signal.class).toFields(new Signal.On(3)))
                .isEqualTo(Map.of("kind", "on", "level", "3"));
        assertComesBack(mapper, new Message("1", off, new Signal.On(4)), Message.class);
        assertThat(typed(mapper, Message.class).toFields(new Message("1", off, off)))
                .containsEntry("what", "off");
    }

    sealed interface Id {
        @JsonValue
        String text();

        @JsonCreator
        static Id of(String text) {
            return text.startsWith("u") ? new User(text) : new Order(text);
        }

        record User(String text) implements Id {}

        record Order(String text) implements Id {}
    }

    record Owned(Id owner, List<Id> more) {}

    @ParameterizedTest
    @EnumSource
    void sealedTypeWithItsOwnDeserializationIsUnchanged(Mappers mapper) {
        Owned owned = new Owned(new Id.User("u1"), List.of(new Id.Order("7")));
        assertComesBack(mapper, owned, Owned.class);
        assertThat(typed(mapper, Owned.class).toFields(owned)).isEqualTo(Map.of("owner", "u1", "more", "[\"7\"]"));
    }

    static final class Flexible {
        @JsonProperty("the-name")
        public String name = "";

        @JsonUnwrapped(prefix = "at_")
        public @Nullable Spot spot;

        @JsonAnySetter
        @JsonAnyGetter
        public Map<String, Point> others = new LinkedHashMap<>();

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Flexible that
                    && name.equals(that.name)
                    && Objects.equals(spot, that.spot)
                    && others.equals(that.others);
        }

        @Override
        public int hashCode() {
            return name.hashCode();
        }
    }

    static final class Spot {
        public List<Point> points = List.of();
        public String label = "";

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Spot that && points.equals(that.points) && label.equals(that.label);
        }

        @Override
        public int hashCode() {
            return label.hashCode();
        }
    }

    @ParameterizedTest
    @EnumSource
    void renamedUnwrappedAndAnyPropertiesAreSupported(Mappers mapper) {
        Flexible flexible = new Flexible();
        flexible.name = "1";
        flexible.spot = new Spot();
        flexible.spot.points = List.of(new Point(1, 2));
        flexible.spot.label = "[]";
        flexible.others.put("a b", new Point(3, 4));
        assertComesBack(mapper, flexible, Flexible.class);
        assertThat(typed(mapper, Flexible.class).toFields(flexible))
                .containsOnlyKeys("the-name", "at_points", "at_label", "a b");
    }

    sealed interface Clashing {
        record One() implements Clashing {
            record Same(int a) implements Clashing {}
        }

        record Same(int a) implements Clashing {}
    }

    sealed interface Renaming {
        record One() implements Renaming {
            @JsonTypeName("other")
            record Same(int a) implements Renaming {}
        }

        record Same(int a) implements Renaming {}
    }

    static sealed class Base {
        public int a;

        static final class Derived extends Base {
            public int b;
        }
    }

    @ParameterizedTest
    @EnumSource
    void membersOfASealedTypeAreDistinguished(Mappers mapper) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(mapper, Clashing.class))
                .withMessageContaining(Clashing.One.Same.class.getName())
                .withMessageContaining(Clashing.Same.class.getName())
                .withMessageContaining("@JsonTypeName");
        assertComesBack(mapper, new Renaming.Same(1), Renaming.class);
        assertComesBack(mapper, new Renaming.One.Same(1), Renaming.class);
        assertThat(typed(mapper, Renaming.class).toFields(new Renaming.One.Same(1)))
                .containsEntry("@type", "other");
        Base.Derived derived = new Base.Derived();
        derived.b = 2;
        TypedFields<Base> typed = typed(mapper, Base.class);
        assertThat(typed.fromFields(typed.toFields(derived)))
                .usingRecursiveComparison()
                .isEqualTo(derived);
    }

    record Chosen(
            @JsonSerialize(using = ToStringSerializer.class) Code asText,

            @JsonSerialize(using = Reversed.Writer.class) @JsonDeserialize(using = Reversed.Reader.class)
            String reversed,

            @JsonFormat(shape = JsonFormat.Shape.ARRAY) Point asArray,
            Built built,
            @JsonAlias("old") String alias,
            Map.Entry<String, Point> entry,
            AtomicReference<List<Integer>> reference,
            Scalar scalar) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Chosen that && toString().equals(that.toString());
        }

        @Override
        public int hashCode() {
            return toString().hashCode();
        }
    }

    static final class Code {
        public final int number;

        @JsonCreator
        Code(@JsonProperty("number") int number) {
            this.number = number;
        }

        @JsonCreator
        static Code parse(String text) {
            return new Code(Integer.parseInt(text.replace("#", "")));
        }

        @Override
        public String toString() {
            return "" + number;
        }
    }

    static final class Reversed {
        static final class Writer extends ValueSerializer<String> {
            @Override
            public void serialize(String value, JsonGenerator generator, SerializationContext context) {
                generator.writeString(new StringBuilder(value).reverse().toString());
            }
        }

        static final class Reader extends ValueDeserializer<String> {
            @Override
            public String deserialize(JsonParser parser, DeserializationContext context) {
                return new StringBuilder(parser.getString()).reverse().toString();
            }
        }
    }

    @JsonDeserialize(builder = Built.Builder.class)
    record Built(int size, List<String> parts) {
        static final class Builder {
            private int size;
            private List<String> parts = List.of();

            Builder withSize(int size) {
                this.size = size;
                return this;
            }

            Builder withParts(List<String> parts) {
                this.parts = parts;
                return this;
            }

            Built build() {
                return new Built(size, parts);
            }
        }
    }

    /** Declared as text by its superclasses, but it is a number. */
    @JsonSerialize(using = Scalar.Writer.class)
    @JsonDeserialize(using = Scalar.Reader.class)
    record Scalar(long value) {
        static final class Writer extends StdScalarSerializer<Scalar> {
            Writer() {
                super(Scalar.class);
            }

            @Override
            public void serialize(Scalar value, JsonGenerator generator, SerializationContext context) {
                generator.writeNumber(value.value());
            }
        }

        static final class Reader extends StdScalarDeserializer<Scalar> {
            Reader() {
                super(Scalar.class);
            }

            @Override
            public Scalar deserialize(JsonParser parser, DeserializationContext context) {
                return new Scalar(parser.getLongValue());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void annotationsOfJacksonAreRespected(Mappers mapper) {
        for (String text : List.of("x", "", "1", "}{", "]1[", "eurt", "\"")) {
            assertComesBack(
                    mapper,
                    new Chosen(
                            new Code(12),
                            text,
                            new Point(1, 2),
                            new Built(3, List.of("[]")),
                            text,
                            Map.entry(text, new Point(3, 4)),
                            new AtomicReference<>(List.of(5)),
                            new Scalar(6)),
                    Chosen.class);
        }
    }

    @Test
    void buildersAndAliasesReadTheFields() {
        assertComesBack(Mappers.BOOT, new Built(1, List.of("a")), Built.class);
        assertThat(typed(Mappers.BOOT, Aliased.class).fromFields(Map.of("old", "[{\"x\":1,\"y\":2}]")))
                .isEqualTo(new Aliased(List.of(new Point(1, 2))));
    }

    record Aliased(@JsonAlias("old") List<Point> points) {}

    @Test
    void arrayShapeIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> {
                    JsonMapper mapper = JsonMapper.builder()
                            .withConfigOverride(
                                    Point.class,
                                    override -> override.setFormat(JsonFormat.Value.forShape(JsonFormat.Shape.ARRAY)))
                            .build();
                    new EventFields(mapper).typed(Point.class).toFields(new Point(1, 2));
                })
                .withMessageContaining("is not written as a JSON object");
    }

    @Test
    void defaultTypingOfTheMapperIsUnchanged() {
        JsonMapper mapper = JsonMapper.builder()
                .activateDefaultTyping(
                        BasicPolymorphicTypeValidator.builder()
                                .allowIfBaseType(Object.class)
                                .build(),
                        DefaultTyping.NON_FINAL)
                .build();
        Shape circle = new Shape.Circle(1, null);
        TypedFields<Drawing> typed = new EventFields(mapper).typed(Drawing.class);
        Drawing drawing = new Drawing(
                circle,
                Optional.empty(),
                new ArrayList<>(List.of(circle)),
                new LinkedHashMap<>(),
                new Shape.Circle(2, circle));
        assertThat(typed.fromFields(typed.toFields(drawing))).isEqualTo(drawing);
        assertThat(typed.toFields(drawing).toString()).doesNotContain("@type");
    }

    @Test
    void manyThreadsCanStartAtOnce() throws Exception {
        EventFields fields = new EventFields(Mappers.BOOT.mapper);
        Drawing drawing = new Drawing(
                new Shape.Square(1, List.of()), Optional.empty(), List.of(), Map.of(), new Shape.Circle(2, null));
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Drawing>> tasks = Collections.nCopies(64, () -> {
                TypedFields<Drawing> typed = fields.typed(Drawing.class);
                return typed.fromFields(typed.toFields(drawing));
            });
            for (Future<Drawing> result : threads.invokeAll(tasks)) {
                assertThat(result.get()).isEqualTo(drawing);
            }
        } finally {
            threads.shutdown();
        }
    }

    record Undecidable(Object object, JsonNode tree, ObjectNode objectNode, ArrayNode arrayNode) {}

    @ParameterizedTest
    @EnumSource
    void undeclaredValuesAreReadAsText(Mappers mapper) {
        ObjectNode objectNode = JsonMapper.shared().createObjectNode().put("a", "1");
        ArrayNode arrayNode = JsonMapper.shared().createArrayNode().add("1");
        TypedFields<Undecidable> typed = typed(mapper, Undecidable.class);
        assertThat(typed.fromFields(typed.toFields(new Undecidable("1", arrayNode, objectNode, arrayNode))))
                .isEqualTo(new Undecidable("1", StringNode.valueOf("[\"1\"]"), objectNode, arrayNode));
        assertThat(typed.fromFields(typed.toFields(new Undecidable(List.of(1), arrayNode, objectNode, arrayNode))))
                .isEqualTo(new Undecidable("[1]", StringNode.valueOf("[\"1\"]"), objectNode, arrayNode));
    }

    @Test
    @SuppressWarnings({"rawtypes", "unchecked"})
    void mapIsReadAsTextFields() {
        TypedFields<Map> typed = typed(Mappers.BOOT, Map.class);
        assertThat(typed.fromFields(typed.toFields(Map.of("a", 1, "b", List.of("x")))))
                .isEqualTo(Map.of("a", "1", "b", "[\"x\"]"));
    }

    record Single(List<String> texts, List<Point> points, int[] ints) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Single that
                    && texts.equals(that.texts)
                    && points.equals(that.points)
                    && java.util.Arrays.equals(ints, that.ints);
        }

        @Override
        public int hashCode() {
            return texts.hashCode();
        }
    }

    @Test
    void singleValuesAreReadAsLists() {
        JsonMapper mapper = Mappers.BOOT
                .mapper
                .rebuild()
                .enable(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
                .enable(SerializationFeature.WRITE_SINGLE_ELEM_ARRAYS_UNWRAPPED)
                .enable(SerializationFeature.WRITE_CHAR_ARRAYS_AS_JSON_ARRAYS)
                .build();
        TypedFields<Single> typed = new EventFields(mapper).typed(Single.class);
        Single single = new Single(List.of("[1]"), List.of(new Point(1, 2)), new int[] {3});
        assertThat(typed.fromFields(typed.toFields(single))).isEqualTo(single);
        assertThat(typed.fromFields(Map.of("texts", "x", "points", "{\"x\":1,\"y\":2}", "ints", "3"))
                        .points())
                .isEqualTo(single.points());
    }

    record Strict(
            int i,
            boolean b,
            @Nullable Double d,
            @Nullable Color color,
            @Nullable Instant instant,
            @Nullable List<Integer> list) {}

    @Test
    void strictMapperReadsWhatItWrote() {
        JsonMapper mapper = JsonMapper.builder()
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(SerializationFeature.WRAP_ROOT_VALUE)
                .enable(DeserializationFeature.UNWRAP_ROOT_VALUE)
                .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
                .enable(EnumFeature.WRITE_ENUMS_USING_INDEX)
                .build();
        TypedFields<Strict> typed = new EventFields(mapper).typed(Strict.class);
        Strict all = new Strict(1, true, Double.NaN, Color.GREEN, Instant.EPOCH, List.of(1));
        assertThat(typed.fromFields(typed.toFields(all))).isEqualTo(all);
        Strict some = new Strict(1, true, null, null, null, null);
        assertThat(typed.fromFields(typed.toFields(some))).isEqualTo(some);
        assertThatExceptionOfType(JacksonException.class)
                .isThrownBy(() -> typed.fromFields(Map.of("i", "1", "b", "true", "other", "x")))
                .withMessageContaining("other");
    }

    @Test
    void fieldsOfOtherProgramsAreReadByTheRulesOfTheMapper() {
        TypedFields<Strict> typed = typed(Mappers.BOOT, Strict.class);
        assertThat(typed.fromFields(Map.of("i", "1", "b", "false", "other", "x", "list", " [ 1, 2 ] ", "color", "RED")))
                .isEqualTo(new Strict(1, false, null, Color.RED, null, List.of(1, 2)));
        assertUnreadable(typed, Map.of("i", "x", "b", "true"), "int");
        assertUnreadable(typed, Map.of("i", "1", "b", "true", "list", "x"), "from String value");
        assertUnreadable(typed, Map.of("i", "1", "b", "true", "list", ""), "from String value");
        assertUnreadable(typed, Map.of("i", "1", "b", "true", "list", "[1"), "end-of-input");
        assertUnreadable(typed, Map.of("i", "1", "b", "true", "list", "[1] 2"), "More than one JSON value");
        assertUnreadable(typed, Map.of("i", "1", "b", "true", "list", "[[1]]"), "list");
        assertUnreadable(typed(Mappers.BOOT, Shape.class), Map.of("radius", "1"), "@type");
        assertUnreadable(typed(Mappers.BOOT, Shape.class), Map.of("@type", "Star"), "Star");
    }

    private static void assertUnreadable(TypedFields<?> typed, Map<String, String> fields, String reason) {
        assertThatExceptionOfType(JacksonException.class)
                .isThrownBy(() -> typed.fromFields(fields))
                .withMessageContaining(reason);
    }

    record Held(@Nullable Place place) {}

    @Test
    void unreadableObjectIsNotReadAsText() {
        assertUnreadable(typed(Mappers.BOOT, Held.class), Map.of("place", "{\"floor\":\"x\"}"), "floor");
    }

    static class Named {
        public String name = "";
    }

    static final class Renamed extends Named {
        public String alias = "";
    }

    abstract static class NamedMixin {
        @JsonProperty("called")
        String name = "";
    }

    @Test
    void subclassPropertiesAndMixinsAreSupported() {
        JsonMapper mapper = Mappers.BOOT
                .mapper
                .rebuild()
                .addMixIn(Named.class, NamedMixin.class)
                .build();
        Renamed renamed = new Renamed();
        renamed.name = "n";
        renamed.alias = "a";
        TypedFields<Named> typed = new EventFields(mapper).typed(Named.class);
        assertThat(typed.toFields(renamed)).isEqualTo(Map.of("called", "n", "alias", "a"));
        assertThat(typed.fromFields(typed.toFields(renamed)).name).isEqualTo("n");
    }

    /** Read by a module, like types of other libraries. */
    sealed interface Unit {
        record Meter() implements Unit {}

        record Second() implements Unit {}
    }

    record Measured(Unit unit, List<Unit> units) {}

    @Test
    void sealedTypeThatAModuleReadsIsUnchanged() {
        SimpleModule module = new SimpleModule()
                .addSerializer(Unit.class, new ValueSerializer<Unit>() {
                    @Override
                    public void serialize(Unit value, JsonGenerator generator, SerializationContext context) {
                        generator.writeString(value instanceof Unit.Meter ? "1" : "s");
                    }
                })
                .addDeserializer(Unit.class, new ValueDeserializer<Unit>() {
                    @Override
                    public Unit deserialize(JsonParser parser, DeserializationContext context) {
                        return parser.getString().equals("1") ? new Unit.Meter() : new Unit.Second();
                    }
                });
        JsonMapper mapper = Mappers.BOOT.mapper.rebuild().addModule(module).build();
        TypedFields<Measured> typed = new EventFields(mapper).typed(Measured.class);
        Measured measured = new Measured(new Unit.Meter(), List.of(new Unit.Second()));
        assertThat(typed.toFields(measured)).isEqualTo(Map.of("unit", "1", "units", "[\"s\"]"));
        assertThat(typed.fromFields(typed.toFields(measured))).isEqualTo(measured);
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                String.class,
                Integer.class,
                Boolean.class,
                List.class,
                int[].class,
                byte[].class,
                UUID.class,
                Color.class,
                Instant.class
            })
    void typeThatIsNotAnObjectIsRefused(Class<?> type) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, type))
                .withMessage(type.getName()
                        + " is not written as a JSON object, so it has no properties that could be fields");
    }

    @Test
    void typeThatIsNotWrittenAsAnObjectIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, Custom.class).toFields(new Custom("x")))
                .withMessage("The event cannot be stored: " + Custom.class.getName()
                        + " is not written as a JSON object, so it has no properties that could be fields");
    }

    @Test
    void customSerializerCanWriteTheFields() {
        TypedFields<Money> typed = typed(Mappers.BOOT, Money.class);
        assertThat(typed.toFields(new Money(1, "EUR"))).isEqualTo(Map.of("amount", "1", "currency", "EUR"));
    }

    record Empty() {}

    static final class Failing {
        public String getPart() {
            throw new IllegalStateException("no part");
        }
    }

    @Test
    @SuppressWarnings("NullAway")
    void failureNamesTheValueThatCannotBeStored() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, Text.class).toFields(null))
                .withMessage("The event cannot be stored: it is null");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, Text.class).toFields(new Text(null)))
                .withMessage("The event cannot be stored: it has no fields: this " + Text.class.getName()
                        + " has no property that is not null");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, Empty.class).toFields(new Empty()))
                .withMessageContaining("it has no fields");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, Text.class).toFields(new Text("\uD800")))
                .withMessageContaining(
                        "the value of field 'text' is not valid Unicode: unpaired surrogate U+D800 at index 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, Failing.class).toFields(new Failing()))
                .withMessageContaining(Failing.class.getName() + " cannot be written as JSON: no part")
                .withCauseInstanceOf(JacksonException.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, Text.class).allToFields(List.of(new Text("a"), new Text(null))))
                .withMessageStartingWith("Event 2 of 2 cannot be stored: it has no fields");
    }

    @Test
    void twoPropertiesWithTheSameNameAreRefused() {
        Flexible flexible = new Flexible();
        flexible.others.put("the-name", new Point(1, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(Mappers.BOOT, Flexible.class).toFields(flexible))
                .withMessage("The event cannot be stored: it has two fields named 'the-name'");
    }

    @Test
    void conversionOfATypeIsCreatedOnce() {
        EventFields fields = new EventFields(Mappers.BOOT.mapper);
        assertThat(fields.typed(Text.class)).isSameAs(fields.typed(Text.class));
    }

    private static <T> TypedFields<T> typed(Mappers mapper, Class<T> type) {
        return new EventFields(mapper.mapper).typed(type);
    }

    private static <T> void assertComesBack(Mappers mapper, T value, Class<T> type) {
        TypedFields<T> typed = typed(mapper, type);
        Map<String, String> fields = typed.toFields(value);
        assertThat(typed.fromFields(fields)).as("%s through %s", mapper, fields).isEqualTo(value);
    }
}
