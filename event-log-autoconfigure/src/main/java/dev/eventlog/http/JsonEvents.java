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
 * Converts events to JSON and back without loss. Each field of an object becomes a field of the event: a string as it is, any
 * other value as JSON. {@value #JSON} lists the fields of the second kind. A reader in Java therefore finds the fields as usual.
 * Any other JSON is stored as a whole in the single field {@value #WHOLE}. Thread-safe.
 */
final class JsonEvents {

    /** Lists the fields whose text is JSON, as an array of their names. */
    static final String JSON = "@json";

    /** The JSON of an event that is not an object, or of an object that fields cannot represent. */
    static final String WHOLE = "@value";

    /** The maximum number of fields of an event, without the field that lists the JSON fields. */
    private static final int MOST_FIELDS = 3_899;

    /** Not the mapper of the application, which may format JSON differently, for example on several lines. */
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

    /** Other writers may store any text here, but an answer must be valid JSON. */
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

    /** Other writers may have stored the JSON on several lines. */
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
     * {@return the fields of the events in a body: of each element if the body is an array}
     *
     * @param body JSON
     * @throws JacksonException if the body is not JSON
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

    /** {@return whether fields can represent this object} */
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

    /** {@return the JSON of the parser's current value, with its numbers unchanged} */
    private String text(JsonParser json) {
        StringWriter text = new StringWriter();
        try (JsonGenerator to = mapper.createGenerator(text)) {
            to.copyCurrentStructureExact(json);
        }
        return text.toString();
    }
}
