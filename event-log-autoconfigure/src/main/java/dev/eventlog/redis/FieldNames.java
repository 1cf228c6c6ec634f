package dev.eventlog.redis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Decodes the names of fields. Successive events mostly have the same names, which are decoded once. All events of the application
 * share the text of a name, because they usually have few different names, and the last event of each followed log is kept.
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
            texts.add(decoded(name));
        } else if (!Arrays.equals(raw.get(index), name)) {
            raw.set(index, name);
            texts.set(index, decoded(name));
        }
        return texts.get(index);
    }

    private static String decoded(byte[] name) {
        return StreamReplies.text(name).intern();
    }
}
