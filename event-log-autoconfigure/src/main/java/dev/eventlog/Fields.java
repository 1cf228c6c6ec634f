package dev.eventlog;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A map for the few fields of a typical event: one array with each name before its value, in stored order. Many events
 * are kept in memory, and a hash table for three fields takes 186 bytes more. Unmodifiable.
 */
final class Fields extends AbstractMap<String, String> {

    /** Up to this number of fields, a linear search is as fast as a hash table. */
    private static final int FEW = 8;

    private final String[] texts;

    private Fields(String[] texts) {
        this.texts = texts;
    }

    /** {@return an unmodifiable copy, in the same order} */
    static Map<String, String> copyOf(Map<String, String> fields) {
        if (fields instanceof Fields) {
            return fields;
        }
        Map.Entry<?, ?>[] entries = fields.entrySet().toArray(new Map.Entry<?, ?>[0]);
        if (entries.length > FEW) {
            return Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        }
        String[] texts = new String[2 * entries.length];
        for (int i = 0; i < entries.length; i++) {
            texts[2 * i] = (String) entries[i].getKey();
            texts[2 * i + 1] = (String) entries[i].getValue();
        }
        return new Fields(texts);
    }

    @Override
    public int size() {
        return texts.length / 2;
    }

    @Override
    public @Nullable String get(@Nullable Object name) {
        int index = indexOf(name);
        return index < 0 ? null : texts[index + 1];
    }

    @Override
    public boolean containsKey(@Nullable Object name) {
        return indexOf(name) >= 0;
    }

    private int indexOf(@Nullable Object name) {
        for (int i = 0; i < texts.length; i += 2) {
            if (Objects.equals(texts[i], name)) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public Set<Map.Entry<String, String>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public int size() {
                return Fields.this.size();
            }

            @Override
            public Iterator<Map.Entry<String, String>> iterator() {
                return new InOrder();
            }
        };
    }

    private final class InOrder implements Iterator<Map.Entry<String, String>> {

        private int next;

        @Override
        public boolean hasNext() {
            return next < texts.length;
        }

        @Override
        public Map.Entry<String, String> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            next += 2;
            return new SimpleImmutableEntry<>(texts[next - 2], texts[next - 1]);
        }
    }
}
