package dev.eventlog.convert;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.Version;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.deser.AbstractDeserializer;
import tools.jackson.databind.deser.bean.BeanDeserializerBase;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedClass;
import tools.jackson.databind.introspect.NopAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;

/**
 * Gives sealed types without type information a property {@code @type} with the simple name of the class, so that their values
 * can be read back. It is asked last, so annotations, mixins and modules take precedence.
 */
final class SealedTypes extends NopAnnotationIntrospector {

    private static final long serialVersionUID = 1L;

    // A type that is read as itself needs no type id: other writers may have written it
    private static final JsonTypeInfo.Value TYPE_PROPERTY = JsonTypeInfo.Value.construct(
            JsonTypeInfo.Id.SIMPLE_NAME, JsonTypeInfo.As.PROPERTY, "@type", null, false, false);

    private final JsonMapper mapper;

    /** Creates an introspector for the types that the mapper cannot read otherwise. */
    SealedTypes(JsonMapper mapper) {
        this.mapper = mapper;
    }

    @Override
    public JsonTypeInfo.@Nullable Value findPolymorphicTypeInfo(MapperConfig<?> config, Annotated annotated) {
        if (annotated instanceof AnnotatedClass type
                && config.getDefaultTyper(type.getType()) == null
                && isOfSealedType(type.getRawType())) {
            return TYPE_PROPERTY;
        }
        return null;
    }

    private boolean isOfSealedType(@Nullable Class<?> type) {
        // Excludes the JDK's own types, because even String is of a sealed type, and enums, whose constants may be
        // classes
        return type != null
                && !type.getName().startsWith("java.")
                && !type.isEnum()
                && ((type.isSealed() && needsTypeId(type))
                        || isOfSealedType(type.getSuperclass())
                        || Stream.of(type.getInterfaces()).anyMatch(this::isOfSealedType));
    }

    private boolean needsTypeId(Class<?> sealed) {
        if (readsByItself(sealed)) {
            return false;
        }
        requireDistinctNames(sealed, new HashMap<>());
        return true;
    }

    /** Returns whether the mapper already distinguishes the classes: with a factory method, a deserializer or a mapping. */
    private boolean readsByItself(Class<?> sealed) {
        try (JsonParser parser = mapper.createParser("")) {
            DeserializationContext context = (DeserializationContext) parser.objectReadContext();
            ValueDeserializer<?> deserializer =
                    context.findNonContextualValueDeserializer(mapper.constructType(sealed));
            return Modifier.isAbstract(sealed.getModifiers())
                    ? !(deserializer instanceof AbstractDeserializer)
                    : !(deserializer instanceof BeanDeserializerBase);
        }
    }

    private static void requireDistinctNames(Class<?> sealed, Map<String, Class<?>> known) {
        for (Class<?> permitted : sealed.getPermittedSubclasses()) {
            JsonTypeName annotation = permitted.getAnnotation(JsonTypeName.class);
            String name = annotation == null ? permitted.getSimpleName() : annotation.value();
            Class<?> other = known.putIfAbsent(name, permitted);
            if (other != null && other != permitted) {
                throw new IllegalArgumentException("%s and %s have the same name: add @JsonTypeName to one of them"
                        .formatted(other.getName(), permitted.getName()));
            }
            if (permitted.isSealed()) {
                requireDistinctNames(permitted, known);
            }
        }
    }

    @Override
    public Version version() {
        return Version.unknownVersion();
    }
}
