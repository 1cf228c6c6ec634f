package dev.eventlog.convert;

import dev.eventlog.convert.StoredTextDeserializer.Reading;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.Version;
import tools.jackson.databind.AnnotationIntrospector;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.BeanProperty;
import tools.jackson.databind.DeserializationConfig;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.deser.Deserializers;
import tools.jackson.databind.deser.ValueDeserializerModifier;
import tools.jackson.databind.deser.jackson.JsonNodeDeserializer;
import tools.jackson.databind.deser.std.DelegatingDeserializer;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.NopAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.type.ArrayType;
import tools.jackson.databind.type.CollectionLikeType;
import tools.jackson.databind.type.CollectionType;
import tools.jackson.databind.type.LogicalType;
import tools.jackson.databind.type.MapLikeType;
import tools.jackson.databind.type.MapType;
import tools.jackson.databind.type.ReferenceType;

/**
 * Makes a mapper read stored fields. For each type, its deserializer and the written form decide whether a stored text is text or
 * JSON. The look of the text decides only if neither is conclusive.
 */
final class StoredTextModule extends JacksonModule {

    private static final long serialVersionUID = 1L;

    private final JsonMapper writing;

    /** Creates a module for a mapper that reads the output of the given one. */
    StoredTextModule(JsonMapper writing) {
        this.writing = writing;
    }

    @Override
    public String getModuleName() {
        return getClass().getName();
    }

    @Override
    public Version version() {
        return Version.unknownVersion();
    }

    @Override
    public void setupModule(SetupContext context) {
        context.addDeserializerModifier(new Modifier());
        context.addDeserializers(new Trees());
        context.insertAnnotationIntrospector(
                new ChosenDeserializers(writing.deserializationConfig().getAnnotationIntrospector()));
    }

    private ValueDeserializer<?> read(JavaType type, ValueDeserializer<?> deserializer) {
        LogicalType logical = deserializer.logicalType();
        if (logical == null) {
            return readAsWritten(type, deserializer);
        }
        return switch (logical) {
            case Textual, Integer, Float, Binary, Untyped -> deserializer;
            case Boolean -> new ForeignTextDeserializer(deserializer);
            case DateTime ->
                StoredTextDeserializer.isJavaTime(type.getRawClass())
                        ? noNanoseconds(type, new StoredTextDeserializer(deserializer, Reading.JSON))
                        : deserializer;
            case Array, Collection, Map ->
                type.hasRawClass(char[].class) ? deserializer : new StoredTextDeserializer(deserializer, Reading.JSON);
            case POJO, Enum, OtherScalar -> readAsWritten(type, deserializer);
        };
    }

    private ValueDeserializer<?> noNanoseconds(JavaType type, ValueDeserializer<?> deserializer) {
        return type.hasRawClass(Duration.class) && WrittenForm.of(type, writing) == WrittenForm.STRING
                ? new ForeignTextDeserializer(deserializer)
                : deserializer;
    }

    private ValueDeserializer<?> readAsWritten(JavaType type, ValueDeserializer<?> deserializer) {
        return new StoredTextDeserializer(
                deserializer,
                switch (WrittenForm.of(type, writing)) {
                    case STRING -> Reading.TEXT_OR_JSON;
                    case UNKNOWN -> Reading.JSON_OR_TEXT;
                    case NUMBER_OR_BOOLEAN, ARRAY, OBJECT -> Reading.JSON;
                });
    }

    /** Gets every deserializer that Jackson or a module creates for a type. */
    private final class Modifier extends ValueDeserializerModifier {

        private static final long serialVersionUID = 1L;

        @Override
        public ValueDeserializer<?> modifyDeserializer(
                DeserializationConfig config, BeanDescription.Supplier bean, ValueDeserializer<?> deserializer) {
            return read(bean.getType(), deserializer);
        }

        @Override
        public ValueDeserializer<?> modifyEnumDeserializer(
                DeserializationConfig config,
                JavaType type,
                BeanDescription.Supplier bean,
                ValueDeserializer<?> deserializer) {
            return read(type, deserializer);
        }

