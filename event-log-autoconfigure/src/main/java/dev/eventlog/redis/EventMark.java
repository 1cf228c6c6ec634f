package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.core.script.DigestUtils;

/**
 * A small value that recognizes an event which was read. An application may follow many logs whose last event is large. The marks
 * of two events with the same id are equal if their fields are equal. Otherwise they are equal only with a probability of 1 in
 * 2<sup>64</sup>, unless a field contains the character NUL.
 *
 * @param id the id of the event
 * @param digest the first 64 bits of the digest of its fields, which look.lua computes in the same way
 */
public record EventMark(EventId id, long digest) {

    private static final int HEX_DIGITS = 16;

    /**
     * {@return the mark of an event}
     *
     * @param event the event
     */
    public static EventMark of(Event event) {
        List<String> texts = new ArrayList<>(2 * event.fields().size());
        event.fields().forEach((field, value) -> {
            texts.add(field);
            texts.add(value);
        });
        return digested(event.id(), DigestUtils.sha1DigestAsHex(String.join("\0", texts)));
    }

    /**
     * {@return the mark of an event; null if there is none}
     *
     * @param event the event
     */
    public static @Nullable EventMark ofNullable(@Nullable Event event) {
        return event == null ? null : of(event);
    }

    /** {@return the mark of an event, for which look.lua has returned only the digest because events may be large} */
    static @Nullable EventMark ofDigest(@Nullable Event answered) {
        String digest = answered == null ? null : answered.fields().get("digest");
        return answered == null || digest == null ? null : digested(answered.id(), digest);
    }

    private static EventMark digested(EventId id, String digest) {
        return new EventMark(id, HexFormat.fromHexDigitsToLong(digest, 0, HEX_DIGITS));
    }

    /**
     * {@return whether an event is the one that was read}
     *
     * @param event the event
     */
    public boolean isOf(@Nullable Event event) {
        return event != null && id.equals(event.id()) && equals(of(event));
    }
}
