package dev.eventlog.convert;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.BeanProperty;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.std.DelegatingDeserializer;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.jsontype.TypeDeserializer;
import tools.jackson.databind.util.TokenBuffer;

/**
 * Reads values that services in Go write differently from Jackson: a boolean as 1 or 0. It refuses a whole number as a duration
 * if the mapper does not write durations as numbers: in Go it means nanoseconds, but Jackson would read it as seconds.
 */
final class ForeignTextDeserializer extends DelegatingDeserializer {

    /** Creates a deserializer of booleans, or of durations if the mapper writes them as text. */
    ForeignTextDeserializer(ValueDeserializer<?> delegate) {
        super(delegate);
    }

    @Override
    protected ValueDeserializer<?> newDelegatingInstance(ValueDeserializer<?> delegate) {
        return new ForeignTextDeserializer(delegate);
    }

    @Override
    public ValueDeserializer<?> createContextual(DeserializationContext context, @Nullable BeanProperty property) {
        ValueDeserializer<?> contextual =
                context.handleSecondaryContextualization(_delegatee, property, context.getContextualType());
        return isNumber(context, property) ? contextual : newDelegatingInstance(contextual);
    }

    /** Returns whether the property has a format that makes it a number. */
    private boolean isNumber(DeserializationContext context, @Nullable BeanProperty property) {
        JsonFormat.Value format =
                property == null ? null : property.findPropertyFormat(context.getConfig(), handledType());
        return format != null && (format.getShape().isNumeric() || format.hasPattern());
    }

    @Override
    public @Nullable Object deserialize(JsonParser parser, DeserializationContext context) {
        return super.deserialize(own(parser, context), context);
    }

    @Override
    public @Nullable Object deserializeWithType(
            JsonParser parser, DeserializationContext context, TypeDeserializer type) {
        return super.deserializeWithType(own(parser, context), context, type);
    }

    /** {@return a parser that returns the same value in Jackson's format} */
    private JsonParser own(JsonParser parser, DeserializationContext context) {
        if (!StoredTextDeserializer.isStoredText(parser, context)) {
            return parser;
        }
        String text = parser.getString();
        if (Duration.class.equals(handledType())) {
            if (isWhole(text)) {
                throw MismatchedInputException.from(
                        parser,
                        Duration.class,
                        "'" + text
                                + "' has no unit. Durations are stored as text, such as PT1.5S."
                                + " A duration from Go is in nanoseconds: read it as a long");
            }
            return parser;
        }
        if (!text.equals("1") && !text.equals("0")) {
            return parser;
        }
        try (TokenBuffer buffer = context.bufferForInputBuffering(parser)) {
            buffer.writeBoolean(text.equals("1"));
            return buffer.asParserOnFirstToken(context, parser);
        }
    }

    private static boolean isWhole(String text) {
        int start = text.startsWith("-") ? 1 : 0;
        return text.length() > start && text.chars().skip(start).allMatch(c -> c >= '0' && c <= '9');
    }
}
