package dev.eventlog.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonIdentityInfo;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.annotation.ObjectIdGenerators;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonDeserialize;
import tools.jackson.databind.annotation.JsonPOJOBuilder;
import tools.jackson.databind.annotation.JsonSerialize;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.StdConverter;

/**
 * Types that plain Jackson writes and reads are also read back from stored fields, whatever their deserializer does.
 */
class ShapesTests {

    // Deserializers that read a tree, or another type

    @JsonSerialize(using = MoneyWriter.class)
    @JsonDeserialize(using = MoneyReader.class)
    record Money(String currency, String amount) {}

    static final class MoneyWriter extends ValueSerializer<Money> {
        @Override
        public void serialize(Money value, JsonGenerator generator, SerializationContext context) {
            generator.writeString(value.currency + " " + value.amount);
        }
    }

    static final class MoneyReader extends ValueDeserializer<Money> {
        @Override
        public Money deserialize(JsonParser parser, DeserializationContext context) {
            JsonNode tree = parser.readValueAsTree();
            String[] parts = tree.asString().split(" ", 2);
            return new Money(parts[0], parts[1]);
        }
    }

    /** A Kotlin value class is written as the value that it wraps, and reads that value from the parser. */
    @JsonSerialize(using = CodeWriter.class)
    @JsonDeserialize(using = CodeReader.class)
    record Code(String text) {}

    static final class CodeWriter extends ValueSerializer<Code> {
        @Override
        public void serialize(Code value, JsonGenerator generator, SerializationContext context) {
            generator.writeString(value.text);
        }
    }

    static final class CodeReader extends ValueDeserializer<Code> {
        @Override
        public Code deserialize(JsonParser parser, DeserializationContext context) {
            return new Code(parser.readValueAs(String.class));
        }
    }

    record Name(@JsonValue String text) {
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        static Name of(String text) {
            return new Name(text);
        }
    }

    @JsonDeserialize(using = TagsReader.class)
    record Tags(@JsonValue List<String> tags) {}

    static final class TagsReader extends ValueDeserializer<Tags> {
        @Override
        public Tags deserialize(JsonParser parser, DeserializationContext context) {
            return new Tags(parser.readValueAs(new TypeReference<List<String>>() {}));
        }
    }

    record Order(
            Money total,
            Code code,
            Name name,
            Tags tags,
            List<Money> prices,
            @Nullable Code none) {}

    // Hand-written polymorphism

    record Item(String name, int quantity) {}

    @JsonDeserialize(using = ShapeReader.class)
    interface Shape {}

    @JsonDeserialize // not by that of the interface
    record Circle(String kind, double radius, List<Item> items, Optional<Item> first) implements Shape {}

    @JsonDeserialize
    record Square(String kind, BigDecimal side, String note, Map<String, Integer> counts) implements Shape {}

    static final class ShapeReader extends ValueDeserializer<Shape> {
        @Override
        public Shape deserialize(JsonParser parser, DeserializationContext context) {
            JsonNode tree = parser.readValueAsTree();
            Class<? extends Shape> type = tree.get("kind").asString().equals("circle") ? Circle.class : Square.class;
            return context.readTreeAsValue(tree, type);
        }
    }

    @JsonDeserialize(using = NodeReader.class)
    record FromTree(String text, int number, boolean flag, Item item, List<String> list) {}

    /** Uses the strict methods of nodes, which do not convert a string to a number. */
    static final class NodeReader extends ValueDeserializer<FromTree> {
        @Override
        public FromTree deserialize(JsonParser parser, DeserializationContext context) {
            JsonNode tree = context.readTree(parser);
            JsonNode item = tree.required("item");
            return new FromTree(
                    tree.required("text").stringValue(),
                    tree.required("number").intValue(),
                    tree.required("flag").booleanValue(),
                    new Item(
                            item.required("name").stringValue(),
                            item.required("quantity").intValue()),
                    tree.required("list")
                            .valueStream()
                            .map(JsonNode::stringValue)
                            .toList());
        }
    }

    @JsonDeserialize(using = TextsReader.class)
    record Texts(String json, String number) {}

    static final class TextsReader extends ValueDeserializer<Texts> {
        @Override
        public Texts deserialize(JsonParser parser, DeserializationContext context) {
            ObjectNode tree = parser.readValueAsTree();
            return new Texts(
                    tree.required("json").stringValue(), tree.required("number").stringValue());
        }
    }

