package dev.eventlog.http;

import dev.eventlog.EventId;
import dev.eventlog.Tail;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Converts positions in a log to offsets for clients. An offset is the id of the last event that the client has. Each part has
 * twenty digits, so that offsets sort in the same order as text and as numbers.
 */
final class Offsets {

    /** The beginning of a log. */
    static final String START = "-1";

    /** The current end of a log. */
    static final String NOW = "now";

    private static final Pattern OFFSET = Pattern.compile("(\\d{20})_(\\d{20})");

    private Offsets() {}

    /** {@return the offset of a client whose last event has this id} */
    static String text(EventId id) {
        return digits(id.milliseconds()) + '_' + digits(id.sequence());
    }

    private static String digits(long unsigned) {
        String text = Long.toUnsignedString(unsigned);
        return "0".repeat(20 - text.length()) + text;
    }

    /**
     * {@return the tail that a client requests}
     *
     * @param given the values of the parameter; null if the request has none
     */
    static Tail tail(@Nullable List<String> given) {
        if (given == null) {
            return Tail.all();
        }
        if (given.size() > 1) {
            throw Problems.badRequest("The request must have one offset, but has " + given.size());
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
                // reported below, as for every other malformed offset
            }
        }
        throw Problems.badRequest("'" + offset + "' is not an offset: send the value of " + StreamHeaders.NEXT_OFFSET
                + " of an earlier answer, " + START + " for the beginning, or " + NOW + " for the end");
    }
}
