package dev.eventlog.convert;

import java.io.Writer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.AnnotationIntrospector;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.deser.AbstractDeserializer;
import tools.jackson.databind.deser.ValueInstantiator;
import tools.jackson.databind.deser.bean.BeanDeserializerBase;
import tools.jackson.databind.json.JsonMapper;

/**
 * Two variants of the application's mapper: one writes types, the other reads them from stored fields. They differ from it only
 * where a value would otherwise not read back equal.
 */
final class TypedMappers {

    private final JsonMapper writing;
    private final JsonMapper reading;

    TypedMappers(JsonMapper mapper) {
        AnnotationIntrospector introspector = mapper.serializationConfig().getAnnotationIntrospector();
        this.writing = mapper.rebuild()
                .annotationIntrospector(AnnotationIntrospector.pair(introspector, new SealedTypes(mapper)))
                .build();
        this.reading =
                writing.rebuild().addModule(new StoredTextModule(writing)).build();
    }

    /** {@return the form in which the mapper writes values of a type} */
    WrittenForm writtenForm(Class<?> type) {
        return WrittenForm.of(writing.constructType(type), writing);
    }

    ObjectWriter writerFor(Class<?> type) {
        // Uses the declared type only if that adds its type id, because it would remove the properties of a subclass
        ObjectWriter writer = isPolymorphic(type) ? writing.writerFor(type) : writing.writer();
        return writer.with(DateTimeFeature.WRITE_DATES_WITH_ZONE_ID)
                .without(DateTimeFeature.WRITE_DATES_WITH_CONTEXT_TIME_ZONE)
                .without(SerializationFeature.WRITE_CHAR_ARRAYS_AS_JSON_ARRAYS)
                .without(SerializationFeature.WRITE_SINGLE_ELEM_ARRAYS_UNWRAPPED);
    }

    ObjectReader readerFor(Class<?> type) {
        return reading.readerFor(type)
                .without(DateTimeFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
                .without(DateTimeFeature.NORMALIZE_DESERIALIZED_ZONE_ID)
                // Null is stored as a missing field
                .without(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                .without(DeserializationFeature.UNWRAP_ROOT_VALUE);
    }

    /**
     * Checks how values of a type are read.
     *
     * @param type the type
     * @return whether the type has its own deserializer, about which nothing is known
     * @throws IllegalArgumentException if no value can ever be read; the message says why
     */
    boolean readsItself(Class<?> type) {
        try (JsonParser parser = writing.createParser("")) {
            DeserializationContext context = (DeserializationContext) parser.objectReadContext();
            JavaType javaType = writing.constructType(type);
            ValueDeserializer<?> deserializer = context.findNonContextualValueDeserializer(javaType);
            if (context.findTypeDeserializer(javaType) == null) {
                requireReadable(type, deserializer);
            }
            return deserializer.logicalType() == null;
        } catch (JacksonException refused) {
            throw new IllegalArgumentException(
                    "Events of " + type.getName() + " could not be read: " + refused.getOriginalMessage(), refused);
        }
    }

    private static void requireReadable(Class<?> type, ValueDeserializer<?> deserializer) {
        if (deserializer instanceof AbstractDeserializer) {
            throw new IllegalArgumentException(
                    ("Events of %s could not be read, because it is %s and nothing tells the class of an event: make it sealed, or"
                                    + " add @JsonTypeInfo or a deserializer")
                            .formatted(type.getName(), type.isInterface() ? "an interface" : "abstract"));
        }
        if (deserializer instanceof BeanDeserializerBase bean) {
            ValueInstantiator creators = bean.getValueInstantiator();
            if (!creators.canCreateUsingDefault()
                    && !creators.canCreateFromObjectWith()
                    && !creators.canCreateUsingDelegate()) {
                throw new IllegalArgumentException(
                        ("Events of %s could not be read, because Jackson can use none of its constructors: add one without"
                                        + " parameters or a @JsonCreator, or compile with -parameters")
                                .formatted(type.getName()));
            }
        }
    }

    private boolean isPolymorphic(Class<?> type) {
        JavaType javaType = writing.constructType(type);
        try (JsonGenerator generator = writing.createGenerator(Writer.nullWriter())) {
            return ((SerializationContext) generator.objectWriteContext()).findTypeSerializer(javaType) != null;
        }
    }
}