    @JsonDeserialize(using = StreamReader.class)
    record FromStream(int number, List<Integer> list) {}

    static final class StreamReader extends ValueDeserializer<FromStream> {
        @Override
        public FromStream deserialize(JsonParser parser, DeserializationContext context) {
            int number = 0;
            List<Integer> list = List.of();
            while (parser.nextToken() != null && parser.currentName() != null) {
                String name = parser.currentName();
                parser.nextToken();
                if ("number".equals(name)) {
                    number = parser.getIntValue();
                } else {
                    list = parser.readValueAs(new TypeReference<>() {});
                }
            }
            return new FromStream(number, list);
        }
    }

    // Types from the tests of Jackson

    @JsonTypeInfo(use = JsonTypeInfo.Id.DEDUCTION)
    @JsonSubTypes({@JsonSubTypes.Type(Cat.class), @JsonSubTypes.Type(Dog.class)})
    interface Animal {}

    record Cat(int lives, Item toy) implements Animal {}

    record Dog(String breed, List<Item> bones) implements Animal {}

    record Owned(
            String kind,

            @JsonTypeInfo(
                    use = JsonTypeInfo.Id.NAME,
                    include = JsonTypeInfo.As.EXTERNAL_PROPERTY,
                    property = "kind",
                    visible = true)
            @JsonSubTypes({
                @JsonSubTypes.Type(value = Cat.class, name = "cat"),
                @JsonSubTypes.Type(value = Dog.class, name = "dog")
            })
            Animal animal) {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, include = JsonTypeInfo.As.WRAPPER_OBJECT)
    @JsonSubTypes(@JsonSubTypes.Type(value = Wrapped.class, name = "wrapped"))
    interface Wrapping {}

    record Wrapped(int n, Item item) implements Wrapping {}

    record Generic<A, B>(A a, List<B> bs) {}

    record HoldsGeneric(Generic<Item, Money> generic, Generic<String, Integer> other) {}

    @JsonDeserialize(builder = Built.Builder.class)
    record Built(int n, List<Item> items) {
        @JsonPOJOBuilder(withPrefix = "")
        static final class Builder {
            private int n;
            private List<Item> items = List.of();

            @JsonProperty
            Builder n(int value) {
                n = value;
                return this;
            }

            @JsonProperty
            Builder items(List<Item> value) {
                items = value;
                return this;
            }

            Built build() {
                return new Built(n, items);
            }
        }
    }

    @JsonSerialize(converter = ToMap.class)
    @JsonDeserialize(converter = OfMap.class)
    record Converted(int n) {}

    static final class ToMap extends StdConverter<Converted, Map<String, Object>> {
        @Override
        public Map<String, Object> convert(Converted value) {
            return Map.of("number", value.n(), "twice", List.of(value.n(), value.n()));
        }
    }

    record Intermediate(int number, List<Integer> twice) {}

    static final class OfMap extends StdConverter<Intermediate, Converted> {
        @Override
        public Converted convert(Intermediate value) {
            return new Converted(value.number());
        }
    }

    static final class Any {
        @JsonProperty
        private int n;

        private final Map<String, List<Item>> others = new TreeMap<>();

        @JsonAnyGetter
        Map<String, List<Item>> others() {
            return others;
        }

        @JsonAnySetter
        void put(String name, List<Item> items) {
            others.put(name, items);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Any any && any.n == n && any.others.equals(others);
        }

        @Override
        public int hashCode() {
            return Objects.hash(n, others);
        }
    }

    static final class Unwrapped {
        @JsonUnwrapped(prefix = "item-")
        @JsonProperty
        private Item item = new Item("", 0);

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Unwrapped unwrapped && unwrapped.item.equals(item);
        }

