package dev.eventlog.testing.memory;

import dev.eventlog.testing.memory.Command.Call;
import dev.eventlog.testing.memory.Keyspace.Scores;
import dev.eventlog.testing.memory.Reply.Failure;
import dev.eventlog.testing.memory.Reply.Status;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The commands for keys of any type, and for texts, hashes, and sorted sets. */
final class KeyCommands {

    /** A hash. */
    static final class Hash extends LinkedHashMap<String, String> {
        private static final long serialVersionUID = 1;
    }

    private final Keyspace keys;

    private KeyCommands(Keyspace keys) {
        this.keys = keys;
    }

    static void addTo(Commands table, Keyspace keyspace) {
        KeyCommands commands = new KeyCommands(keyspace);
        table.put("EXISTS", commands::exists);
        table.put("DEL", commands::delete);
        table.put("UNLINK", commands::delete);
        table.put("TYPE", call -> new Status(commands.type(call.readKey(0))));
        table.put("RENAME", commands::rename);
        table.put("COPY", commands::copy);
        table.put("KEYS", call -> commands.matching(call.at(0), ""));
        table.put("SCAN", commands::scan);
        table.put("EXPIRE", call -> commands.expire(call, keyspace.now() + 1_000 * call.number(1)));
        table.put("PEXPIRE", call -> commands.expire(call, keyspace.now() + call.number(1)));
        table.put("EXPIREAT", call -> commands.expire(call, 1_000 * call.number(1)));
        table.put("PEXPIREAT", call -> commands.expire(call, call.number(1)));
        table.put("PERSIST", commands::persist);
        table.put("TTL", call -> commands.timeToLive(call, 1_000));
        table.put("PTTL", call -> commands.timeToLive(call, 1));
        table.put("GET", call -> keyspace.value(call.readKey(0), String.class));
        table.put("SET", commands::set);
        table.put("HGET", call -> commands.hash(call.readKey(0)).get(call.at(1)));
        table.put("HMGET", commands::hashValues);
        table.put("HGETALL", call -> new LinkedHashMap<>(commands.hash(call.readKey(0))));
        table.put("HLEN", call -> (long) commands.hash(call.readKey(0)).size());
        table.put("HEXISTS", call -> commands.hash(call.readKey(0)).containsKey(call.at(1)) ? 1L : 0L);
        table.put("HSET", commands::hashSet);
        table.put("HDEL", commands::hashDelete);
        table.put("ZADD", commands::scoreAdd);
        table.put("ZREM", commands::scoreRemove);
        table.put("ZCARD", call -> (long) commands.scores(call.readKey(0)).size());
        table.put("ZSCORE", commands::score);
        table.put("ZRANGEBYSCORE", commands::scoreRange);
    }

    private Object exists(Call call) {
        long found = 0;
        for (int i = 0; i < Math.max(1, call.size()); i++) {
            found += keys.value(call.readKey(i)) != null ? 1 : 0;
        }
        return found;
    }

    private Object delete(Call call) {
        long deleted = 0;
        for (int i = 0; i < Math.max(1, call.size()); i++) {
            deleted += keys.value(call.at(i)) != null && keys.remove(call.at(i)) ? 1 : 0;
        }
        return deleted;
    }

    private String type(String key) {
        Object value = keys.value(key);
        if (value == null) {
            return "none";
        }
        return value instanceof StreamValue
                ? "stream"
                : value instanceof Hash ? "hash" : value instanceof Scores ? "zset" : "string";
    }

    private Object rename(Call call) {
        Object value = keys.value(call.at(0));
        if (value == null) {
            throw new Failure("ERR no such key");
        }
        Long expiry = keys.expiry(call.at(0));
        keys.remove(call.at(0));
        keys.put(call.at(1), value);
        keys.expireAt(call.at(1), expiry);
        return Reply.OK;
    }

    private Object copy(Call call) {
        Object value = keys.value(call.at(0));
        boolean replaces = call.word(2).equals("REPLACE");
        call.endsAt(replaces ? 3 : 2);
        if (value == null || (keys.value(call.at(1)) != null && !replaces)) {
            return 0L;
        }
        Long expiry = keys.expiry(call.at(0));
        keys.put(call.at(1), copied(value));
        keys.expireAt(call.at(1), expiry);
        return 1L;
    }

    private static Object copied(Object value) {
        if (value instanceof StreamValue stream) {
            return stream.copy();
        }
        return value instanceof Map<?, ?> map ? ((HashMap<?, ?>) map).clone() : value;
    }

    private List<String> matching(String glob, String type) {
        Pattern pattern = Globs.pattern(glob);
        return keys.keys().stream()
                .filter(key -> pattern.matcher(key).matches() && (type.isEmpty() || type.equals(type(key))))
                .toList();
    }

