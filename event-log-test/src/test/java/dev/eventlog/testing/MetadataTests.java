package dev.eventlog.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What an IDE knows of the property that chooses the Redis of the tests. */
class MetadataTests {

    @Test
    void thePropertyHasADescriptionAndItsValues() throws IOException {
        List<JsonNode> properties = new ArrayList<>();
        List<JsonNode> hints = new ArrayList<>();
        String metadata = "META-INF/spring-configuration-metadata.json";
        for (URL url : Collections.list(MetadataTests.class.getClassLoader().getResources(metadata))) {
            try (InputStream json = url.openStream()) {
                JsonNode root = JsonMapper.shared().readTree(json);
                root.path("properties").forEach(properties::add);
                root.path("hints").forEach(hints::add);
            }
        }
        assertThat(properties)
                .filteredOn(MetadataTests::isTheProperty)
                .singleElement()
                .satisfies(property ->
                        assertThat(property.path("description").asString()).isNotBlank());
        assertThat(hints)
                .filteredOn(MetadataTests::isTheProperty)
                .singleElement()
                .satisfies(hint -> assertThat(hint.path("values").findValuesAsString("value"))
                        .contains("in-memory", "real"));
    }

    private static boolean isTheProperty(JsonNode node) {
        return node.path("name").asString("").equals(EventLogRedis.PROPERTY);
    }
}
