package dev.eventlog.redis;

import dev.eventlog.EventLogException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.DataType;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisClusterNode;
import org.springframework.data.redis.core.Cursor;
import org.springframework.data.redis.core.KeyScanOptions;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.ScanOptions;
import org.springframework.util.Assert;
import org.springframework.util.PatternMatchUtils;

/** The names of the logs that fit a pattern, as Redis knows them. Thread-safe; every failure is an {@link EventLogException}. */
public final class LogNames {

    private static final int PAGE = 1_000;

    /** So many keys are asked for their types at once. */
    private static final int TYPES = 200;

    private final Connections connections;
    private final String keyPrefix;
    private final String pattern;

    /**
     * The logs of a pattern.
     *
     * @param connections where to ask
     * @param keyPrefix stands before each log's name in the key of its stream
     * @param pattern the pattern over names, in which an asterisk stands for any text
     */
    public LogNames(Connections connections, String keyPrefix, String pattern) {
        this.connections = connections;
        this.keyPrefix = keyPrefix;
        this.pattern = pattern;
    }

    /**
     * Checks the name of a log.
     *
     * @param name the name
     * @throws IllegalArgumentException if it is null, blank or not valid Unicode
     */
    public static void check(String name) {
        Assert.hasText(name, () -> "The name of a log must not be blank, but is '" + name + "'");
        Assert.isTrue(
                StandardCharsets.UTF_8.newEncoder().canEncode(name),
                () -> "The name of a log must be valid Unicode, but is '" + name + "'");
    }

    /** {@return the pattern} */
    public String pattern() {
        return pattern;
    }

