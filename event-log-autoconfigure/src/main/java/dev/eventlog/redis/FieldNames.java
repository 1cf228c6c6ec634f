package dev.eventlog.redis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Decodes the names of fields. Successive events mostly have the same names, which are decoded once and shared by all these
 * events.
 */
final class FieldNames {

    private final List<byte[]> raw = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();
    private int next;

    /** The next name is the first name of another event. */
    void ofNextEvent() {
        next = 0;
    }

    String text(byte[] name) {
        int index = next++;
        if (index == raw.size()) {
            raw.add(name);
            texts.add(StreamReplies.text(name));
        } else if (!Arrays.equals(raw.get(index), name)) {
            raw.set(index, name);
            texts.set(index, StreamReplies.text(name));
        }
        return texts.get(index);
    }
}
