package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.Line;
import dev.eventlog.redis.RawCommand;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.core.script.DigestUtils;

/**
 * A model of a stream in Redis, with everything that can happen to it and the fate of each event. It answers the few
 * commands that read a log, like Redis.
 */
final class ModelLog implements Line {

    /** The fate of an event. */
    enum Fate {
        THERE,
        /** Trimmed at the old end. */
        TRIMMED,
        /** Retracted: somebody deleted this single event. */
        RETRACTED,
        /** Gone because its log was deleted or replaced. */
        DROPPED,
        /** Lost by a server that came back without it. */
        LOST
    }

    /** An added event, or the closing entry of the log. */
    static final class Added {
        final int order;
        final EventId id;

        @Nullable
        EventId lastBefore; // set for the closing entry only

        Fate fate = Fate.THERE;
        long rank; // its number among all events ever added to its log
        int lifeAdded;
        int lifeEnded = Integer.MAX_VALUE; // the first life of the log without it

        Added(int order, EventId id, int life) {
            this.order = order;
            this.id = id;
            this.lifeAdded = life;
        }

        boolean isClosing() {
            return lastBefore != null;
        }

        boolean isOf(int life) {
            return life >= lifeAdded && life < lifeEnded;
        }

        @Override
        public String toString() {
            return "#" + order + "(" + id + " " + fate + ")";
        }
    }

    final List<Added> all = new ArrayList<>();
    final boolean counts;
    final Set<Integer> livesWithGroup = new HashSet<>(); // in these, no number is exact
    /** An action of another client between two commands that were sent together. */
    Runnable between = () -> {};
    /** An action of another client before replies arrive. */
    Runnable underWay = () -> {};

    int life;
    int server;
    private boolean exists;
    private TreeMap<EventId, Added> entries = new TreeMap<>();
    private EventId lastId = EventId.MIN;
    private long added;
    private EventId deleted = EventId.MIN;
    private long groups;
    private long clock = 1_000_000;

    ModelLog(boolean counts) {
        this.counts = counts;
    }

    int size() {
        return entries.size();
    }

    boolean exists() {
        return exists;
    }

    boolean isComplete() {
        return lastId.equals(EventId.MAX);
    }

    /** {@return the last closing entry, even if it is gone} */
    @Nullable
    Added closing() {
        return all.stream()
                .filter(added -> added.isClosing() && added.isOf(life))
                .reduce((one, later) -> later)
                .orElse(null);
    }

    void complete() {
        if (isComplete()) {
            return;
        }
        Added closing = new Added(all.size(), EventId.MAX, life);
        closing.lastBefore = lastId;
        all.add(closing);
        entries.put(closing.id, closing);
        lastId = closing.id;
        closing.rank = ++added;
        exists = true;
    }

    /** A complete log accepts no event. */
    void add(int count, boolean sameMillisecond) {
        if (isComplete()) {
            return;
        }
        if (!sameMillisecond) {
            clock += 1 + count % 7;
        }
        for (int i = 0; i < count; i++) {
            EventId id = new EventId(clock, 0);
            if (!id.isAfter(lastId)) {
                id = new EventId(lastId.milliseconds(), lastId.sequence() + 1);
                clock = id.milliseconds();
            }
            Added event = new Added(all.size(), id, life);
            all.add(event);
            entries.put(id, event);
            lastId = id;
            event.rank = ++added;
            exists = true;
        }
    }

    void trim(int keep) {
        while (entries.size() > keep) {
            remove(entries.firstKey(), Fate.TRIMMED);
        }
    }

    /** Retracts the event at an index. */
    void retract(int index) {
        EventId id = new ArrayList<>(entries.keySet()).get(index);
        remove(id, Fate.RETRACTED);
        deleted = id.isAfter(deleted) ? id : deleted;
    }

    private void remove(EventId id, Fate fate) {
        Objects.requireNonNull(entries.remove(id)).fate = fate;
    }

