package dev.eventlog.convert;

import java.io.StringWriter;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.Base64Variant;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.TreeNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.util.TokenBuffer;

/**
 * Writes values as stored text. It takes the mapper's output as tokens, not as JSON: a text needs neither escaping nor parsing, a
 * number keeps its own text, and only nested values are written as JSON.
 */
final class ValueWriter {

    private final ObjectWriter writer;
    private final ObjectWriteContext context;

    ValueWriter(ObjectWriter writer) {
        this.writer = writer.without(SerializationFeature.INDENT_OUTPUT)
                .without(SerializationFeature.WRAP_ROOT_VALUE)
                .withRootValueSeparator("");
        this.context = new WriterContext(this.writer);
    }

    /** {@return the text of a value; null if the mapper writes null} */
    @Nullable
    String textOf(Object value) {
        try (TokenBuffer buffer = write(value);
                JsonParser parser = buffer.asParser();
                JsonTexts json = new JsonTexts(writer)) {
            parser.nextToken();
            return textOf(parser, json);
        }
    }

    /** Adds a field for each property that is not null. Returns false if the value is not written as an object. */
    boolean collect(Object value, FieldCollector fields) {
        try (TokenBuffer buffer = write(value);
                JsonParser parser = buffer.asParser();
                JsonTexts json = new JsonTexts(writer)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                String text = textOf(parser, json);
                if (text != null) {
                    fields.add(name, text);
                }
            }
            return true;
        }
    }

    private TokenBuffer write(Object value) {
        TokenBuffer buffer = new PlainTokenBuffer(context);
        writer.writeValue(buffer, value);
        return buffer;
    }

    private static @Nullable String textOf(JsonParser parser, JsonTexts json) {
        JsonToken token = parser.currentToken();
        if (token == null || token == JsonToken.VALUE_NULL) {
            return null;
        }
        // An embedded object is raw JSON (@JsonRawValue), which the generator knows how to write
        return token.isStructStart() || token == JsonToken.VALUE_EMBEDDED_OBJECT
                ? json.next(parser)
                : parser.getString();
    }

    /** Writes one JSON value after another. A generator costs more than its output, so an event uses at most one. */
    private static final class JsonTexts implements AutoCloseable {

        private final ObjectWriter writer;
        private final StringWriter text = new StringWriter();
        private @Nullable JsonGenerator generator;

        JsonTexts(ObjectWriter writer) {
            this.writer = writer;
        }

        String next(JsonParser parser) {
            if (generator == null) {
                generator = writer.createGenerator(text);
            }
            generator.copyCurrentStructure(parser);
            generator.flush();
            String json = text.toString();
            text.getBuffer().setLength(0);
            return json;
        }

        @Override
        public void close() {
            if (generator != null) {
                generator.close();
            }
        }
    }

    /** A buffer that contains bytes as Base64 text, as JSON does. */
    private static final class PlainTokenBuffer extends TokenBuffer {

        PlainTokenBuffer(ObjectWriteContext context) {
            super(context, false);
        }

        @Override
        public JsonGenerator writeBinary(Base64Variant variant, byte[] data, int offset, int length) {
            byte[] part = new byte[length];
            System.arraycopy(data, offset, part, 0, length);
            return writeString(variant.encode(part));
        }
    }

    /** Lets serializers pass whole values to the generator, as {@link JsonGenerator#writePOJO} allows. */
    private static final class WriterContext extends ObjectWriteContext.Base {

        private final ObjectWriter writer;

        WriterContext(ObjectWriter writer) {
            this.writer = writer;
        }

        @Override
        public void writeValue(JsonGenerator generator, Object value) {
            writer.writeValue(generator, value);
        }

        @Override
        public void writeTree(JsonGenerator generator, TreeNode value) {
            writer.writeValue(generator, value);
        }
    }
}
