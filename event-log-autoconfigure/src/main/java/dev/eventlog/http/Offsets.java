package dev.eventlog.http;

import dev.eventlog.EventId;
import dev.eventlog.Tail;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Positions in a log as clients see them: the id of the last event they have, each part with its twenty digits, so that they sort
 * as text as they do as numbers.
 */
final class Offsets {

    /** The beginning of a log. */
    static final String START = "-1";

    /** The end of a log, wherever that is. */
    static final String NOW = "now";

    private static final Pattern OFFSET = Pattern.compile("(\\d{20})_(\\d{20})");

    private Offsets() {}

    /** {@return where a client goes on that has the event of this id} */
    static String text(EventId id) {
        return digits(id.milliseconds()) + '_' + digits(id.sequence());
    }

    private static String digits(long unsigned) {
        String text = Long.toUnsignedString(unsigned);
        return "0".repeat(20 - text.length()) + text;
    }

    /**
     * {@return the tail that a client asks for}
     *
     * @param given the values of its parameter; null if it has none
     */
    static Tail tail(@Nullable List<String> given) {
        if (given == null) {
            return Tail.all();
        }
        if (given.size() > 1) {
            throw Problems.badRequest("There must be one offset, not " + given.size());
        }
        String offset = given.get(0);
        return switch (offset) {
            case START -> Tail.all();
            case NOW -> Tail.newOnly();
            default -> Tail.after(id(offset));
        };
    }

    private static EventId id(String offset) {
        Matcher parts = OFFSET.matcher(offset);
        if (parts.matches()) {
            try {
                return new EventId(Long.parseUnsignedLong(parts.group(1)), Long.parseUnsignedLong(parts.group(2)));
            } catch (NumberFormatException tooLarge) {
                // said below, as for every other malformed offset
            }
        }
        throw Problems.badRequest("'" + offset + "' is not an offset: send one that an answer had in "
                + StreamHeaders.NEXT_OFFSET + ", or " + START + " for the beginning, or " + NOW + " for the end");
    }
}
