package dev.eventlog.convert;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns events into the fields that are stored: text by name. Text stays as it is, numbers and booleans become their plain
 * text, and what else there is becomes what the application's {@link JsonMapper} writes for it: the text of a JSON string,
 * number or boolean, the JSON of an object or array.
 *
 * <p>Thread-safe. Make one for each mapper, and keep it: it keeps the {@link TypedFields} that it makes.
 */
public final class EventFields {

    /**
     * The field that carries the trace of an add to followers, in the form of the header {@code traceparent} of W3C Trace
     * Context. No part of the event: typed events are read without it.
     */
    public static final String TRACE_PARENT = "@traceparent";

    private final ValueWriter writer;
    private final TypedMappers mappers;
    private final Map<Class<?>, TypedFields<?>> typed = new ConcurrentHashMap<>();

    /**
     * A conversion by a mapper.
     *
     * @param mapper the application's mapper; it stays as it is
     */
    public EventFields(JsonMapper mapper) {
        this.writer = new ValueWriter(mapper.writer());
        this.mappers = new TypedMappers(mapper);
    }

    /**
     * The fields of an event.
     *
     * @param event values by name
     * @return its fields, in the event's order
     * @throws IllegalArgumentException if the event cannot be stored: it has no field or too many, a name or value is null,
     *     a value cannot be written as JSON or a text not as UTF-8; the message names the field
     */
    public Map<String, String> toFields(Map<String, ?> event) {
        if (event == null) {
            throw new UnstorableEventException("it is null");
        }
        FieldCollector fields = new FieldCollector(event.size());
        // The keys are looked at as they are: a raw map brings what the compiler cannot see
        for (Map.Entry<?, ?> field : event.entrySet()) {
            String name = nameOf(field.getKey());
            fields.add(name, textOf(name, field.getValue()));
        }
        return fields.get();
    }

    /**
     * The fields of events that are added together.
     *
     * @param events the events
     * @return the fields of each, in order
     * @throws IllegalArgumentException if one of the events cannot be stored; the message says which
     */
    public List<Map<String, String>> allToFields(List<? extends Map<String, ?>> events) {
        return UnstorableEventException.sayingWhich(events, this::toFields);
    }

    /**
     * The conversion of a type by the same mapper.
     *
     * @param type a class, record or sealed interface that the mapper writes as a JSON object
     * @param <T> that type
     * @return the conversion, always the same for a type
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
