package dev.eventlog.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.json.JsonParserFactory;

/** What an IDE knows of the property that chooses the Redis of the tests. */
class MetadataTests {

    private static final String METADATA = "META-INF/spring-configuration-metadata.json";

    @Test
    void propertyHasADescriptionAndItsValues() throws IOException {
        assertThat(ofTheProperty("properties").get("description")).asString().isNotBlank();
        assertThat(ofTheProperty("hints").get("values")).asString().contains("value=in-memory", "value=real");
    }

    private static Map<?, ?> ofTheProperty(String part) throws IOException {
        List<Map<?, ?>> found = new ArrayList<>();
        for (URL url : Collections.list(MetadataTests.class.getClassLoader().getResources(METADATA))) {
            try (InputStream json = url.openStream()) {
                Map<String, Object> all = JsonParserFactory.getJsonParser()
                        .parseMap(new String(json.readAllBytes(), StandardCharsets.UTF_8));
                for (Object each : (List<?>) all.getOrDefault(part, List.of())) {
                    if (each instanceof Map<?, ?> entry && EventLogRedis.PROPERTY.equals(entry.get("name"))) {
                        found.add(entry);
                    }
                }
            }
        }
        assertThat(found).as(part).hasSize(1);
        return found.get(0);
    }
}
