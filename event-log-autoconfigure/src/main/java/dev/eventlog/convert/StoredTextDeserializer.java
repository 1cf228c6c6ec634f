package dev.eventlog.convert;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.BeanProperty;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.std.DelegatingDeserializer;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.jsontype.TypeDeserializer;

/**
 * Reads a value that may have been stored as JSON. Every field arrives as a JSON string with the stored text. A deserializer of
 * plain values takes it as text. A deserializer of nested values is wrapped in this class, and gets the tokens of the JSON in the
 * text. Strings within that JSON are never parsed again.
 */
final class StoredTextDeserializer extends DelegatingDeserializer {

    /** How the text is read. */
    enum Reading {
        /** As JSON if it looks like JSON: no value of the type is written as such a text. */
        JSON,
        /** As JSON if it looks like JSON and the deserializer accepts it, otherwise as text: nothing is known about the type. */
        JSON_OR_TEXT,
        /** As text if the deserializer accepts it, otherwise as JSON: the type is known to be written as a string. */
        TEXT_OR_JSON
    }

    // Set while the JSON of a field is read. Valid for one call, like the context
    static final Object WITHIN_JSON = new Object();

    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    private final Reading reading;

    StoredTextDeserializer(ValueDeserializer<?> delegate, Reading reading) {
        super(delegate.handledType() == null ? new Named(delegate) : delegate);
        this.reading = reading;
    }

    @Override
    protected ValueDeserializer<?> newDelegatingInstance(ValueDeserializer<?> delegate) {
        return new StoredTextDeserializer(delegate, reading);
    }

    @Override
    public ValueDeserializer<?> createContextual(DeserializationContext context, @Nullable BeanProperty property) {
        ValueDeserializer<?> contextual =
                context.handleSecondaryContextualization(_delegatee, property, context.getContextualType());
        if (isJavaTime(_delegatee.handledType())) {
            // With its own pattern, 20240131 is a date. Without one, it is a number and not written as text
            return hasPattern(context, property) ? contextual : newDelegatingInstance(contextual);
        }
        return new StoredTextDeserializer(
                contextual, hasOwnSerializer(context, property) ? Reading.JSON_OR_TEXT : reading);
    }

    static boolean isJavaTime(Class<?> type) {
        return type.getName().startsWith("java.time.");
    }

    private boolean hasPattern(DeserializationContext context, @Nullable BeanProperty property) {
        Class<?> type = _delegatee.handledType();
        JsonFormat.Value format = property == null
                ? context.getDefaultPropertyFormat(type)
                : property.findPropertyFormat(context.getConfig(), type);
        return format != null && format.hasPattern();
    }

    private static boolean hasOwnSerializer(DeserializationContext context, @Nullable BeanProperty property) {
        return property != null
                && property.getMember() != null
                && context.getAnnotationIntrospector().findSerializer(context.getConfig(), property.getMember())
                        != null;
    }

    @Override
    public @Nullable Object deserialize(JsonParser parser, DeserializationContext context) {
        return isStoredText(parser, context)
                ? read(parser, context, source -> super.deserialize(source, context))
                : super.deserialize(parser, context);
    }

    @Override
    public @Nullable Object deserialize(JsonParser parser, DeserializationContext context, Object into) {
        return isStoredText(parser, context)
                ? read(parser, context, source -> super.deserialize(source, context, into))
                : super.deserialize(parser, context, into);
    }

    @Override
    public @Nullable Object deserializeWithType(
            JsonParser parser, DeserializationContext context, TypeDeserializer type) {
        return isStoredText(parser, context)
                ? read(parser, context, source -> super.deserializeWithType(source, context, type))
                : super.deserializeWithType(parser, context, type);
    }

    static boolean isStoredText(JsonParser parser, DeserializationContext context) {
        return parser.hasToken(JsonToken.VALUE_STRING) && context.getAttribute(WITHIN_JSON) == null;
    }

    private @Nullable Object read(JsonParser parser, DeserializationContext context, Delegate delegate) {
        String text = parser.getString();
        if (!looksLikeJson(text)) {
            return delegate.read(parser);
        }
        if (reading == Reading.JSON) {
            return readJson(text, context, delegate);
        }
        boolean jsonFirst = reading == Reading.JSON_OR_TEXT;
        try {
            return jsonFirst ? readJson(text, context, delegate) : delegate.read(parser);
        } catch (RuntimeException refusal) {
            try {
                return jsonFirst ? delegate.read(parser) : readJson(text, context, delegate);
            } catch (RuntimeException ex) {
                refusal.addSuppressed(ex);
                throw refusal;
            }
        }
    }

    private @Nullable Object readJson(String text, DeserializationContext context, Delegate delegate) {
        context.setAttribute(WITHIN_JSON, true);
        try (JsonParser json = context.createParser(text)) {
            json.nextToken();
            Object value = delegate.read(json);
            // Also detects a deserializer that only wanted a string, and did not read the rest
            if (json.nextToken() != null) {
                throw MismatchedInputException.from(
                        json, handledType(), "More than one JSON value, or a value that was not read to its end");
            }
            return value;
        } finally {
            context.setAttribute(WITHIN_JSON, null);
        }
    }

    static boolean looksLikeJson(String text) {
        int start = 0;
        while (start < text.length() && text.charAt(start) <= ' ') {
            start++;
        }
        if (start == text.length()) {
            return false;
        }
        return switch (text.charAt(start)) {
            case '{', '[' -> true;
            case 't' -> text.equals("true");
            case 'f' -> text.equals("false");
            // The regular expression is expensive, and most texts, such as a time in UTC, do not end like a number
            default ->
                Character.isDigit(text.charAt(text.length() - 1))
                        && NUMBER.matcher(text).matches();
        };
    }

    /** Gives a class to a deserializer that has none, because Jackson asks for it here. */
    private static final class Named extends ValueDeserializer<Object> {

        private final ValueDeserializer<?> deserializer;

        Named(ValueDeserializer<?> deserializer) {
            this.deserializer = deserializer;
        }

        @Override
        public Class<?> handledType() {
            return Object.class;
        }

        @Override
        public void resolve(DeserializationContext context) {
            deserializer.resolve(context);
        }

        @Override
        public ValueDeserializer<?> createContextual(DeserializationContext context, @Nullable BeanProperty property) {
            return context.handleSecondaryContextualization(deserializer, property, context.getContextualType());
        }

        @Override
        public Object deserialize(JsonParser parser, DeserializationContext context) {
            return deserializer.deserialize(parser, context);
        }

        @Override
        public Object deserializeWithType(JsonParser parser, DeserializationContext context, TypeDeserializer type) {
            return deserializer.deserializeWithType(parser, context, type);
        }

        @Override
        public @Nullable Object getNullValue(DeserializationContext context) {
            return deserializer.getNullValue(context);
        }

        @Override
        public @Nullable Object getAbsentValue(DeserializationContext context) {
            return deserializer.getAbsentValue(context);
        }
    }

    @FunctionalInterface
    private interface Delegate {
        @Nullable
        Object read(JsonParser source) throws JacksonException;
    }
}
