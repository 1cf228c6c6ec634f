package dev.eventlog.convert;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.Version;
import tools.jackson.databind.AnnotationIntrospector;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedClass;
import tools.jackson.databind.introspect.NopAnnotationIntrospector;

/**
 * Gives sealed types that say nothing about it themselves a property {@code @type} with the simple name of the class, so that
 * a value of one can be read back. To be asked last: what an annotation, a mixin or a module says comes first.
 */
final class SealedTypes extends NopAnnotationIntrospector {

    private static final long serialVersionUID = 1L;

    // A type that is asked for as itself needs no id: others may have written it
    private static final JsonTypeInfo.Value TYPE_PROPERTY = JsonTypeInfo.Value.construct(
            JsonTypeInfo.Id.SIMPLE_NAME, JsonTypeInfo.As.PROPERTY, "@type", null, false, false);

    @Override
    public JsonTypeInfo.@Nullable Value findPolymorphicTypeInfo(MapperConfig<?> config, Annotated annotated) {
        if (annotated instanceof AnnotatedClass type
                && config.getDefaultTyper(type.getType()) == null
                && isOfSealedType(type.getRawType(), config)) {
            return TYPE_PROPERTY;
        }
        return null;
    }

    private static boolean isOfSealedType(@Nullable Class<?> type, MapperConfig<?> config) {
        // The JDK's own do not count, even String is of a sealed type; nor does an enum, though its constants may be classes
        return type != null
                && !type.getName().startsWith("java.")
                && !type.isEnum()
                && (type.isSealed() && !readsItself(type, config)
                        || isOfSealedType(type.getSuperclass(), config)
                        || Stream.of(type.getInterfaces()).anyMatch(parent -> isOfSealedType(parent, config)));
    }

    /** Whether a sealed type comes with a way to tell its classes apart: a deserializer or a factory method. */
    private static boolean readsItself(Class<?> sealed, MapperConfig<?> config) {
        AnnotationIntrospector introspector = config.getAnnotationIntrospector();
        AnnotatedClass type = config.classIntrospectorInstance().introspectClassAnnotations(config.constructType(sealed));
        return introspector.findDeserializer(config, type) != null
                || type.getFactoryMethods().stream()
                        .anyMatch(method -> introspector.findCreatorAnnotation(config, method) != null);
    }

    @Override
    public Version version() {
        return Version.unknownVersion();
    }
}
