package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.core.script.DigestUtils;

/** Reads what Redis answers of streams: the one place where an event is decoded. */
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

    /** A number, which Lettuce hands over as a list of one where nothing else was answered. */
    static long number(@Nullable Object reply) {
        Object single = reply instanceof List<?> list && list.size() == 1 ? list.get(0) : reply;
        return single instanceof Long number ? number : Long.parseLong(text(single));
    }

    /**
     * Entries as {@code XRANGE} answers them.
     *
     * @throws IllegalStateException if the ids do not rise: then this is not what Redis sent
     */
    static List<Event> events(@Nullable Object reply, boolean rising) {
        List<?> entries = list(reply);
        List<Event> events = new ArrayList<>(entries.size());
        FieldNames names = new FieldNames();
        EventId before = null;
        for (Object entry : entries) {
            Event event = event(entry, names);
            if (event == null) {
                continue;
            }
            if (before != null && event.id().isAfter(before) != rising) {
                throw new IllegalStateException("The ids of a stream's entries came in no order: " + before + ", then "
                        + event.id() + ". Is something between this application and Redis that changes replies?");
            }
            before = event.id();
            events.add(event);
        }
        return events;
    }

    /** {@return the event of an entry; null where there is none} */
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
        Map<String, String> fields = new LinkedHashMap<>(texts.size());
        for (int i = 0; i + 1 < texts.size(); i += 2) {
            fields.put(names.text((byte[]) texts.get(i)), text(texts.get(i + 1)));
        }
        return new Event(EventId.parse(text(id)), fields);
    }

    /** What {@code XREAD} answers of one stream: below its name in RESP3, in a list of names and entries in RESP2. */
    static List<Event> ofOneStream(@Nullable Object reply) {
        List<?> streams = list(reply);
        if (streams.isEmpty() || streams.get(0) == null) {
            return List.of();
        }
        Object named = streams.get(0) instanceof List<?> pair ? pair.get(1) : streams.get(1);
        return events(named, true);
    }

    /** What {@code XINFO STREAM} answers. */
    static StreamState state(@Nullable Object reply) {
        List<?> known = list(reply);
        long length = 0;
        long groups = 0;
        long added = -1;
        EventId last = EventId.MIN;
        EventId deleted = EventId.MIN;
        EventId first = null;
        for (int i = 0; i + 1 < known.size(); i += 2) {
            Object value = known.get(i + 1);
            switch (text(known.get(i))) {
                case "length" -> length = number(value);
                case "groups" -> groups = number(value);
                case "entries-added" -> added = number(value);
                case "last-generated-id" -> last = EventId.parse(text(value));
                case "max-deleted-entry-id" -> deleted = EventId.parse(text(value));
                case "first-entry" -> first = idOf(value);
                default -> {}
            }
        }
        return new StreamState(true, length, last, first, added, deleted, groups);
    }

    private static @Nullable EventId idOf(@Nullable Object entry) {
        List<?> parts = list(entry);
        return parts.size() == 2 && parts.get(0) instanceof byte[] id ? EventId.parse(text(id)) : null;
    }

    /** Whether look.lua answered the digest of an event: so a large one need not be sent once more. */
    static boolean isDigestOf(Event event, Event answered) {
        List<String> texts = new ArrayList<>();
        event.fields().forEach((field, value) -> {
            texts.add(field);
            texts.add(value);
        });
        return event.id().equals(answered.id())
                && DigestUtils.sha1DigestAsHex(String.join("\0", texts))
                        .equals(answered.fields().get("digest"));
    }

    /** How many bytes the texts of a reply have. */
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
