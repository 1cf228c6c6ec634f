package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.DefaultStringRedisConnection;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.RecordId;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamReadOptions;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Reads streams out of the replies as Redis sends them. For Jedis, which hands over the fields of an event in no order, and
 * fails on an id above 2⁶³.
 */
final class RawStreams {

    private RawStreams() {}

    /** {@code XRANGE} or {@code XREVRANGE}. */
    static List<Event> range(StringRedisTemplate redis, String key, String command, String from, String to, int count) {
        List<?> reply = redis.execute((RedisCallback<List<?>>)
                connection -> list(execute(connection, command, key, from, to, "COUNT", Integer.toString(count))));
        List<Event> events = new ArrayList<>();
        for (Object entry : list(reply)) {
            Map<String, String> fields = new LinkedHashMap<>();
            List<?> texts = list(list(entry).get(1));
            for (int i = 0; i < texts.size(); i += 2) {
                fields.put(text(texts.get(i)), text(texts.get(i + 1)));
            }
            events.add(new Event(EventId.parse(text(list(entry).get(0))), fields));
        }
        return events;
    }

    private static @Nullable Object execute(
            RedisConnection connection, String command, String key, String... arguments) {
        if (connection instanceof RedisClusterConnection cluster) {
            List<byte[]> rest = new ArrayList<>();
            for (String argument : arguments) {
                rest.add(bytes(argument));
            }
            return cluster.execute(command, bytes(key), rest);
        }
        byte[][] all = new byte[arguments.length + 1][];
        all[0] = bytes(key);
        for (int i = 0; i < arguments.length; i++) {
            all[i + 1] = bytes(arguments[i]);
        }
        return connection.execute(command, all);
    }

    private static List<?> list(@Nullable Object reply) {
        return reply instanceof List<?> list ? list : List.of();
    }

    static String text(Object reply) {
        return new String((byte[]) reply, StandardCharsets.UTF_8);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A connection whose {@code XREAD} is read so. */
    static final class Reading extends DefaultStringRedisConnection {

        Reading(RedisConnection connection) {
            super(connection);
        }

        @Override
        @SafeVarargs
        @SuppressWarnings("ArrayAsKeyOfSetOrMap") // so Spring Data has it; nothing is looked up in it
        public final List<ByteRecord> xRead(StreamReadOptions options, StreamOffset<byte[]>... streams) {
            StreamOffset<byte[]> stream = streams[0];
            Object reply = getDelegate()
                    .execute(
                            "XREAD",
                            bytes("COUNT"),
                            bytes(String.valueOf(options.getCount())),
                            bytes("BLOCK"),
                            bytes(String.valueOf(options.getBlock())),
                            bytes("STREAMS"),
                            stream.getKey(),
                            bytes(stream.getOffset().getOffset()));
            List<ByteRecord> records = new ArrayList<>();
            for (Object ofStream : list(reply)) {
                for (Object entry : list(list(ofStream).get(1))) {
                    Map<byte[], byte[]> fields = new LinkedHashMap<>();
                    List<?> texts = list(list(entry).get(1));
                    for (int i = 0; i < texts.size(); i += 2) {
                        fields.put((byte[]) texts.get(i), (byte[]) texts.get(i + 1));
                    }
                    records.add(StreamRecords.newRecord()
                            .in(stream.getKey())
                            .withId(RecordId.of(text(list(entry).get(0))))
                            .ofBytes(fields));
                }
            }
            return records;
        }
    }
}