    /** Deletes the log. Later events belong to another log. */
    void delete(boolean lowerIds) {
        drop(entries.size(), Fate.DROPPED);
        exists = false;
        lastId = EventId.MIN;
        added = 0;
        deleted = EventId.MIN;
        groups = 0;
        clock = lowerIds ? 1_000_000 - 10_000L * life : clock + 1; // no id is used twice
    }

    /** Another server answers, which never received the newest events. It may use their ids for other events. */
    void loseNewest(int count, boolean idsAgain) {
        server++;
        int lost = Math.min(count, entries.size());
        if (lost == 0) {
            return;
        }
        drop(lost, Fate.LOST);
        if (entries.isEmpty()) {
            delete(false);
            return;
        }
        lastId = entries.lastKey();
        added = Objects.requireNonNull(entries.get(lastId))
                .rank; // including events that were deleted before they were lost
        deleted = all.stream()
                .filter(event -> event.isOf(life) && event.fate == Fate.RETRACTED && !event.id.isAfter(lastId))
                .map(event -> event.id)
                .max(Comparator.naturalOrder())
                .orElse(EventId.MIN);
        clock = idsAgain ? lastId.milliseconds() : clock + 1;
    }

    private void drop(int newest, Fate fate) {
        life++;
        for (int i = 0; i < newest; i++) {
            Added gone = entries.pollLastEntry().getValue();
            gone.fate = fate;
            gone.lifeEnded = life;
        }
        if (fate == Fate.DROPPED) {
            for (Added event : all) {
                event.lifeEnded = Math.min(event.lifeEnded, life);
            }
        } else {
            EventId end = entries.isEmpty() ? EventId.MIN : entries.lastKey();
            for (Added event : all) { // including events that were removed before they could be lost
                if (event.id.isAfter(end)) {
                    event.lifeEnded = Math.min(event.lifeEnded, life);
                }
            }
        }
    }

    void createGroup() {
        livesWithGroup.add(life);
        groups = exists ? 1 : 0;
    }

    @Override
    public List<@Nullable Object> send(List<RawCommand> commands) {
        List<@Nullable Object> replies = new ArrayList<>();
        for (RawCommand command : commands) {
            if (!replies.isEmpty()) {
                between.run();
            }
            replies.add(reply(command));
        }
        underWay.run();
        return replies;
    }

    private @Nullable Object reply(RawCommand command) {
        List<String> arguments = command.arguments().stream()
                .map(argument -> new String(argument, StandardCharsets.UTF_8))
                .toList();
        return switch (command.name()) {
            case "XREAD" -> {
                List<Object> found = after(
                        EventId.parse(arguments.get(arguments.size() - 1)),
                        EventId.MAX,
                        Integer.parseInt(arguments.get(1)));
                yield found.isEmpty() ? null : List.of(List.of(bytes("key"), found));
            }
            case "XINFO" -> exists ? state() : new RedisSystemException("ERR no such key", null);
            case "XRANGE" ->
                after(start(arguments.get(1)).previous(), end(arguments.get(2)), Integer.parseInt(arguments.get(4)));
            case "XREVRANGE" ->
                before(end(arguments.get(1)), start(arguments.get(2)), Integer.parseInt(arguments.get(4)));
            case "EVALSHA", "EVAL" -> look(arguments.subList(3, arguments.size()));
            default -> throw new IllegalArgumentException(command.name());
        };
    }

    private static EventId start(String text) {
        return text.equals("-") ? EventId.MIN : EventId.parse(text);
    }

    private static EventId end(String text) {
        return text.equals("+") ? EventId.MAX : EventId.parse(text);
    }

