package dev.eventlog.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.test.Pages;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Compares the documentation's table of properties with the metadata that is generated from the code, and checks that
 * the metadata is complete.
 */
class ReadmeTests {

    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `(eventlog[^`]*)` \\| (?:`([^`]*)`)? ?\\| [^|]+ \\| ([^|]*) \\|$");

    private record Property(String defaultValue, String description) {}

    @Test
    void tableOfPropertiesMatchesTheMetadata() throws IOException {
        assertThat(Pages.table("| property | default | allowed | description |"))
                .hasSameSizeAs(documented().keySet());
        assertThat(documented()).isNotEmpty().isEqualTo(generated());
    }

    @Test
    void descriptionsAreSentences() throws IOException {
        assertThat(generated())
                .allSatisfy((name, property) -> assertThat(property.description())
                        .as(name)
                        .matches("[A-Z].*\\.")
                        .doesNotStartWith("The "));
    }

    private static Map<String, Property> documented() {
        return Pages.forUsers().stream()
                .flatMap(page -> ROW.matcher(page.text()).results())
                .collect(Collectors.toMap(
                        row -> row.group(1),
                        row -> new Property(Objects.requireNonNullElse(row.group(2), ""), row.group(3)),
                        (one, other) -> {
                            throw new IllegalStateException("A property has two rows: " + one + " and " + other);
                        },
                        TreeMap::new));
    }

    private static Map<String, Property> generated() throws IOException {
        try (InputStream metadata =
                ReadmeTests.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            Map<String, Property> properties = new TreeMap<>();
            for (JsonNode property : JsonMapper.shared().readTree(metadata).get("properties")) {
                String name = property.path("name").asString();
                if (!name.startsWith("eventlog.")) {
                    continue; // properties that Spring Boot adds for each endpoint
                }
                JsonNode defaultValue = property.path("defaultValue");
                properties.put(
                        name,
                        new Property(
                                defaultValue.isContainer() ? "" : defaultValue.asString(""),
                                property.path("description").asString("")));
            }
            return properties;
        }
    }
}
