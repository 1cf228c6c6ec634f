package dev.eventlog.redis;

import dev.eventlog.Completion;
import dev.eventlog.Completion.Kind;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The entry that ends a log. It has the greatest possible id, and a field with the kind of the end. Redis can give no id after
 * it, and so refuses every further add. Readers never see it as an event. A log is complete if its last id is the greatest
 * possible id, even if the entry is gone.
 */
public final class Closing {

    /** The kind of the end. */
    static final String COMPLETE = "@complete";

    /** The reason, if there is one. */
    static final String REASON = "@reason";

    /** The last id before the log was complete; missing if another program ended the log. */
    static final String LAST = "@last";

    private Closing() {}

    /**
     * {@return whether an entry ends its log}
     *
     * @param entry the entry
     */
    public static boolean is(Event entry) {
        return entry.id().equals(EventId.MAX) && entry.fields().containsKey(COMPLETE);
    }

    /**
     * {@return how a complete log ended}
     *
     * @param entry the entry with the greatest id; null if it is gone
     */
    public static Completion completion(@Nullable Event entry) {
        if (entry == null || !is(entry)) {
            return new Completion(Kind.UNKNOWN, null);
        }
        return completion(entry.fields().get(COMPLETE), entry.fields().get(REASON));
    }

    static Completion completion(@Nullable String kind, @Nullable String reason) {
        for (Kind each : Kind.values()) {
            if (each != Kind.UNKNOWN && text(each).equals(kind)) {
                return new Completion(each, reason);
            }
        }
        return new Completion(Kind.UNKNOWN, reason);
    }

    /** {@return the text for a kind of end in the entry} */
    static String text(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** {@return the last id before the log was complete; null if the entry does not have it} */
    static @Nullable EventId lastBefore(Event entry) {
        Map<String, String> fields = entry.fields();
        try {
            String last = fields.get(LAST);
            return last == null ? null : EventId.parse(last);
        } catch (IllegalArgumentException byAnotherProgram) {
            return null;
        }
    }
}
