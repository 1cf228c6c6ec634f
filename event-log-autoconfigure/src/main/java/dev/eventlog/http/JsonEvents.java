package dev.eventlog.http;

import dev.eventlog.Event;
import dev.eventlog.convert.EventFields;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * Events as JSON, which reads back as it was sent. Each field of an object becomes a field of the event: text as it is, all else as
 * its JSON, and {@value #JSON} names the fields of the second kind. So who reads the event in Java finds its fields as usual. What
 * is no such object is stored whole, as the only field {@value #WHOLE}. Thread-safe.
 */
final class JsonEvents {

    /** Names the fields whose text is JSON: an array of their names. */
    static final String JSON = "@json";

    /** The JSON of an event that is not an object, or is one that fields cannot hold. */
    static final String WHOLE = "@value";

    /** So many an event may have, and one more that names those of JSON. */
    private static final int MOST_FIELDS = 3_899;

    /** Not the application's, which may write JSON as it likes: on several lines, say. */
    private final JsonMapper mapper = new JsonMapper();

    /** {@return a JSON array of events} */
    String write(List<Event> events) {
        StringWriter text = new StringWriter();
        try (JsonGenerator to = mapper.createGenerator(text)) {
            to.writeStartArray();
            events.forEach(event -> write(event.fields(), to));
            to.writeEndArray();
        }
        return text.toString();
    }

    private void write(Map<String, String> fields, JsonGenerator to) {
        String whole = fields.get(WHOLE);
        if (whole != null && isJson(whole)) {
            copy(whole, to);
            return;
        }
        Set<String> ofJson = ofJson(fields.get(JSON));
        to.writeStartObject();
        fields.forEach((name, text) -> {
            if (name.equals(EventFields.TRACE_PARENT) || (name.equals(JSON) && !ofJson.isEmpty())) {
                return;
            }
            to.writeName(name);
            if (ofJson.contains(name) && isJson(text)) {
                copy(text, to);
            } else {
                to.writeString(text);
            }
        });
        to.writeEndObject();
    }

    /** Others may add what they like, and an answer has to be JSON in any case. */
    private boolean isJson(String text) {
        try (JsonParser json = mapper.createParser(text)) {
            if (json.nextToken() == null) {
                return false;
            }
            json.skipChildren();
            return json.nextToken() == null;
        } catch (JacksonException malformed) {
            return false;
        }
    }

    /** As others may have written it on several lines. */
    private void copy(String text, JsonGenerator to) {
        try (JsonParser json = mapper.createParser(text)) {
            json.nextToken();
            to.copyCurrentStructureExact(json);
        }
    }

    private Set<String> ofJson(@Nullable String names) {
        if (names == null) {
            return Set.of();
        }
        try {
            return new HashSet<>(Arrays.asList(mapper.readValue(names, String[].class)));
        } catch (JacksonException byAnotherProgram) {
            return Set.of();
        }
    }

    /**
     * {@return the fields of the events that a body has: of each element, if it is an array}
     *
     * @param body JSON
     * @throws JacksonException if it is not
     */
    List<Map<String, String>> read(byte[] body) {
        List<Map<String, String>> events = new ArrayList<>();
        try (JsonParser json = mapper.createParser(body)) {
            if (json.nextToken() == JsonToken.START_ARRAY) {
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    events.add(event(json));
                }
            } else {
                events.add(event(json));
            }
            if (json.nextToken() != null) {
                throw Problems.badRequest("The body has more than one JSON value: send them as an array");
            }
        }
        return events;
    }

    private Map<String, String> event(JsonParser json) {
        String whole = text(json);
        Map<String, String> fields = new LinkedHashMap<>();
        Set<String> ofJson = new LinkedHashSet<>();
        try (JsonParser again = mapper.createParser(whole)) {
            if (again.nextToken() != JsonToken.START_OBJECT || !fields(again, fields, ofJson)) {
                return Map.of(WHOLE, whole);
            }
        }
        if (!ofJson.isEmpty()) {
            fields.put(JSON, mapper.writeValueAsString(ofJson));
        }
        return fields;
    }

    /** {@return whether fields can hold this object} */
    private boolean fields(JsonParser json, Map<String, String> fields, Set<String> ofJson) {
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            boolean isText = json.nextToken() == JsonToken.VALUE_STRING;
            String before = fields.put(name, isText ? json.getString() : text(json));
            boolean reserved = name.equals(JSON) || name.equals(WHOLE) || name.equals(EventFields.TRACE_PARENT);
            if (before != null || reserved || fields.size() > MOST_FIELDS) {
                return false;
            }
            if (!isText) {
                ofJson.add(name);
            }
        }
        return !fields.isEmpty();
    }

    /** {@return the JSON of the value at which the parser is, with its numbers as they are} */
    private String text(JsonParser json) {
        StringWriter text = new StringWriter();
        try (JsonGenerator to = mapper.createGenerator(text)) {
            to.copyCurrentStructureExact(json);
        }
        return text.toString();
    }
}
