package dev.eventlog.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.test.Pages;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/** Compares the values that the documentation allows for each property with those that the application starts with. */
class PropertyBoundsTests {

    private static final Pattern ROW =
            Pattern.compile("\\| `(eventlog[^`]*)` \\| (?:`([^`]*)`)? ?\\| ([^|]+) \\| [^|]* \\|");
    private static final Pattern RANGE =
            Pattern.compile("(?:`(0)`, or )?(`\\S+`|the delay)(?: or more| to (`\\S+`|the delay))");

    private record Row(String property, String defaultValue, String allowed) {}

    static List<Row> rows() {
        return Pages.table("| property | default | allowed | description |").stream()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .map(row -> new Row(row.group(1), row.group(2) == null ? "" : row.group(2), row.group(3)))
                .toList();
    }

    static Stream<Row> ranges() {
        return rows().stream().filter(row -> RANGE.matcher(row.allowed()).matches());
    }

    static Stream<Row> others() {
        return rows().stream().filter(row -> !RANGE.matcher(row.allowed()).matches());
    }

    @ParameterizedTest
    @MethodSource("ranges")
    void boundsAreThoseOfTheDocumentation(Row row) {
        Matcher range = RANGE.matcher(row.allowed());
        assertThat(range.matches()).isTrue();
        if (range.group(1) != null) {
            assertAllowed(row, range.group(1));
        }
        String least = value(row, range.group(2));
        assertAllowed(row, least);
        assertRefused(row, beyond(row, least, -1));
        if (range.group(3) != null) {
            String most = value(row, range.group(3));
            assertAllowed(row, most);
            assertRefused(row, beyond(row, most, 1));
        }
    }

    /** Numbers, times, and sizes all have a range. */
    @ParameterizedTest
    @MethodSource("others")
    void propertyWithoutARangeIsNoNumber(Row row) {
        assertThat(row.allowed())
                .matches("`[a-z-]+`(, `[a-z-]+`)+|not blank|any text|patterns|\\[entries].*|a path .*");
        if (row.allowed().startsWith("`")) {
            for (String value : row.allowed().split(", ")) {
                assertAllowed(row, value.replace("`", ""));
            }
            assertThatExceptionOfType(BindException.class).isThrownBy(() -> start(row.property(), "neither"));
        } else if (row.allowed().equals("not blank")) {
            assertRefused(row, " ");
        }
    }

    private static String value(Row row, String bound) {
        if (!bound.equals("the delay")) {
            return bound.replace("`", "");
        }
        String delay = row.property().substring(0, row.property().lastIndexOf('.')) + ".delay";
        return rows().stream()
                .filter(other -> other.property().equals(delay))
                .findFirst()
                .orElseThrow()
                .defaultValue();
    }

    /** Returns the next value below or above a bound. */
    private static String beyond(Row row, String bound, int step) {
        if (bound.endsWith("B")) {
            return DataSize.parse(bound).toBytes() + step + "B";
        }
        boolean isNumber = row.defaultValue().matches("\\d+");
        return isNumber
                ? String.valueOf(Long.parseLong(bound) + step)
                : DurationStyle.detectAndParse(bound).toNanos() + step + "ns";
    }

    private static void assertAllowed(Row row, String value) {
        assertThatCode(() -> start(row.property(), value)).as(value).doesNotThrowAnyException();
    }

    private static void assertRefused(Row row, String value) {
        assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
                .as(value)
                .isThrownBy(() -> start(row.property(), value))
                .satisfies(refused -> assertThat(refused.getName()).isEqualTo(row.property()));
    }

    /** The delays have wide bounds of their own, so that the bounds of this property count. */
    private static void start(String property, String value) {
        Map<String, String> properties = new HashMap<>(Map.of(property, value));
        if (property.endsWith(".delay")) {
            properties.put(property.replace(".delay", ".max-delay"), "1h");
        }
        if (property.equals("eventlog.follow.recovery.delay")) {
            properties.put("eventlog.follow.recovery.jitter", "0");
        }
        new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("eventlog", EventLogProperties.class)
                .afterPropertiesSet();
    }
}
