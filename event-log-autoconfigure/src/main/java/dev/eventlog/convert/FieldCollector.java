package dev.eventlog.convert;

import java.util.LinkedHashMap;
import java.util.Map;

/** Collects the fields of one event. It refuses fields that Redis would refuse, or would store differently. */
final class FieldCollector {

    /** The limit of Redis' script engine: a field is two arguments, and a call has at most about 8,000. */
    static final int MAX_FIELDS = 3_900;

    private final Map<String, String> fields;

    FieldCollector(int expected) {
        if (expected > MAX_FIELDS) {
            throw tooMany(expected);
        }
        this.fields = new LinkedHashMap<>(expected * 4 / 3 + 1);
    }

    void add(String name, String text) {
        requireUnicode("the name of field", name, name);
        requireUnicode("the value of field", name, text);
        if (fields.put(name, text) != null) {
            throw new UnstorableEventException("it has two fields named '" + name + "'");
        }
    }

    boolean isEmpty() {
        return fields.isEmpty();
    }

    Map<String, String> get() {
        if (fields.isEmpty()) {
            throw new UnstorableEventException("it has no fields");
        }
        if (fields.size() > MAX_FIELDS) {
            throw tooMany(fields.size());
        }
        return fields;
    }

    private static UnstorableEventException tooMany(int count) {
        return new UnstorableEventException(
                "it has %,d fields, but at most %,d are possible".formatted(count, MAX_FIELDS));
    }

    /** Half a surrogate pair cannot be encoded in UTF-8: Java would send a question mark instead. */
    private static void requireUnicode(String what, String name, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1))) {
                    i++;
                } else {
                    throw new UnstorableEventException(
                            "%s '%s' is not valid Unicode: unpaired surrogate U+%04X at index %d"
                                    .formatted(what, name, (int) c, i));
                }
            }
        }
    }
}