    private Object scan(Call call) {
        String glob = "*";
        String type = "";
        for (int i = 1; i + 1 < call.size(); i += 2) {
            switch (call.word(i)) {
                case "MATCH" -> glob = call.at(i + 1);
                case "TYPE" -> type = call.at(i + 1);
                case "COUNT" -> {}
                default -> throw call.syntaxError();
            }
        }
        return List.of("0", matching(glob, type));
    }

    private Object expire(Call call, long at) {
        call.endsAt(2);
        if (keys.value(call.at(0)) == null) {
            return 0L;
        }
        keys.expireAt(call.at(0), at);
        keys.changed(call.at(0));
        return 1L;
    }

    private Object persist(Call call) {
        boolean had = keys.value(call.at(0)) != null && keys.expiry(call.at(0)) != null;
        keys.expireAt(call.at(0), null);
        return had ? 1L : 0L;
    }

    private Object timeToLive(Call call, long unit) {
        if (keys.value(call.readKey(0)) == null) {
            return -2L;
        }
        Long expiry = keys.expiry(call.at(0));
        return expiry == null ? -1L : (expiry - keys.now() + unit / 2) / unit;
    }

    private @Nullable Object set(Call call) {
        String key = call.at(0);
        Long expiry = null;
        boolean is = keys.value(key) != null;
        boolean due = true;
        for (int i = 2; i < call.size(); i++) {
            switch (call.word(i)) {
                case "NX" -> due &= !is;
                case "XX" -> due &= is;
                case "PX" -> expiry = keys.now() + call.number(++i);
                case "EX" -> expiry = keys.now() + 1_000 * call.number(++i);
                default -> throw call.syntaxError();
            }
        }
        if (!due) {
            return null;
        }
        keys.put(key, call.at(1));
        keys.expireAt(key, expiry);
        return Reply.OK;
    }

    private Hash hash(String key) {
        Hash hash = keys.value(key, Hash.class);
        return hash == null ? new Hash() : hash;
    }

    private Object hashValues(Call call) {
        Hash hash = hash(call.readKey(0));
        List<@Nullable Object> values = new ArrayList<>();
        call.from(1).forEach(field -> values.add(hash.get(field)));
        return values;
    }

    private Object hashSet(Call call) {
        Hash hash = keys.valueOrNew(call.at(0), Hash.class, key -> new Hash());
        long created = 0;
        for (int i = 1; i < call.size(); i += 2) {
            created += hash.put(call.at(i), call.at(i + 1)) == null ? 1 : 0;
        }
        keys.changed(call.at(0));
        return created;
    }

    private Object hashDelete(Call call) {
        Hash hash = hash(call.at(0));
        long deleted = call.from(1).stream()
                .filter(field -> hash.remove(field) != null)
                .count();
        if (hash.isEmpty()) {
            keys.remove(call.at(0));
        } else {
            keys.changed(call.at(0));
        }
        return deleted;
    }

    private Scores scores(String key) {
        Scores scores = keys.value(key, Scores.class);
        return scores == null ? new Scores() : scores;
    }

    private static double number(String text) {
        return switch (text) {
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "+inf", "inf" -> Double.POSITIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private Object scoreAdd(Call call) {
        Scores scores = keys.valueOrNew(call.at(0), Scores.class, key -> new Scores());
        long created = 0;
        for (int i = 1; i < call.size(); i += 2) {
            created += scores.put(call.at(i + 1), number(call.at(i))) == null ? 1 : 0;
        }
        keys.changed(call.at(0));
        return created;
    }

    private Object scoreRemove(Call call) {
        Scores scores = scores(call.at(0));
        long removed = call.from(1).stream()
                .filter(member -> scores.remove(member) != null)
                .count();
        if (scores.isEmpty()) {
            keys.remove(call.at(0));
        }
        return removed;
    }

    private @Nullable Object score(Call call) {
        Double score = scores(call.readKey(0)).get(call.at(1));
        if (score == null) {
            return null;
        }
        return score == Math.rint(score) ? Long.toString(score.longValue()) : score.toString();
    }

    private Object scoreRange(Call call) {
        double least = number(call.at(1));
        double most = number(call.at(2));
        boolean limited = call.word(3).equals("LIMIT");
        call.endsAt(limited ? 6 : 3);
        return scores(call.readKey(0)).entrySet().stream()
                .filter(each -> each.getValue() >= least && each.getValue() <= most)
                .sorted(Map.Entry.<String, Double>comparingByValue()
                        .thenComparing(Comparator.comparing(Map.Entry::getKey)))
                .map(Map.Entry::getKey)
                .skip(limited ? call.number(4) : 0)
                .limit(limited ? call.number(5) : Long.MAX_VALUE)
                .toList();
    }
}
