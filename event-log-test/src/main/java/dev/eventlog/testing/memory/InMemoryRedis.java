package dev.eventlog.testing.memory;

import dev.eventlog.EventId;
import dev.eventlog.testing.memory.Reply.Failure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A Redis for tests, inside the test's own process: no program to install, no container, and it starts in milliseconds. It speaks
 * the protocol of Redis on a port of this machine, so that everything above it is what runs in production: the driver, the Lua
 * scripts, and all of this library. It answers as Redis 7 does, and passes the tests of this library.
 *
 * <p>It knows the commands that event logs need, and a few more on keys, texts, and hashes. It refuses every other command with an
 * error that names it. It stores nothing on disk, has one database, no passwords, no replicas, and is no cluster. A test that is
 * about any of this needs a real Redis.
 *
 * <p>It can also fail like a Redis: {@link #disconnect()}, {@link #cutConnections()}, {@link #delayReplies}; and lose events:
 * {@link #trim}, {@link #retract}, {@link #loseNewest}, {@link #delete}, {@link #clear()}. The key of a log is
 * {@code eventlog.key-prefix} and its name. Thread-safe.
 */
public final class InMemoryRedis implements AutoCloseable {

    /** The version that it answers as. */
    static final String VERSION = "7.4.0";

    private static final byte[] LOOPBACK = {127, 0, 0, 1};
    private static final long MILLIS_TO_SWEEP = 20;

    private final Commands table = new Commands();
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
    private final AtomicLong ids = new AtomicLong();
    private final Faults faults = new Faults();
    private final Keyspace keys = new Keyspace(key -> sessions.forEach(session -> session.changed(key)));
    private final ServerSocket server;
    private final ScheduledExecutorService expiry =
            Executors.newSingleThreadScheduledExecutor(work -> Session.daemon("in-memory-redis-expiry", work));
    private volatile boolean closed;

    private InMemoryRedis(ServerSocket server) {
        this.server = server;
        ServerCommands.addTo(table, keys, sessions);
        KeyCommands.addTo(table, keys);
        StreamCommands.addTo(table, keys);
        Scripts.addTo(table);
        ScheduledFuture<?> unused = expiry.scheduleWithFixedDelay(
                () -> locked(Keyspace::removeExpired), 0, MILLIS_TO_SWEEP, TimeUnit.MILLISECONDS);
    }

    /**
     * Starts one on a free port of this machine.
     *
     * @return the running server
     * @throws UncheckedIOException if no port can be opened
     */
    public static InMemoryRedis start() {
        try {
            InMemoryRedis redis = new InMemoryRedis(new ServerSocket(0, 128, InetAddress.getByAddress(LOOPBACK)));
            Session.daemon("in-memory-redis-" + redis.uri().getPort(), redis::accept)
                    .start();
            return redis;
        } catch (IOException failure) {
            throw new UncheckedIOException("No port for a Redis in memory", failure);
        }
    }

    /** {@return where it listens, such as {@code redis://127.0.0.1:40123}} */
    public URI uri() {
        return URI.create("redis://127.0.0.1:" + server.getLocalPort());
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = server.accept();
                if (faults.refuses()) {
                    socket.close();
                    continue;
                }
                socket.setTcpNoDelay(true);
                Session session = new Session(ids.incrementAndGet(), socket, faults);
                sessions.add(session);
                session.begin(this::run, sessions::remove);
            } catch (IOException closing) {
                // the loop ends with the server; a connection that was gone at once is nobody's loss
            }
        }
    }

    private void run(Session session, List<String> command) {
        locked(all -> {
            Object reply;
            try {
                reply = table.answer(session, command);
            } catch (Failure failure) {
                reply = failure;
            } catch (RuntimeException broken) { // by the command or by this class: the client is to hear of it
                reply = new Failure("ERR the Redis in memory failed at " + command.get(0) + ": " + broken);
            }
            session.send(reply);
        });
    }

    private void locked(Consumer<Keyspace> work) {
        keys.locked(() -> {
            work.accept(keys);
            return Boolean.TRUE;
        });
    }

    /** Closes all connections at once. Clients can connect again immediately. */
    public void cutConnections() {
        sessions.forEach(Session::close);
        locked(Keyspace::wakeAll);
    }

    /** Closes all connections and takes no new ones until {@link #reconnect()}: like a Redis that has stopped. */
    public void disconnect() {
        faults.refuses(true);
        cutConnections();
    }

    /** Takes connections again after {@link #disconnect()}. The data is still there. */
    public void reconnect() {
        faults.refuses(false);
    }

    /**
     * Sends every reply later, like a slow network. With more than {@code spring.data.redis.timeout}, clients see a Redis that does
     * not answer, although it executes their commands.
     *
     * @param delay how much later; zero to send all replies at once again, also those that are still held back
     * @throws IllegalArgumentException if the delay is negative
     */
    public void delayReplies(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("Replies cannot be delayed by " + delay + ", which is less than zero");
        }
        faults.delay(delay);
    }

    /**
     * Removes the oldest events of a log, as {@code XTRIM MAXLEN} does.
     *
     * @param key the key of the log
     * @param length the number of events that are left
     * @throws IllegalArgumentException if the length is negative, or there is no such log
     */
    public void trim(String key, int length) {
        notNegative(length, "Events that are left");
        onStream(key, stream -> stream.trimToLength(length, false));
    }

    /**
     * Removes one event, as {@code XDEL} does.
     *
     * @param key the key of the log
     * @param id the id of the event
     */
    public void retract(String key, EventId id) {
        onStream(key, stream -> stream.delete(id));
    }

    /**
     * Loses the newest events of a log, and closes all connections: what a failover does to events that the new master had not
     * received.
     *
     * @param key the key of the log
     * @param count how many events are lost; all if the log has fewer
     * @throws IllegalArgumentException if the count is negative, or there is no such log
     */
    public void loseNewest(String key, int count) {
        notNegative(count, "Lost events");
        locked(all -> {
            all.becomeAnotherServer();
            onStream(key, stream -> stream.lose(count));
            cutConnections();
        });
    }

    /**
     * Deletes a log, as {@code DEL} does.
     *
     * @param key the key of the log
     */
    public void delete(String key) {
        locked(all -> all.remove(bytes(key)));
    }

    /** Deletes everything, as {@code FLUSHALL} does. */
    public void clear() {
        locked(Keyspace::clear);
    }

    private static void notNegative(int count, String what) {
        if (count < 0) {
            throw new IllegalArgumentException(what + " cannot be " + count + ", which is less than zero");
        }
    }

    private void onStream(String key, Consumer<StreamValue> change) {
        locked(all -> {
            StreamValue stream = all.value(bytes(key), StreamValue.class);
            if (stream == null) {
                throw new IllegalArgumentException("There is no log with the key '" + key
                        + "': the key is eventlog.key-prefix and the name of the log");
            }
            change.accept(stream);
            all.changed(bytes(key));
        });
    }

    /** Inside, a text has one character for each byte. */
    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** Stops it, with all connections. Its data is gone. */
    @Override
    public void close() {
        closed = true;
        expiry.shutdownNow();
        try {
            server.close();
        } catch (IOException already) {
            // that is all it was to be
        }
        cutConnections();
    }
}
