package dev.eventlog.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.autoconfigure.EventLogProperties;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Checks the metadata that an IDE shows for the properties. The build generates it from the code and the additional
 * file.
 */
class ConfigurationMetadataTests {

    /** Properties without a default: absent means unlimited, none, or an empty list. */
    private static final Set<String> WITHOUT_DEFAULT = Set.of(
            "eventlog.http.path",
            "eventlog.max-age",
            "eventlog.observability.log-patterns",
            "eventlog.overrides",
            "eventlog.ttl-after-completion",
            "eventlog.ttl-after-last-add");

    private final JsonNode metadata = metadata();

    @Test
    void eachPropertyHasADescriptionAndADefault() {
        Set<String> withoutDefault = new TreeSet<>();
        properties().forEach((name, property) -> {
            assertThat(property.path("description").asString("")).as(name).isNotBlank();
            if (property.path("defaultValue").isMissingNode()) {
                withoutDefault.add(name);
            }
        });
        assertThat(withoutDefault).isEqualTo(new TreeSet<>(WITHOUT_DEFAULT));
    }

    @Test
    void metadataHasThePropertyOfTheHealthIndicator() {
        JsonNode health = all("properties").get("management.health.eventlog.enabled");
        assertThat(health).isNotNull();
        assertThat(health.path("type").asString("")).isEqualTo("java.lang.Boolean");
        assertThat(health.path("description").asString("")).isNotBlank();
        assertThat(health.path("defaultValue").asBoolean(false)).isTrue();
    }

    @Test
    void eachDurationAndSizeHasExamples() {
        Set<String> hinted = all("hints").keySet();
        properties().forEach((name, property) -> {
            if (property.path("type").asString("").matches(".*\\.(Duration|DataSize)")) {
                assertThat(hinted).contains(name);
            }
        });
        assertThat(hinted)
                .contains("eventlog.max-length", "eventlog.key-prefix", "eventlog.observability.log-patterns");
    }

    @Test
    void examplesAreDescribedAndValidAndOtherValuesAreAllowed() {
        all("hints").forEach((name, hint) -> {
            assertThat(properties()).containsKey(name);
            assertThat(hint.path("providers").path(0).path("name").asString(""))
                    .as(name)
                    .isEqualTo("any");
            assertThat(hint.path("values")).as(name).isNotEmpty();
            for (JsonNode example : hint.path("values")) {
                String description = example.path("description").asString("");
                assertThat(description).as(name).matches("[A-Z].*\\.");
                EventLogProperties bound =
                        bound(Map.of(name, example.path("value").asString()));
                bound.afterPropertiesSet();
                assertThat(bound.equals(bound(Map.of())))
                        .as("%s of %s is the default", example, name)
                        .isEqualTo(description.contains("default"));
            }
        });
    }

    private static EventLogProperties bound(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("eventlog", EventLogProperties.class);
    }

    private Map<String, JsonNode> properties() {
        Map<String, JsonNode> ours = all("properties");
        ours.keySet().removeIf(name -> !name.startsWith("eventlog."));
        assertThat(ours).isNotEmpty();
        return ours;
    }

    private Map<String, JsonNode> all(String kind) {
        Map<String, JsonNode> byName = new TreeMap<>();
        metadata.path(kind).forEach(each -> byName.put(each.path("name").asString(), each));
        return byName;
    }

    private static JsonNode metadata() {
        try (InputStream json =
                ConfigurationMetadataTests.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            return JsonMapper.shared().readTree(json);
        } catch (IOException ex) {
            throw new IllegalStateException(ex);
        }
    }
}
