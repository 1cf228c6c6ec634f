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

/** The names of the logs in Redis that match a pattern. Thread-safe. Every failure is an {@link EventLogException}. */
public final class LogNames {

    private static final int PAGE = 1_000;

    /** The number of keys whose types are requested at once. */
    private static final int TYPES = 200;

    private final Connections connections;
    private final String keyPrefix;
    private final String pattern;

    /**
     * Creates the names for a pattern.
     *
     * @param connections the connections
     * @param keyPrefix the prefix of the key of each log
     * @param pattern the pattern, in which an asterisk stands for any text
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
     * {@code SCAN} with {@code TYPE stream}, page by page, on each master: O(N) for all N keys, not all at once.
     *
     * @return the names, in no order; a name may come twice. The caller closes the stream
     */
    public Stream<String> stream() {
        Scan scan = new Scan();
        int unordered = Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(scan, unordered), false)
                .onClose(scan::close);
    }

    /** {@return all current names} */
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
     * @param names names of possible logs
     * @return the names whose keys contain streams
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
                int which = Math.min(i, replies.size() - 1); // if there are fewer replies, the last one is a failure
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

    /** {@return whether Redis may be able to report changes} */
    public boolean tells() {
        return connections.shares();
    }

    /** {@return the masters, as names for {@link #watch}} */
    public Set<String> masters() {
        return asking(connections::masters);
    }

    /**
     * Makes a master report all changes of keys with the literal beginning of the pattern.
     *
     * @param master the master
     * @param listener gets each such key, each time it changes
     * @return the line, which the caller closes
     * @throws SharedLine.UnfitException if Redis or the connection to it cannot report changes
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

    /** Records that a master may be gone. */
    public void lost() {
        connections.wrongServer(System.nanoTime());
    }

    /**
     * {@return the name of the log with this key; null if it does not match}
     *
     * @param key the key
     */
    public @Nullable String nameOf(String key) {
        if (!key.startsWith(keyPrefix)) {
            return null;
        }
        String name = key.substring(keyPrefix.length());
        return !name.isBlank() && matches(name) ? name : null;
    }

    /**
     * {@return whether the pattern matches a log}
     *
     * @param name the name of the log
     */
    public boolean matches(String name) {
        return PatternMatchUtils.simpleMatch(pattern, name);
    }

    private @Nullable String nameOf(byte[] key) {
        String text = new String(key, StandardCharsets.UTF_8);
        return Arrays.equals(text.getBytes(StandardCharsets.UTF_8), key) ? nameOf(text) : null;
    }

    /** Returns the pattern for Redis, whose patterns have more special characters than the asterisk. */
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
     * @param failure the failure
     */
    public EventLogException translate(RuntimeException failure) {
        return RedisFailures.translateSearch(pattern, keyPrefix + pattern, failure);
    }

    /** One scan of all keys. */
    private final class Scan implements Iterator<String>, AutoCloseable {

        private @Nullable Iterator<RedisClusterNode> masters; // null until it is known that there are some
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
            return connections.scan(masters.next(), options);
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
