package dev.eventlog.testing.memory;

import dev.eventlog.EventId;
import dev.eventlog.testing.memory.Command.Call;
import dev.eventlog.testing.memory.Reply.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The commands for streams. */
final class StreamCommands {

    private final Keyspace keys;
    private int entriesOfNode = 100;

    private StreamCommands(Keyspace keys) {
        this.keys = keys;
    }

    static void addTo(Commands table, Keyspace keyspace) {
        StreamCommands commands = new StreamCommands(keyspace);
        table.put("XADD", commands::add);
        table.put("XLEN", call -> (long) commands.streamOrEmpty(call.readKey(0)).length());
        table.put("XRANGE", call -> commands.range(call, false));
        table.put("XREVRANGE", call -> commands.range(call, true));
        table.put("XREAD", commands::read);
        table.put("XDEL", commands::delete);
        table.put("XTRIM", commands::trim);
        table.put("XSETID", commands::setId);
        table.put("XINFO", commands::info);
        table.put("XGROUP", commands::group);
        table.put("CONFIG", commands::configure);
    }

    private @Nullable StreamValue stream(String key) {
        return keys.value(key, StreamValue.class);
    }

    private StreamValue streamOrEmpty(String key) {
        StreamValue stream = stream(key);
        return stream == null ? new StreamValue() : stream;
    }

    private StreamValue existing(String key) {
        StreamValue stream = stream(key);
        if (stream == null) {
            throw new Failure("ERR no such key");
        }
        return stream;
    }

    /** A trimming option of a command. */
    private record Trimming(boolean byLength, boolean approximately, String limit, int next) {

        /** {@return the option at an argument; null if there is none} */
        static @Nullable Trimming at(int index, Call call) {
            boolean byLength = call.word(index).equals("MAXLEN");
            if (!byLength && !call.word(index).equals("MINID")) {
                return null;
            }
            boolean approximately = call.at(index + 1).equals("~");
            int limit = approximately || call.at(index + 1).equals("=") ? index + 2 : index + 1;
            int next = call.word(limit + 1).equals("LIMIT") ? limit + 3 : limit + 1;
            return new Trimming(byLength, approximately, call.at(limit), next);
        }

        long of(StreamValue stream) {
            return byLength
                    ? stream.trimToLength(Call.number(limit), approximately)
                    : stream.trimBelow(Ids.parse(limit, 0), approximately);
        }
    }

    private @Nullable Object add(Call call) {
        String key = call.at(0);
        int at = 1;
        boolean creates = !call.word(at).equals("NOMKSTREAM");
        at += creates ? 0 : 1;
        Trimming trimming = Trimming.at(at, call);
        at = trimming == null ? at : trimming.next();
        String wanted = call.at(at);
        List<String> texts = call.from(at + 1);
        if (texts.isEmpty() || texts.size() % 2 != 0) {
            throw new Failure("ERR wrong number of arguments for 'xadd' command");
        }
        StreamValue is = stream(key);
        if (is == null && !creates) {
            return null;
        }
        EventId id = (is == null ? new StreamValue() : is).idFor(wanted, keys.now());
        StreamValue stream = keys.valueOrNew(key, StreamValue.class, name -> new StreamValue());
        stream.add(id, texts, entriesOfNode);
        if (trimming != null) {
            trimming.of(stream);
        }
        keys.changed(key);
        return id.toString();
    }

    private Object range(Call call, boolean backwards) {
        EventId from = Ids.from(call.at(backwards ? 2 : 1));
        EventId to = Ids.to(call.at(backwards ? 1 : 2));
        boolean limited = call.word(3).equals("COUNT");
        call.endsAt(limited ? 5 : 3);
        long count = limited ? call.number(4) : Long.MAX_VALUE;
        return streamOrEmpty(call.readKey(0)).range(from, to, backwards, count);
    }

