package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Decodes the replies of Redis about streams. It is the only class that decodes events. */
final class StreamReplies {

    private StreamReplies() {}

    static List<?> list(@Nullable Object reply) {
        return reply instanceof List<?> list ? list : List.of();
    }

    static String text(@Nullable Object reply) {
        if (reply instanceof byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        return reply == null ? "" : reply.toString();
    }

    /** {@return the reply itself, which Lettuce returns as a list of one element if it is the only answer} */
    static @Nullable Object single(@Nullable Object reply) {
        return reply instanceof List<?> list && list.size() == 1 ? list.get(0) : reply;
    }

    static long number(@Nullable Object reply) {
        Object single = single(reply);
        return single instanceof Long number ? number : Long.parseLong(text(single));
    }

    /**
     * Decodes the events in a reply to {@code XRANGE}, without the entry that ends a complete log, which is not an event. Detects
     * replies that a driver or a proxy has mixed up.
     *
     * @param reply the reply
     * @param oldest the lowest id of the question
     * @param newest the highest id of the question
     * @param rising whether the ids must rise; otherwise they must fall
     * @throws IllegalStateException if Redis cannot have sent this reply
     */
    static List<Event> events(@Nullable Object reply, EventId oldest, EventId newest, boolean rising) {
        List<?> entries = list(reply);
        List<Event> events = new ArrayList<>(entries.size());
        FieldNames names = new FieldNames();
        EventId before = null;
        for (Object entry : entries) {
            Event event = event(entry, names);
            if (event == null) {
                throw mixedUp("an entry is missing or malformed");
            }
            EventId id = event.id();
            if (oldest.isAfter(id) || id.isAfter(newest)) {
                throw mixedUp(id + " is not between " + oldest + " and " + newest);
            }
            if (before != null && (id.equals(before) || id.isAfter(before) != rising)) {
                throw mixedUp(id + " came after " + before);
            }
            before = id;
            if (!Closing.is(event)) {
                events.add(event);
            }
        }
        return events;
    }

    /** {@return the single entry with the requested id, even if it ends the log; null if there is none} */
    static @Nullable Event entry(@Nullable Object reply, EventId id) {
        List<?> entries = list(reply);
        Event entry = entries.isEmpty() ? null : event(entries.get(0));
        if (!entries.isEmpty() && (entry == null || !entry.id().equals(id))) {
            throw mixedUp("entry " + id + " is another one");
        }
        return entry;
    }

    private static EventId id(byte[] id) {
        try {
            return EventId.parse(text(id));
        } catch (IllegalArgumentException none) {
            throw mixedUp("'" + text(id) + "' is in place of an id");
        }
    }

    private static IllegalStateException mixedUp(String what) {
        return new MixedUpReplyException(what);
    }

    /** {@return the id of the last entry; there must be at least one} */
    static EventId idOfLast(@Nullable Object reply) {
        List<?> entries = list(reply);
        EventId last = idOf(entries.get(entries.size() - 1));
        if (last == null || last.equals(EventId.MIN)) {
            throw mixedUp("an entry is missing or malformed");
        }
        return last;
    }

    /** {@return whether the first entry, if there is one, ends its log} */
    static boolean isFirstClosing(@Nullable Object reply) {
        List<?> entries = list(reply);
        if (entries.isEmpty() || !EventId.MAX.equals(idOf(entries.get(0)))) {
            return false;
        }
        Event first = event(entries.get(0));
        return first != null && Closing.is(first);
    }

    /** {@return the event of an entry; null if there is none} */
    static @Nullable Event event(@Nullable Object entry) {
        return event(entry, new FieldNames());
    }

    private static @Nullable Event event(@Nullable Object entry, FieldNames names) {
        List<?> parts = list(entry);
        if (parts.size() != 2 || !(parts.get(0) instanceof byte[] id)) {
            return null;
        }
        names.ofNextEvent();
        List<?> texts = list(parts.get(1));
        if (texts.size() % 2 != 0 || texts.isEmpty()) {
            throw mixedUp("a field of entry " + text(id) + " has no value");
        }
        Map<String, String> fields = new LinkedHashMap<>(texts.size());
        for (int i = 0; i + 1 < texts.size(); i += 2) {
            if (!(texts.get(i) instanceof byte[] name) || !(texts.get(i + 1) instanceof byte[] value)) {
                throw mixedUp("a field of entry " + text(id) + " is not text");
            }
            fields.put(names.text(name), text(value));
        }
        return new Event(id(id), fields);
    }

    /** Decodes a reply to {@code XREAD} for one stream: a map by its name with RESP3, a list of names and entries with RESP2. */
    static List<Event> ofOneStream(@Nullable Object reply, EventId after) {
        List<?> streams = list(reply);
        if (streams.isEmpty() || streams.get(0) == null) {
            return List.of();
        }
        Object named = streams.get(0) instanceof List<?> pair ? pair.get(1) : streams.get(1);
        return events(named, after.next(), EventId.MAX, true);
    }

    /** Decodes a reply to {@code XINFO STREAM}. */
    static StreamState state(@Nullable Object reply) {
        List<?> known = list(reply);
        long length = 0;
        long groups = 0;
        long added = -1;
        EventId last = EventId.MIN;
        EventId deleted = EventId.MIN;
        EventId first = null;
        Event newest = null;
        for (int i = 0; i + 1 < known.size(); i += 2) {
            Object value = known.get(i + 1);
            switch (text(known.get(i))) {
                case "length" -> length = number(value);
                case "groups" -> groups = number(value);
                case "entries-added" -> added = number(value);
                case "last-generated-id" -> last = EventId.parse(text(value));
                case "max-deleted-entry-id" -> deleted = EventId.parse(text(value));
                case "first-entry" -> first = idOf(value);
                case "last-entry" -> newest = EventId.MAX.equals(idOf(value)) ? event(value) : null;
                default -> {}
            }
        }
        EventId only = last.equals(first) ? last : first; // often the same, which then needs memory only once
        return StreamState.counted(length, last, only, added, deleted, groups > 0, newest);
    }

    /**
     * {@return the last entry in a reply to {@code XINFO STREAM}; null if there is none}
     *
     * @param lastId the last id in the same reply, which is usually that of the entry, and then needs memory only once
     */
    static @Nullable Event lastEntry(@Nullable Object reply, EventId lastId) {
        List<?> known = list(reply);
        for (int i = known.size() - 2; i >= 0; i -= 2) { // it comes last
            if (text(known.get(i)).equals("last-entry")) {
                Event last = event(known.get(i + 1));
                return last != null && last.id().equals(lastId) ? new Event(lastId, last.fields()) : last;
            }
        }
        return null;
    }

    private static @Nullable EventId idOf(@Nullable Object entry) {
        List<?> parts = list(entry);
        return parts.size() == 2 && parts.get(0) instanceof byte[] id ? EventId.parse(text(id)) : null;
    }

    /** Returns the number of bytes of the texts in a reply. */
    static long size(@Nullable Object reply) {
        if (reply instanceof byte[] bytes) {
            return bytes.length;
        }
        long size = 0;
        for (Object part : list(reply)) {
            size += size(part);
        }
        return size;
    }
}