        @Override
        public ValueDeserializer<?> modifyReferenceDeserializer(
                DeserializationConfig config,
                ReferenceType type,
                BeanDescription.Supplier bean,
                ValueDeserializer<?> deserializer) {
            return new AbsentAsEmpty(deserializer);
        }

        @Override
        public ValueDeserializer<?> modifyArrayDeserializer(
                DeserializationConfig config,
                ArrayType type,
                BeanDescription.Supplier bean,
                ValueDeserializer<?> deserializer) {
            return read(type, deserializer);
        }

        @Override
        public ValueDeserializer<?> modifyCollectionDeserializer(
                DeserializationConfig config,
                CollectionType type,
                BeanDescription.Supplier bean,
                ValueDeserializer<?> deserializer) {
            return read(type, deserializer);
        }

        @Override
        public ValueDeserializer<?> modifyCollectionLikeDeserializer(
                DeserializationConfig config,
                CollectionLikeType type,
                BeanDescription.Supplier bean,
                ValueDeserializer<?> deserializer) {
            return read(type, deserializer);
        }

        @Override
        public ValueDeserializer<?> modifyMapDeserializer(
                DeserializationConfig config,
                MapType type,
                BeanDescription.Supplier bean,
                ValueDeserializer<?> deserializer) {
            return read(type, deserializer);
        }

        @Override
        public ValueDeserializer<?> modifyMapLikeDeserializer(
                DeserializationConfig config,
                MapLikeType type,
                BeanDescription.Supplier bean,
                ValueDeserializer<?> deserializer) {
            return read(type, deserializer);
        }
    }

    /** Trees that can only be JSON. No modifier gets their deserializers. */
    private static final class Trees extends Deserializers.Base {

        @Override
        public @Nullable ValueDeserializer<?> findTreeNodeDeserializer(
                JavaType type, DeserializationConfig config, BeanDescription.Supplier bean) {
            return hasDeserializerFor(config, type.getRawClass())
                    ? new StoredTextDeserializer(JsonNodeDeserializer.getDeserializer(type.getRawClass()), Reading.JSON)
                    : null;
        }

        @Override
        public boolean hasDeserializerFor(DeserializationConfig config, Class<?> type) {
            return type == ObjectNode.class || type == ArrayNode.class;
        }
    }

    /** An empty Optional is written as null, and null is left out. A missing value is therefore an empty Optional. */
    private static final class AbsentAsEmpty extends DelegatingDeserializer {

        AbsentAsEmpty(ValueDeserializer<?> delegate) {
            super(delegate);
        }

        @Override
        protected ValueDeserializer<?> newDelegatingInstance(ValueDeserializer<?> delegate) {
            return new AbsentAsEmpty(delegate);
        }

        @Override
        public @Nullable Object getAbsentValue(DeserializationContext context) {
            return getNullValue(context);
        }
    }

    /** Gets the deserializers from annotations, which no modifier gets. */
    private static final class ChosenDeserializers extends NopAnnotationIntrospector {

        private static final long serialVersionUID = 1L;

        private final AnnotationIntrospector introspector;

        ChosenDeserializers(AnnotationIntrospector introspector) {
            this.introspector = introspector;
        }

        @Override
        public @Nullable Object findDeserializer(MapperConfig<?> config, Annotated annotated) {
            Object chosen = introspector.findDeserializer(config, annotated);
            return chosen == null || chosen == ValueDeserializer.None.class ? null : new Chosen(annotated, chosen);
        }
    }

    /** Stands for a deserializer from an annotation until Jackson asks for the one to use. */
    private static final class Chosen extends ValueDeserializer<Object> {

        private final Annotated annotated;
        private final Object chosen;

        Chosen(Annotated annotated, Object chosen) {
            this.annotated = annotated;
            this.chosen = chosen;
        }

        @Override
        public ValueDeserializer<?> createContextual(DeserializationContext context, @Nullable BeanProperty property) {
            ValueDeserializer<?> deserializer = context.deserializerInstance(annotated, chosen);
            return new StoredTextDeserializer(deserializer, Reading.JSON_OR_TEXT).createContextual(context, property);
        }

        @Override
        public Object deserialize(JsonParser parser, DeserializationContext context) {
            throw new IllegalStateException("Not contextualized");
        }
    }
}
