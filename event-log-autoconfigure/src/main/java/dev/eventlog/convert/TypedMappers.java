package dev.eventlog.convert;

import java.io.Writer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.AnnotationIntrospector;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The application's mapper, twice: to write types, and to read them from stored fields. Both differ from it only in what
 * would keep a value from coming back equal.
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

    /** {@return what the mapper writes for values of a type} */
    WrittenForm writtenForm(Class<?> type) {
        return WrittenForm.of(writing.constructType(type), writing);
    }

    ObjectWriter writerFor(Class<?> type) {
        // By the declared type only where that adds its type id: it would cut the properties of a subclass
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
                // Absent is how null is stored
                .without(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                .without(DeserializationFeature.UNWRAP_ROOT_VALUE);
    }

    private boolean isPolymorphic(Class<?> type) {
        JavaType javaType = writing.constructType(type);
        try (JsonGenerator generator = writing.createGenerator(Writer.nullWriter())) {
            return ((SerializationContext) generator.objectWriteContext()).findTypeSerializer(javaType) != null;
        }
    }
}
