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
 * Converts values of a type to stored fields, and fields back to equal values. There is a field for each property, named by the
 * application's mapper and written like the values of {@link EventFields}. A property that is null is left out.
 *
 * <p>The type of the property, not the text, decides whether a stored text is read as text or as JSON: a string that looks like a
 * number or like JSON stays a string. A sealed type without its own {@code @JsonTypeInfo} is stored with a field {@code @type},
 * which contains the simple name of the class.
 *
 * <p>Information that the mapper does not keep in JSON is not restored here either, except offsets and zones if dates are written
 * as text. In addition:
 *
 * <ul>
 *   <li>A property of type {@code Object} or {@code JsonNode} is read as text, whatever was written.
 *   <li>A property that is set by a setter or field, and not by the constructor, keeps its initial value if null or an
 *       empty {@code Optional} was left out.
 *   <li>If a type has a custom serializer and deserializer that do not declare their form, a text that is a JSON object,
 *       array, number or boolean is passed to the deserializer as JSON first, and as text if it does not accept it. For the type
 *       of the event itself, numbers and booleans are passed as text first.
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

    /** Which stored texts that look like JSON are passed on as JSON tokens. */
    private enum Opening {
        /** None: the known deserializers parse their own texts. */
        NONE,
        /** Objects and arrays. */
        NESTED,
        /** Also numbers and booleans. */
        ALL
    }

    TypedFields(TypedMappers mappers, Class<T> type) {
        this.type = type;
        switch (mappers.writtenForm(type)) {
            case STRING, NUMBER_OR_BOOLEAN, ARRAY -> throw new IllegalArgumentException(notAnObject());
            case OBJECT, UNKNOWN -> {
                // If a serializer does not declare its form, the first value shows it
            }
        }
        this.writer = new ValueWriter(mappers.writerFor(type));
        this.reader = mappers.readerFor(type);
        // A deserializer that reads the whole event itself, such as hand-written polymorphism, gets the tokens of the
        // original JSON. Texts stay texts as long as it accepts them, because they could be strings
        this.openings =
                mappers.readsItself(type) ? List.of(Opening.NESTED, Opening.ALL, Opening.NONE) : List.of(Opening.NONE);
    }

    /**
     * Converts a value to fields.
     *
     * @param value the value
     * @return the fields, in the order in which the mapper writes them
     * @throws IllegalArgumentException if the value cannot be stored: every property is null or there are too many, a value
     *         cannot be written as JSON or a text as UTF-8; the message names the field
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
     * Converts values that are added together to fields.
     *
     * @param values the values
     * @return the fields of each value, in order
     * @throws IllegalArgumentException if one of the values cannot be stored; the message says which
     */
    public List<Map<String, String>> allToFields(List<? extends T> values) {
        return UnstorableEventException.sayingWhich(values, this::toFields);
    }

    /**
     * Converts fields to a value, without {@link EventFields#TRACE_PARENT}.
     *
     * @param fields fields as stored, written by this library or by other programs
     * @return the value
     * @throws JacksonException if the fields do not fit the type
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
                // If everything is JSON, strings within it are not parsed again
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
                // Read it as text
            }
        }
        into.writeString(text);
    }

    private String notAnObject() {
        return type.getName() + " is not written as a JSON object, so it has no properties that could be fields";
    }

    /**
     * Tells deserializers that numbers and similar values come as strings, so that they accept them, and parses the values that
     * they request.
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

        /**
         * Creates a context like the one of the mapper's own parsers. Lazily, because few deserializers need it, and there are
         * many events.
         */
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
