package dev.eventlog.testing.memory;

import dev.eventlog.EventId;
import dev.eventlog.testing.memory.Reply.Failure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A stream. As in Redis, its entries are in nodes, and approximate trimming removes only whole nodes. Not thread-safe.
 */
final class StreamValue {

    private static final int BYTES_OF_NODE = 4096;

    /** The entries that are trimmed together. */
    private static final class Node {
        private int entries;
        private int left;
        private int bytes;
        private EventId last = EventId.MIN;
    }

    private record Entry(List<String> texts, Node node) {}

    private final TreeMap<EventId, Entry> entries = new TreeMap<>();
    private final Set<String> groups = new TreeSet<>();
    private Node newest = new Node();
    private EventId last = EventId.MIN;
    private EventId deleted = EventId.MIN;
    private long added;

    StreamValue copy() {
        StreamValue copy = new StreamValue();
        entries.forEach((id, entry) -> copy.put(id, entry.texts(), entries.size()));
        copy.groups.addAll(groups);
        copy.setId(last, added, deleted);
        return copy;
    }

    int length() {
        return entries.size();
    }

    EventId last() {
        return last;
    }

    Set<String> groups() {
        return groups;
    }

    void setId(EventId newLast, long newAdded, EventId newDeleted) {
        last = newLast;
        added = newAdded;
        deleted = newDeleted;
    }

    long added() {
        return added;
    }

    EventId deleted() {
        return deleted;
    }

    /** {@return the id of a new entry, given the id argument of its command} */
    EventId idFor(String text, long now) {
        boolean anySequence = text.endsWith("-*");
        if (!text.equals("*") && !anySequence) {
            EventId id = Ids.parse(text, 0);
            if (id.equals(EventId.MIN)) {
                throw new Failure("ERR The ID specified in XADD must be greater than 0-0");
            }
            if (!id.isAfter(last)) {
                throw last.equals(EventId.MAX)
                        ? exhausted()
                        : new Failure(
                                "ERR The ID specified in XADD is equal or smaller than the target stream top item");
            }
            return id;
        }
        if (last.equals(EventId.MAX)) {
            throw exhausted();
        }
        if (anySequence) {
            long milliseconds =
                    Ids.parse(text.substring(0, text.length() - 2), 0).milliseconds();
            EventId first = new EventId(milliseconds, milliseconds == 0 ? 1 : 0);
            return first.isAfter(last) ? first : idFor(last.milliseconds() == milliseconds ? last.next() : first, now);
        }
        return idFor(new EventId(now, 0).isAfter(last) ? new EventId(now, 0) : last.next(), now);
    }

    private EventId idFor(EventId id, long now) {
        return idFor(id.toString(), now);
    }

    private static Failure exhausted() {
        return new Failure("ERR The stream has exhausted the last possible ID, unable to add more items");
    }

    void add(EventId id, List<String> texts, int entriesOfNode) {
        put(id, texts, entriesOfNode);
        last = id;
        added++;
    }

    private void put(EventId id, List<String> texts, int entriesOfNode) {
        if (newest.entries >= entriesOfNode || newest.bytes >= BYTES_OF_NODE) {
            newest = new Node();
        }
        newest.entries++;
        newest.left++;
        newest.bytes += texts.stream().mapToInt(String::length).sum() + 4 * texts.size();
        newest.last = id;
        entries.put(id, new Entry(List.copyOf(texts), newest));
    }

    boolean delete(EventId id) {
        if (!removed(id)) {
            return false;
        }
        deleted = id.isAfter(deleted) ? id : deleted;
        return true;
    }

    private boolean removed(EventId id) {
        Entry entry = entries.remove(id);
        if (entry == null) {
            return false;
        }
        entry.node().left--;
        return true;
    }

    /** Removes the oldest entries until at most {@code length} are left. {@return the number of removed entries} */
    long trimToLength(long length, boolean approximately) {
        return trim(approximately, id -> length() > length, node -> length() - node.left >= length);
    }

    /** Removes the entries below an id. {@return the number of removed entries} */
    long trimBelow(EventId oldest, boolean approximately) {
        return trim(approximately, oldest::isAfter, node -> oldest.isAfter(node.last));
    }

    private long trim(boolean approximately, Predicate<EventId> isDue, Predicate<Node> isWholeNodeDue) {
        long before = length();
        while (!entries.isEmpty() && isDue.test(entries.firstKey())) {
            Node node = entries.firstEntry().getValue().node();
            if (approximately && !isWholeNodeDue.test(node)) {
                break;
            }
            int due = approximately ? node.left : 1;
            for (int i = 0; i < due; i++) {
                removed(entries.firstKey());
            }
        }
        return before - length();
    }

    /** Removes the newest entries as if they had never been added. {@return their ids} */
    List<EventId> lose(int count) {
        List<EventId> lost = entries.descendingKeySet().stream().limit(count).toList();
        lost.forEach(this::removed);
        added -= lost.size();
        last = entries.isEmpty() ? EventId.MIN : entries.lastKey();
        newest = new Node();
        return lost;
    }

    /** {@return entries from one id to another, both included} */
    List<Object> range(EventId from, EventId to, boolean backwards, long count) {
        if (from.isAfter(to)) {
            return List.of();
        }
        NavigableMap<EventId, Entry> part = entries.subMap(from, true, to, true);
        List<Object> found = new ArrayList<>();
        for (Map.Entry<EventId, Entry> each : (backwards ? part.descendingMap() : part).entrySet()) {
            if (found.size() >= count) {
                break;
            }
            found.add(reply(each));
        }
        return found;
    }

    private static @Nullable Object reply(Map.@Nullable Entry<EventId, Entry> entry) {
        return entry == null
                ? null
                : List.of(entry.getKey().toString(), entry.getValue().texts());
    }

    Map<String, @Nullable Object> info() {
        Map<String, @Nullable Object> info = new LinkedHashMap<>();
        info.put("length", (long) length());
        info.put("radix-tree-keys", 1L);
        info.put("radix-tree-nodes", 2L);
        info.put("last-generated-id", last.toString());
        info.put("max-deleted-entry-id", deleted.toString());
        info.put("entries-added", added);
        info.put("recorded-first-entry-id", (entries.isEmpty() ? EventId.MIN : entries.firstKey()).toString());
        info.put("groups", (long) groups.size());
        info.put("first-entry", reply(entries.firstEntry()));
        info.put("last-entry", reply(entries.lastEntry()));
        return info;
    }
}