        @Override
        public int hashCode() {
            return item.hashCode();
        }
    }

    @JsonIdentityInfo(generator = ObjectIdGenerators.PropertyGenerator.class, property = "id")
    static final class Node {
        @JsonProperty
        private String id = "";

        @JsonProperty
        private @Nullable Node next;

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Node node
                    && node.id.equals(id)
                    && (next == null) == (node.next == null)
                    && (next == null || next.id.equals(Objects.requireNonNull(node.next).id));
        }

        @Override
        public int hashCode() {
            return id.hashCode();
        }
    }

    enum Size {
        @JsonProperty("s")
        SMALL,
        @JsonProperty("1")
        ONE,
        @JsonFormat
        BIG
    }

    record Enums(Size size, Map<Size, Size> sizes, Optional<Size> maybe) {}

    record Delegating(@JsonValue Map<String, Integer> counts) {
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        Delegating {}
    }

    record Ignoring(int n, @JsonIgnore @Nullable String not) {}

    static Stream<Arguments> shapes() {
        Item item = new Item("{\"a\":1}", 2);
        Money money = new Money("EUR", "17.50");
        Any any = new Any();
        any.n = 1;
        any.others.put("x", List.of(item));
        Unwrapped unwrapped = new Unwrapped();
        unwrapped.item = item;
        Node first = new Node();
        first.id = "a";
        Node second = new Node();
        second.id = "b";
        first.next = second;
        second.next = first;
        return Stream.of(
                shape(
                        new Order(
                                money,
                                new Code("a"),
                                new Name("b"),
                                new Tags(List.of("1", "{}")),
                                List.of(money),
                                null),
                        Order.class),
                shape(
                        new Order(
                                money,
                                new Code("17"),
                                new Name("17"),
                                new Tags(List.of()),
                                List.of(),
                                new Code("true")),
                        Order.class),
                shape(
                        new Order(money, new Code("{}"), new Name("[1]"), new Tags(List.of()), List.of(), new Code("")),
                        Order.class),
                shape(new Circle("circle", 2.5, List.of(item), Optional.of(item)), Shape.class),
                shape(new Circle("circle", 2, List.of(), Optional.empty()), Shape.class),
                shape(new Square("square", new BigDecimal("1.25"), "007", Map.of("a", 1)), Shape.class),
                shape(new Square("square", new BigDecimal("1"), "1.50", Map.of()), Shape.class),
                shape(new FromTree("text", 1, true, item, List.of("a", "1")), FromTree.class),
                shape(new Texts("{\"a\":1}", "1.50"), Texts.class),
                shape(new Texts("text", "1e3"), Texts.class),
                shape(new FromStream(1, List.of(1, 2)), FromStream.class),
                shape(new Cat(9, item), Animal.class),
                shape(new Dog("poodle", List.of(item)), Animal.class),
                shape(new Owned("cat", new Cat(9, item)), Owned.class),
                shape(new Owned("dog", new Dog("poodle", List.of(item))), Owned.class),
                shape(new Wrapped(1, item), Wrapping.class),
                shape(
                        new HoldsGeneric(new Generic<>(item, List.of(money)), new Generic<>("1", List.of(1, 2))),
                        HoldsGeneric.class),
                shape(new Built(1, List.of(item)), Built.class),
                shape(new Converted(7), Converted.class),
                shape(any, Any.class),
                shape(unwrapped, Unwrapped.class),
                shape(first, Node.class),
                shape(new Enums(Size.ONE, Map.of(Size.ONE, Size.SMALL), Optional.of(Size.ONE)), Enums.class),
                shape(new Delegating(Map.of("a", 1)), Delegating.class),
                shape(new Ignoring(1, null), Ignoring.class));
    }

    private static Arguments shape(Object value, Class<?> type) {
        return Arguments.of(
                Named.of(type.getSimpleName() + " " + value.getClass().getSimpleName(), value), type);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    <T> void typesThatJacksonReadsAreReadBackEqual(T value, Class<T> type) {
        for (Mappers mapper : Mappers.values()) {
            JsonMapper json = mapper.mapper;
            assertThat(json.readValue(json.writeValueAsString(value), type))
                    .as("plain")
                    .isEqualTo(value);

            TypedFields<T> typed = new EventFields(json).typed(type);
            Map<String, String> fields = typed.toFields(value);

            assertThat(typed.fromFields(fields))
                    .as("%s through %s", mapper, fields)
                    .isEqualTo(value);
        }
    }

    interface Open {}

    abstract static class Abstract {}

    static final class OfText {
        @JsonCreator
        static OfText of(String text) {
            return new OfText(text);
        }

        private OfText(String text) {}

        @JsonProperty
        int n() {
            return 1;
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {Open.class, Abstract.class, Runnable.class, OfText.class})
    void typeThatCanNeverBeReadIsRefused(Class<?> type) {
        EventFields fields = new EventFields(Mappers.BOOT.mapper);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> fields.typed(type))
                .withMessageStartingWith("Events of " + type.getName() + " could not be read, because ");
    }
}
