package dev.eventlog.redis;

import dev.eventlog.Completion;
import dev.eventlog.Completion.Kind;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The entry that ends a log: the one of the greatest id, with a field that says how it ended. Redis gives out no id after it, so
 * it refuses every further add by itself. Readers never see it as an event. A log is complete when the last id given is the
 * greatest, also if the entry is gone.
 */
public final class Closing {

    /** How the log ended. */
    static final String COMPLETE = "@complete";

    /** Why, if that was said. */
    static final String REASON = "@reason";

    /** The id given last before the log was complete; missing where another program ended it. */
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
     * @param entry the entry of the greatest id; null if it is gone
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

    /** {@return how it stands in the entry that a log ended in this way} */
    static String text(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** {@return the id given last before the log was complete; null if the entry does not say} */
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
