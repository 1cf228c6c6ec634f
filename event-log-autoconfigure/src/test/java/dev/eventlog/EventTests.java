package dev.eventlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The fields of an event are an ordinary map that nobody can change, whatever its size. */
class EventTests {

    static Stream<Map<String, String>> fields() {
        return IntStream.of(0, 1, 2, 7, 8, 9, 10, 100).mapToObj(count -> {
            Map<String, String> fields = new LinkedHashMap<>();
            for (int i = count; i > 0; i--) { // in an order that differs from that of the names and hashes
                fields.put("name" + i % 7 + i, "value" + i);
            }
            return fields;
        });
    }

    @ParameterizedTest
    @MethodSource("fields")
    void fieldsAreAMapThatKeepsTheirOrder(Map<String, String> given) {
        Map<String, String> fields = new Event(EventId.MIN, given).fields();

        assertThat(fields).isEqualTo(given).hasSameSizeAs(given);
        assertThat(given).isEqualTo(fields);
        assertThat(fields).hasSameHashCodeAs(given).hasToString(given.toString());
        assertThat(fields.entrySet()).containsExactlyElementsOf(given.entrySet());
        assertThat(fields.keySet()).containsExactlyElementsOf(given.keySet());
        assertThat(fields.values()).containsExactlyElementsOf(given.values());
        given.forEach((name, value) -> {
            assertThat(fields.get(name)).isEqualTo(value);
            assertThat(fields.containsKey(name)).isTrue();
            assertThat(fields.containsValue(value)).isTrue();
        });
        assertThat(fields.get("none")).isNull();
        assertThat(fields.getOrDefault("none", "else")).isEqualTo("else");
        assertThat(fields.containsKey("none")).isFalse();
        Iterator<?> all = fields.entrySet().iterator();
        given.forEach((name, value) -> all.next());
        assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(all::next);
    }

    @ParameterizedTest
    @MethodSource("fields")
    void fieldsCannotBeChanged(Map<String, String> given) {
        Event event = new Event(EventId.MIN, given);
        Map<String, String> before = Map.copyOf(given);
        given.put("later", "on");

        assertThat(event.fields()).isEqualTo(before);
        assertThat(new Event(EventId.MAX, event.fields()).fields()).isEqualTo(before);
        assertRefused(event, fields -> fields.put("another", "one"));
        if (!before.isEmpty()) {
            assertRefused(
                    event, fields -> fields.remove(fields.keySet().iterator().next()));
            assertRefused(event, fields -> fields.entrySet().iterator().next().setValue("other"));
            assertRefused(event, fields -> fields.values().removeIf(any -> true));
            assertRefused(event, fields -> fields.replaceAll((name, value) -> "other"));
            assertRefused(event, Map::clear);
        }
        assertThat(event.fields()).isEqualTo(before);
    }

    private static void assertRefused(Event event, Consumer<Map<String, String>> change) {
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> change.accept(event.fields()));
    }
}