    /**
     * {@code SCAN} with {@code TYPE stream}, page by page, of each master: O(N) for all N keys, not all at once.
     *
     * @return the names, in no order; one may come twice. To be closed
     */
    public Stream<String> stream() {
        Scan scan = new Scan();
        int unordered = Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(scan, unordered), false)
                .onClose(scan::close);
    }

    /** {@return all names that there are now} */
    public Set<String> all() {
        Set<String> names = new HashSet<>();
        try (Stream<String> stream = stream()) {
            stream.forEach(names::add);
        }
        return names;
    }

    /**
     * {@code TYPE} of several keys.
     *
     * @param names names of logs that may be
     * @return those of them whose keys hold streams
     */
    public List<String> streamsAmong(Collection<String> names) {
        List<String> asked = List.copyOf(names);
        List<String> streams = new ArrayList<>();
        for (int from = 0; from < asked.size(); from += TYPES) {
            List<String> some = asked.subList(from, Math.min(asked.size(), from + TYPES));
            List<RawCommand> commands = some.stream()
                    .map(name -> RawCommand.of("TYPE", 0, keyPrefix + name))
                    .toList();
            List<@Nullable Object> replies = asking(() -> connections.line().send(commands));
            for (int i = 0; i < some.size(); i++) {
                int which = Math.min(i, replies.size() - 1); // the last that came is a failure if there are fewer
                if (isStream(asking(() -> Inquiry.unlessFailed(replies.get(which))))) {
                    streams.add(some.get(i));
                }
            }
        }
        return streams;
    }

    private static boolean isStream(@Nullable Object reply) {
        Object single = reply instanceof List<?> list && list.size() == 1 ? list.get(0) : reply;
        return StreamReplies.text(single).equals("stream");
    }

    /** {@return whether Redis may tell of what changes} */
    public boolean tells() {
        return connections.shares();
    }

    /** {@return the masters, by their names for {@link #watch}} */
    public Set<String> masters() {
        return asking(connections::masters);
    }

    /**
     * Has a master tell which keys change that begin as the pattern does.
     *
     * @param master the master
     * @param listener hears of each such key, whoever changes it, as often as it does
     * @return the line, to be closed
     * @throws SharedLine.UnfitException if Redis or the way to it cannot tell
     */
    public SharedLine watch(String master, SharedLine.Listener listener) {
        try {
            return connections.watch(master, keyPrefix + pattern.substring(0, pattern.indexOf('*')), listener);
        } catch (SharedLine.UnfitException unfit) {
            throw unfit;
        } catch (RuntimeException failure) {
            throw translate(failure);
        }
    }

    /** Notes that a master may be no more. */
    public void lost() {
        connections.wrongServer(System.nanoTime());
    }

    /**
     * {@return the name of the log of a key; null if it does not fit}
     *
     * @param key the key
     */
    public @Nullable String nameOf(String key) {
        if (!key.startsWith(keyPrefix)) {
            return null;
        }
        String name = key.substring(keyPrefix.length());
        return !name.isBlank() && PatternMatchUtils.simpleMatch(pattern, name) ? name : null;
    }

    private @Nullable String nameOf(byte[] key) {
        String text = new String(key, StandardCharsets.UTF_8);
        return Arrays.equals(text.getBytes(StandardCharsets.UTF_8), key) ? nameOf(text) : null;
    }

    /** What Redis is asked for: its patterns know more than an asterisk. */
    static String glob(String keyPrefix, String pattern) {
        return keyPrefix.replaceAll("[*?\\[\\]\\\\]", "\\\\$0") + pattern.replaceAll("[?\\[\\]\\\\]", "\\\\$0");
    }

    private <T> T asking(Supplier<T> question) {
        long begun = System.nanoTime();
        try {
            return question.get();
        } catch (RuntimeException failure) {
            connections.failed(failure, begun);
            throw translate(failure);
        }
    }

    /**
     * {@return a failure as one of the library's exceptions}
     *
     * @param failure what was thrown
     */
    public EventLogException translate(RuntimeException failure) {
        return RedisFailures.translate(pattern, keyPrefix + pattern, "find logs that match", failure);
    }

    /** One look through all keys. */
    private final class Scan implements Iterator<String>, AutoCloseable {

        private @Nullable Iterator<RedisClusterNode> masters; // null before it is known that there are some
        private boolean begun;
        private @Nullable Cursor<byte[]> cursor;
        private @Nullable String next;
        private boolean closed;

        @Override
        public boolean hasNext() {
            while (next == null && !closed) {
                Cursor<byte[]> current = cursor;
                if (current == null) {
                    cursor = asking(this::open);
                    if (cursor == null) {
                        close();
                    }
                } else if (asking(current::hasNext)) {
                    next = nameOf(asking(current::next));
                } else {
                    closeCursor();
                }
            }
            return next != null;
        }

        @Override
        public String next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException();
            }
            String name = next;
            next = null;
            return name;
        }

        private @Nullable Cursor<byte[]> open() {
            ScanOptions options = KeyScanOptions.scanOptions(DataType.STREAM)
                    .match(glob(keyPrefix, pattern))
                    .count(PAGE)
                    .build();
            if (!begun) {
                begun = true;
                List<RedisClusterNode> found = connections.commands().execute((RedisCallback<List<RedisClusterNode>>)
                        connection ->
                                connection instanceof RedisClusterConnection cluster ? mastersOf(cluster) : List.of());
                if (found == null || found.isEmpty()) { // no cluster
                    return connections.commands().executeWithStickyConnection((RedisCallback<Cursor<byte[]>>)
                            connection -> connection.keyCommands().scan(options));
                }
                masters = found.iterator();
            }
            if (masters == null || !masters.hasNext()) {
                return null;
            }
            RedisClusterNode master = masters.next();
            return connections.commands().executeWithStickyConnection((RedisCallback<Cursor<byte[]>>)
                    connection -> ((RedisClusterConnection) connection).scan(master, options));
        }

        private static List<RedisClusterNode> mastersOf(RedisClusterConnection cluster) {
            List<RedisClusterNode> masters = new ArrayList<>();
            for (RedisClusterNode node : cluster.clusterGetNodes()) {
                if (node.isMaster() && !node.getSlotRange().getSlots().isEmpty()) {
                    masters.add(node);
                }
            }
            return masters;
        }

        private void closeCursor() {
            Cursor<byte[]> current = cursor;
            cursor = null;
            if (current != null) {
                current.close();
            }
        }

        @Override
        public void close() {
            closed = true;
            closeCursor();
        }
    }
}
