package dev.eventlog.convert;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Converts events to stored fields: a map from names to texts. Text stays as it is. Numbers and booleans become their
 * plain text. For any other value, the application's {@link JsonMapper} decides: the text of a JSON string, number or
 * boolean, or the JSON of an object or array.
 *
 * <p>Thread-safe. Create one instance for each mapper and keep it, because it caches its {@link TypedFields}.
 */
public final class EventFields {

    /**
     * The field that carries the trace of an add to followers, in the format of the header {@code traceparent} of W3C Trace
     * Context. It is not part of the event: typed events are read without it.
     */
    public static final String TRACE_PARENT = "@traceparent";

    private final ValueWriter writer;
    private final TypedMappers mappers;
    private final Map<Class<?>, TypedFields<?>> typed = new ConcurrentHashMap<>();

    /**
     * Creates a conversion with a mapper.
     *
     * @param mapper the application's mapper, which is not changed
     */
    public EventFields(JsonMapper mapper) {
        this.writer = new ValueWriter(mapper.writer());
        this.mappers = new TypedMappers(mapper);
    }

    /**
     * Converts an event to fields.
     *
     * @param event values by name
     * @return the fields, in the order of the event
     * @throws IllegalArgumentException if the event cannot be stored: it has no fields or too many, a name or value is null, a
     *         value cannot be written as JSON or a text as UTF-8; the message names the field
     */
    public Map<String, String> toFields(Map<String, ?> event) {
        if (event == null) {
            throw new UnstorableEventException("it is null");
        }
        FieldCollector fields = new FieldCollector(event.size());
        // The type of each key is checked, because the compiler cannot check a raw map
        for (Map.Entry<?, ?> field : event.entrySet()) {
            String name = nameOf(field.getKey());
            fields.add(name, textOf(name, field.getValue()));
        }
        return fields.get();
    }

    /**
     * Converts events that are added together to fields.
     *
     * @param events the events
     * @return the fields of each event, in order
     * @throws IllegalArgumentException if one of the events cannot be stored; the message says which
     */
    public List<Map<String, String>> allToFields(List<? extends Map<String, ?>> events) {
        return UnstorableEventException.sayingWhich(events, this::toFields);
    }

    /**
     * Returns the conversion of a type, with the same mapper.
     *
     * @param type a class, record or sealed interface that the mapper writes as a JSON object
     * @param <T> the type
     * @return the conversion, the same instance for each type
     * @throws IllegalArgumentException if values of this type are known not to be JSON objects
     */
    @SuppressWarnings("unchecked")
    public <T> TypedFields<T> typed(Class<T> type) {
        return (TypedFields<T>) typed.computeIfAbsent(type, key -> new TypedFields<>(mappers, key));
    }

    private static String nameOf(@Nullable Object key) {
        if (key instanceof String name) {
            return name;
        }
        throw new UnstorableEventException(
                key == null
                        ? "a field name is null"
                        : "the field name " + key + " is a " + key.getClass().getName() + ", not a String");
    }

    private String textOf(String name, @Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof CharSequence
                || value instanceof Character
                || value instanceof Number
                || value instanceof Boolean) {
            return value.toString();
        }
        String text = null;
        if (value != null) {
            try {
                text = writer.textOf(value);
            } catch (JacksonException | StackOverflowError ex) {
                throw new UnstorableEventException(
                        "field '" + name + "' cannot be written as JSON: " + ex.getMessage(), ex);
            }
        }
        if (text == null) {
            throw new UnstorableEventException("field '" + name + "' is null");
        }
        return text;
    }
}
