package dev.eventlog.testing.memory;

import dev.eventlog.EventId;
import dev.eventlog.testing.memory.Reply.Failure;

/**
 * Parses the ids in commands: complete, without a sequence, with a parenthesis to exclude the id, or a special
 * character.
 */
final class Ids {

    private Ids() {}

    static EventId parse(String text, long sequence) {
        try {
            return EventId.parse(text.contains("-") ? text : text + "-" + Long.toUnsignedString(sequence));
        } catch (IllegalArgumentException malformed) {
            throw new Failure("ERR Invalid stream ID specified as stream command argument");
        }
    }

    static EventId from(String text) {
        if (text.startsWith("(")) {
            EventId excluded = parse(text.substring(1), 0);
            if (excluded.equals(EventId.MAX)) {
                throw new Failure("ERR invalid start ID for the interval");
            }
            return excluded.next();
        }
        return text.equals("-") ? EventId.MIN : text.equals("+") ? EventId.MAX : parse(text, 0);
    }

    static EventId to(String text) {
        if (text.startsWith("(")) {
            EventId excluded = parse(text.substring(1), -1);
            if (excluded.equals(EventId.MIN)) {
                throw new Failure("ERR invalid end ID for the interval");
            }
            return excluded.previous();
        }
        return text.equals("-") ? EventId.MIN : text.equals("+") ? EventId.MAX : parse(text, -1);
    }
}
