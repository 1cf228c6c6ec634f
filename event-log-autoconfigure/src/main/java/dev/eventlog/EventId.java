package dev.eventlog;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The id of an event in its log: the millisecond of its add, and a sequence number within that millisecond. The ids of
 * a log increase strictly in the order of the adds. Immutable and thread-safe.
 *
 * <p>Both parts are unsigned 64-bit numbers, as in Redis. {@link #toString()} and {@link #parse(String)} use the form
 * of Redis, {@code <milliseconds>-<sequence>}. Jackson uses the same form, even for keys of a map, and so does Spring's
 * conversion: an id can be a {@code @RequestParam}, a {@code @PathVariable}, a {@code @Value}, or a configuration
 * property. A malformed id is then an error of the client (400) or of the configuration.
 *
 * @param milliseconds milliseconds since the epoch, by the clock of Redis, unsigned
 * @param sequence the number within that millisecond, unsigned
 */
public record EventId(long milliseconds, long sequence) implements Comparable<EventId> {

    /** The smallest id, {@code 0-0}, which is less than the id of every event. No event can have it. */
    public static final EventId MIN = new EventId(0, 0);

    /** The greatest possible id. */
    public static final EventId MAX = new EventId(-1, -1);

    /**
     * An id of two parts.
     *
     * @param milliseconds milliseconds since the epoch, unsigned
     * @param sequence the number within that millisecond, unsigned
     */
    // Otherwise Jackson would accept a JSON object too, and read an empty one as 0-0
    @JsonCreator(mode = JsonCreator.Mode.DISABLED)
    public EventId {}

    /**
     * Parses an id in the form of Redis.
     *
     * @param text {@code <milliseconds>-<sequence>}, each an unsigned 64-bit decimal number
     * @return the id
     * @throws IllegalArgumentException if the text has another form; the message quotes it
     */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static EventId parse(String text) {
        int dash = text == null ? -1 : text.indexOf('-');
        if (dash > 0
                && dash < text.length() - 1
                && isDigits(text, 0, dash)
                && isDigits(text, dash + 1, text.length())) {
            try {
                return new EventId(
                        Long.parseUnsignedLong(text, 0, dash, 10),
                        Long.parseUnsignedLong(text, dash + 1, text.length(), 10));
            } catch (NumberFormatException tooLarge) {
                // reported below, like any other malformed id
            }
        }
        throw new IllegalArgumentException(
                "'" + text + "' is not an event id: write it as Redis does, <milliseconds>-<sequence>,"
                        + " for example 1526919030474-55");
    }

    /**
     * Parses an id, as {@link #parse(String)}. Spring's conversion looks for a method of this name.
     *
     * @param text {@code <milliseconds>-<sequence>}, each an unsigned 64-bit decimal number
     * @return the id
     * @throws IllegalArgumentException if the text has another form; the message quotes it
     */
    public static EventId valueOf(String text) {
        return parse(text);
    }

    /**
     * Returns the smallest possible id of an event that was added at a moment or later.
     *
     * @param instant the moment
     * @return the smallest id of the first millisecond that is not before the moment; {@link #MIN} for a moment before
     *     1970
     * @throws IllegalArgumentException if the moment is null
     */
    public static EventId firstAt(Instant instant) {
        if (instant == null) {
            throw new IllegalArgumentException("The instant must not be null: EventId.MIN is before all events");
        }
        if (instant.isBefore(Instant.EPOCH)) {
            return MIN;
        }
        if (instant.isAfter(Instant.ofEpochMilli(Long.MAX_VALUE))) {
            return new EventId(Long.MIN_VALUE, 0); // unsigned: the first millisecond beyond the signed range
        }
        boolean withinMillisecond = !instant.truncatedTo(ChronoUnit.MILLIS).equals(instant);
        return new EventId(instant.toEpochMilli() + (withinMillisecond ? 1 : 0), 0);
    }

    private static boolean isDigits(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns the time of the add by the clock of Redis.
     *
     * @return the instant of {@link #milliseconds()}; {@link Instant#MAX} if signed milliseconds cannot hold it, which
     *     is possible only for an id that was set by hand
     */
    public Instant timestamp() {
        return milliseconds < 0 ? Instant.MAX : Instant.ofEpochMilli(milliseconds);
    }

    /**
     * Returns the greatest id that is less than this one. A reader that starts after the returned id starts at this id.
     *
     * @return the id before; {@link #MIN} for {@link #MIN} itself
     */
    public EventId previous() {
        if (sequence != 0) {
            return new EventId(milliseconds, sequence - 1);
        }
        return milliseconds != 0 ? new EventId(milliseconds - 1, -1) : MIN;
    }

    /**
     * Returns the smallest id that is greater than this one.
     *
     * @return the id after; {@link #MAX} for {@link #MAX} itself
     */
    public EventId next() {
        if (sequence != -1) {
            return new EventId(milliseconds, sequence + 1);
        }
        return milliseconds != -1 ? new EventId(milliseconds + 1, 0) : MAX;
    }

    /**
     * Returns whether this id is greater than another.
     *
     * @param other the id to compare with
     * @return whether an event of this id comes after one of the other
     */
    public boolean isAfter(EventId other) {
        return compareTo(other) > 0;
    }

    @Override
    public int compareTo(EventId other) {
        int byTime = Long.compareUnsigned(milliseconds, other.milliseconds);
        return byTime != 0 ? byTime : Long.compareUnsigned(sequence, other.sequence);
    }

    /** {@return the id in the form of Redis, {@code <milliseconds>-<sequence>}} */
    @JsonValue
    @Override
    public String toString() {
        return Long.toUnsignedString(milliseconds) + '-' + Long.toUnsignedString(sequence);
    }
}
