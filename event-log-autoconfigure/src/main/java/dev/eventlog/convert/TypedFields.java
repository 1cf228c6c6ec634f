package dev.eventlog.convert;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadCapability;
import tools.jackson.core.util.JacksonFeatureSet;
import tools.jackson.core.util.JsonParserDelegate;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.util.TokenBuffer;

/**
 * Turns values of a type into stored fields, and those back into equal values: a field for each property, as the
 * application's mapper names it, written as {@link EventFields} writes values. A property that is null is left out.
 *
 * <p>Whether a stored text is read as text or as JSON is decided by the type of the property, not by the text: a string that
 * looks like a number or like JSON stays a string. A sealed type without {@code @JsonTypeInfo} of its own is stored with a
 * field {@code @type}, the simple name of the class.
 *
 * <p>What the mapper does not keep in JSON does not come back here either, but offsets and zones do where dates are written
 * as text. Beyond that:
 *
 * <ul>
 *   <li>A property of type {@code Object} or {@code JsonNode} is read as text, whatever was written.
 *   <li>A property that is set by a setter or field, and not by the constructor, keeps its initial value where null, or an
 *       empty {@code Optional}, was left out.
 *   <li>Of a type whose serializer and deserializer are custom and say nothing of their form, a text that is a JSON object,
 *       array, number or boolean is given to the deserializer as that, and as text if it does not take it. If it is the type
 *       of the event itself, numbers and booleans are first given to it as text.
 * </ul>
 *
 * <p>Thread-safe.
 *
 * @param <T> the type
 */
public final class TypedFields<T> {

    private final Class<T> type;
    private final ValueWriter writer;
    private final ObjectReader reader;
    private final List<Opening> openings;

    /** Which of the stored texts that look like JSON are handed out as the tokens of that JSON. */
    private enum Opening {
        /** None: deserializers that are known open what is theirs. */
        NONE,
        /** Objects and arrays. */
        NESTED,
        /** Numbers and booleans too. */
        ALL
    }

    TypedFields(TypedMappers mappers, Class<T> type) {
        this.type = type;
        switch (mappers.writtenForm(type)) {
            case STRING, NUMBER_OR_BOOLEAN, ARRAY -> throw new IllegalArgumentException(notAnObject());
            case OBJECT, UNKNOWN -> {
                // Where a serializer does not tell, the first value will
            }
        }
        this.writer = new ValueWriter(mappers.writerFor(type));
        this.reader = mappers.readerFor(type);
        // One that reads the whole event by itself, as hand-written polymorphism does, sees what JSON would have been.
        // Texts
        // stay what they are as long as it takes them, as those could be strings
        this.openings =
                mappers.readsItself(type) ? List.of(Opening.NESTED, Opening.ALL, Opening.NONE) : List.of(Opening.NONE);
    }

    /**
     * The fields of a value.
     *
     * @param value the value
     * @return its fields, in the order in which the mapper writes them
     * @throws IllegalArgumentException if it cannot be stored: every property is null or there are too many, a value cannot be
     *     written as JSON or a text not as UTF-8; the message names the field
     */
    public Map<String, String> toFields(T value) {
        if (value == null) {
            throw new UnstorableEventException("it is null");
        }
        FieldCollector fields = new FieldCollector(0);
        boolean isObject;
        try {
            isObject = writer.collect(value, fields);
        } catch (JacksonException | StackOverflowError ex) {
            throw new UnstorableEventException(
                    value.getClass().getName() + " cannot be written as JSON: " + ex.getMessage(), ex);
        }
        if (!isObject) {
            throw new UnstorableEventException(notAnObject());
        }
        if (fields.isEmpty()) {
            throw new UnstorableEventException(
                    "it has no fields: this " + value.getClass().getName() + " has no property that is not null");
        }
        return fields.get();
    }

    /**
     * The fields of values that are added together.
     *
     * @param values the values
     * @return the fields of each, in order
     * @throws IllegalArgumentException if one of the values cannot be stored; the message says which
     */
    public List<Map<String, String>> allToFields(List<? extends T> values) {
        return UnstorableEventException.sayingWhich(values, this::toFields);
    }

    /**
     * The value that has these fields, without {@link EventFields#TRACE_PARENT}.
     *
     * @param fields fields as stored, written here or elsewhere
     * @return the value
     * @throws JacksonException if they do not fit the type
     */
    public T fromFields(Map<String, String> fields) {
        RuntimeException refusal = null;
        for (Opening opening : openings) {
            try {
                return read(fields, opening);
            } catch (RuntimeException ex) {
                if (openings.size() == 1) {
                    throw ex;
                }
                if (refusal == null) {
                    refusal = ex;
                } else {
                    refusal.addSuppressed(ex);
                }
            }
        }
        throw Objects.requireNonNull(refusal);
    }

    private T read(Map<String, String> fields, Opening opening) {
        try (TokenBuffer buffer = TokenBuffer.forGeneration()) {
            buffer.writeStartObject();
            fields.forEach((name, text) -> {
                if (!name.equals(EventFields.TRACE_PARENT)) {
                    buffer.writeName(name);
                    write(text, opening, buffer);
                }
            });
            buffer.writeEndObject();
            try (JsonParser parser = new FieldsParser(buffer.asParser(), reader)) {
                // Where all is JSON, strings within it are not opened once more
                ObjectReader by = opening == Opening.ALL
                        ? reader.withAttribute(StoredTextDeserializer.WITHIN_JSON, true)
                        : reader;
                return by.readValue(parser);
            }
        }
    }

    private void write(String text, Opening opening, TokenBuffer into) {
        if (opening != Opening.NONE && StoredTextDeserializer.looksLikeJson(text)) {
            try (TokenBuffer json = TokenBuffer.forGeneration();
                    JsonParser parser = reader.createParser(text)) {
                JsonToken first = parser.nextToken();
                if (first.isStructStart() || opening == Opening.ALL) {
                    json.copyCurrentStructure(parser);
                    if (parser.nextToken() == null) {
                        json.serialize(into);
                        return;
                    }
                }
            } catch (JacksonException onlyLooksSo) {
                // Text, then
            }
        }
        into.writeString(text);
    }

    private String notAnObject() {
        return type.getName() + " is not written as a JSON object, so it has no properties that could be fields";
    }

    /**
     * Tells deserializers that numbers and the like come as strings, so that none holds it against them, and reads for them what
     * they ask it for.
     */
    private static final class FieldsParser extends JsonParserDelegate {

        private static final JacksonFeatureSet<StreamReadCapability> CAPABILITIES =
                JsonParser.DEFAULT_READ_CAPABILITIES.with(StreamReadCapability.UNTYPED_SCALARS);

        private final ObjectReader reader;
        private @Nullable ObjectReadContext context;

        FieldsParser(JsonParser delegate, ObjectReader reader) {
            super(delegate);
            this.reader = reader;
        }

        /** One like that of the mapper's own parsers. Few deserializers need it, and events are many. */
        @Override
        public ObjectReadContext objectReadContext() {
            if (context == null) {
                try (JsonParser parser = reader.createParser("")) {
                    context = parser.objectReadContext();
                }
            }
            return context;
        }

        @Override
        public JacksonFeatureSet<StreamReadCapability> streamReadCapabilities() {
            return CAPABILITIES;
        }
    }
}