    private @Nullable Object read(Call call) {
        long count = Long.MAX_VALUE;
        long block = -1;
        int at = 0;
        for (; !call.word(at).equals("STREAMS"); at += 2) {
            switch (call.word(at)) {
                case "COUNT" -> count = call.number(at + 1);
                case "BLOCK" -> block = call.number(at + 1);
                default -> throw call.syntaxError();
            }
        }
        int streams = (call.size() - at - 1) / 2;
        List<EventId> after = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            String key = call.readKey(at + 1 + i);
            String id = call.at(at + 1 + streams + i);
            after.add(id.equals("$") ? streamOrEmpty(key).last() : Ids.parse(id, 0));
        }
        List<String> names = call.arguments().subList(at + 1, at + 1 + streams);
        boolean blocks = block >= 0 && !call.session().isInScript();
        long until = System.nanoTime()
                + Duration.ofMillis(block == 0 ? Integer.MAX_VALUE : block).toNanos();
        while (true) {
            Map<String, Object> found = new LinkedHashMap<>();
            for (int i = 0; i < streams; i++) {
                EventId last = after.get(i);
                List<Object> events = last.equals(EventId.MAX)
                        ? List.of()
                        : streamOrEmpty(names.get(i)).range(last.next(), EventId.MAX, false, count);
                if (!events.isEmpty()) {
                    found.put(names.get(i), events);
                }
            }
            if (!found.isEmpty()) {
                return call.session().isResp3() && !call.session().isInScript()
                        ? found
                        : found.entrySet().stream()
                                .map(each -> List.of(each.getKey(), each.getValue()))
                                .toList();
            }
            long left = until - System.nanoTime();
            if (!blocks || left <= 0 || call.session().isClosed()) {
                return null;
            }
            call.session().blocks(true);
            keys.awaitChange(Duration.ofNanos(left));
            call.session().blocks(false);
        }
    }

    private Object delete(Call call) {
        StreamValue stream = streamOrEmpty(call.at(0));
        long deleted = call.from(1).stream()
                .filter(id -> stream.delete(Ids.parse(id, 0)))
                .count();
        if (deleted > 0) {
            keys.changed(call.at(0));
        }
        return deleted;
    }

    private Object trim(Call call) {
        Trimming trimming = Trimming.at(1, call);
        if (trimming == null) {
            throw call.syntaxError();
        }
        long trimmed = trimming.of(streamOrEmpty(call.at(0)));
        if (trimmed > 0) {
            keys.changed(call.at(0));
        }
        return trimmed;
    }

    private Object setId(Call call) {
        StreamValue stream = existing(call.at(0));
        long added = stream.added();
        EventId deleted = stream.deleted();
        for (int i = 2; i + 1 < call.size(); i += 2) {
            switch (call.word(i)) {
                case "ENTRIESADDED" -> added = call.number(i + 1);
                case "MAXDELETEDID" -> deleted = Ids.parse(call.at(i + 1), 0);
                default -> throw call.syntaxError();
            }
        }
        stream.setId(Ids.parse(call.at(1), 0), added, deleted);
        keys.changed(call.at(0));
        return Reply.OK;
    }

    private Object info(Call call) {
        call.endsAt(2);
        StreamValue stream = existing(call.readKey(1));
        return switch (call.word(0)) {
            case "STREAM" -> stream.info();
            case "GROUPS" ->
                stream.groups().stream()
                        .map(group -> Map.of("name", group, "consumers", 0L, "pending", 0L, "last-delivered-id", "0-0"))
                        .toList();
            default -> throw Commands.unknown("XINFO " + call.word(0));
        };
    }

    private Object group(Call call) {
        String key = call.at(1);
        switch (call.word(0)) {
            case "CREATE" -> {
                boolean creates = call.word(4).equals("MKSTREAM");
                StreamValue stream =
                        creates ? keys.valueOrNew(key, StreamValue.class, name -> new StreamValue()) : stream(key);
                if (stream == null) {
                    throw needsKey();
                }
                if (!stream.groups().add(call.at(2))) {
                    throw new Failure("BUSYGROUP Consumer Group name already exists");
                }
                keys.changed(key);
                return Reply.OK;
            }
            case "DESTROY" -> {
                StreamValue stream = stream(key);
                if (stream == null) {
                    throw needsKey();
                }
                return stream.groups().remove(call.at(2)) ? 1L : 0L;
            }
            default -> throw Commands.unknown("XGROUP " + call.word(0));
        }
    }

    /** Sets the only supported option: the number of events that approximate trimming removes at once. */
    private Object configure(Call call) {
        if (!call.word(0).equals("SET") || !call.at(1).equals("stream-node-max-entries")) {
            throw Commands.unknown("CONFIG " + call.word(0) + " " + call.at(1));
        }
        entriesOfNode = Math.toIntExact(call.number(2));
        return Reply.OK;
    }

    private static Failure needsKey() {
        return new Failure(
                "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use"
                        + " the MKSTREAM option to create an empty stream automatically.");
    }
}