    /** Does the same as look.lua. */
    private List<@Nullable Object> look(List<String> arguments) {
        boolean ofTail = arguments.get(0).isEmpty();
        List<@Nullable Object> answer = new ArrayList<>();
        answer.add(bytes(arguments.get(3).equals("1") ? "server" + server : ""));
        EventId after = ofTail ? EventId.parse(arguments.get(4)) : EventId.parse(arguments.get(0));
        if (ofTail && exists) {
            long limit = Long.parseLong(arguments.get(5));
            if (limit == 0) {
                after = lastId;
            } else if (limit > 0 && events().size() > limit) {
                List<EventId> ids = new ArrayList<>(events().descendingKeySet());
                EventId last = ids.get((int) limit);
                after = last.isAfter(after) ? last : after;
            }
        }
        answer.add(exists ? state() : List.of());
        answer.add(bytes(after.toString()));
        answer.add(arguments.size() > 8 && arguments.get(8).equals("1") ? digest(after) : entry(after));
        answer.add(
                entries.containsKey(after) || entries.lowerKey(after) == null ? null : entry(entries.lowerKey(after)));
        answer.add(after(after, end(arguments.get(1)), Integer.parseInt(arguments.get(2))));
        answer.add(arguments.size() > 7 ? entry(EventId.parse(arguments.get(7))) : null);
        answer.add(-1L);
        answer.add(ofTail ? before(EventId.MAX.previous(), EventId.MIN, 3) : List.of());
        answer.add(bytes(ofTail ? arguments.get(4) : ""));
        return answer;
    }

    private NavigableMap<EventId, Added> events() {
        return entries.headMap(EventId.MAX, false);
    }

    private List<Object> state() {
        List<Object> state = new ArrayList<>(List.of(
                bytes("length"),
                (long) entries.size(),
                bytes("groups"),
                groups,
                bytes("last-generated-id"),
                bytes(lastId.toString())));
        if (!entries.isEmpty()) {
            state.add(bytes("first-entry"));
            state.add(List.of(bytes(entries.firstKey().toString()), List.of()));
        }
        if (entries.containsKey(EventId.MAX)) {
            state.add(bytes("last-entry"));
            state.add(Objects.requireNonNull(entry(EventId.MAX)));
        }
        if (counts) {
            state.addAll(
                    List.of(bytes("entries-added"), added, bytes("max-deleted-entry-id"), bytes(deleted.toString())));
        }
        return state;
    }

    private List<Object> after(EventId after, EventId upTo, int count) {
        List<Object> found = new ArrayList<>();
        for (EventId id : entries.tailMap(after, false).keySet()) {
            if (id.isAfter(upTo) || found.size() == count) {
                break;
            }
            found.add(java.util.Objects.requireNonNull(entry(id)));
        }
        return found;
    }

    private List<Object> before(EventId newest, EventId oldest, int count) {
        List<Object> found = new ArrayList<>();
        for (EventId id : entries.headMap(newest, true).descendingKeySet()) {
            if (oldest.isAfter(id) || found.size() == count) {
                break;
            }
            found.add(java.util.Objects.requireNonNull(entry(id)));
        }
        return found;
    }

    private @Nullable Object entry(EventId id) {
        Added event = entries.get(id);
        return event == null ? null : List.of(bytes(id.toString()), fields(event));
    }

    private static List<Object> fields(Added event) {
        return texts(event).stream().<Object>map(ModelLog::bytes).toList();
    }

    /** {@return the names and values of the fields, in turn} */
    private static List<String> texts(Added event) {
        return event.isClosing()
                ? List.of("@complete", "done", "@last", String.valueOf(event.lastBefore))
                : List.of("n", Integer.toString(event.order));
    }

    private @Nullable Object digest(EventId id) {
        Added event = entries.get(id);
        return event == null
                ? null
                : List.of(
                        bytes(id.toString()),
                        List.of(bytes("digest"), bytes(DigestUtils.sha1DigestAsHex(String.join("\0", texts(event))))));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** {@return the newest entry that a mark recognizes} */
    Added of(EventMark mark) {
        return all.stream()
                .filter(added -> mark.isOf(event(added)))
                .reduce((older, newer) -> newer)
                .orElseThrow();
    }

    private static Event event(Added added) {
        List<String> texts = texts(added);
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 0; i < texts.size(); i += 2) {
            fields.put(texts.get(i), texts.get(i + 1));
        }
        return new Event(added.id, fields);
    }

    Added of(Event event) {
        return all.get(Integer.parseInt(Map.copyOf(event.fields()).getOrDefault("n", "-1")));
    }
}
