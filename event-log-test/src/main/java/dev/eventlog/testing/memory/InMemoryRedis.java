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
 * A Redis for tests that runs inside the process of the test. It needs no installation and no container, and starts in
 * milliseconds. It speaks the Redis protocol on a local port, so everything else is the same as in production: the
 * driver, the Lua scripts, and this library. It behaves like Redis 7, and passes the tests of this library.
 *
 * <p>It supports the commands that event logs need, and a few more for keys, strings, and hashes. It refuses every other
 * command or option with an error that names it. It stores nothing on disk, and has one database, no passwords, no
 * replicas, and no cluster. Tests of these features need a real Redis.
 *
 * <p>It can fail like a real Redis ({@link #disconnect()}, {@link #cutConnections()}, {@link #delayReplies}) and lose
 * events ({@link #trim}, {@link #retract}, {@link #loseNewest}, {@link #delete}, {@link #clear()}). The key of a log is
 * {@code eventlog.key-prefix} followed by the name of the log. Thread-safe.
 */
public final class InMemoryRedis implements AutoCloseable {

    /** The version that it reports. */
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
     * Starts a server on a free local port.
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

    /** {@return its address, for example {@code redis://127.0.0.1:40123}} */
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
                // the loop ends with the server; a connection that failed at once needs no handling
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
            } catch (RuntimeException broken) { // by the command or by this class: the client gets an error
                reply = new Failure("ERR the in-memory Redis failed at " + command.get(0) + ": " + broken);
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

    /** Closes all connections and refuses new ones until {@link #reconnect()}, like a stopped Redis. */
    public void disconnect() {
        faults.refuses(true);
        cutConnections();
    }

    /** Accepts connections again after {@link #disconnect()}. The data is unchanged. */
    public void reconnect() {
        faults.refuses(false);
    }

    /**
     * Delays every reply, like a slow network. If the delay is longer than {@code spring.data.redis.timeout}, clients
     * get no answer in time, although the server executes their commands.
     *
     * @param delay the delay; zero to send all replies at once again, including those that are still waiting
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
     * @param length the number of events to keep
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
     * Loses the newest events of a log, with the records of their idempotency keys, and closes all connections, like a
     * failover to a master that had not received these events.
     *
     * @param key the key of the log
     * @param count the number of events to lose; all events if the log has fewer
     * @throws IllegalArgumentException if the count is negative, or there is no such log
     */
    public void loseNewest(String key, int count) {
        notNegative(count, "Lost events");
        locked(all -> {
            all.becomeAnotherServer();
            onStream(key, stream -> forgetAdds(all, key, stream.lose(count)));
            cutConnections();
        });
    }

    /** Removes the records of idempotent adds that are lost. Redis replicates an add together with its record. */
    private static void forgetAdds(Keyspace all, String key, List<EventId> lost) {
        for (String record : all.keys()) {
            if (record.startsWith(bytes(key) + ":once:")
                    && all.value(record) instanceof String ids
                    && lost.stream().anyMatch(id -> List.of(ids.split(" ")).contains(id.toString()))) {
                all.remove(record);
            }
        }
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

    /** Returns a text with one character for each byte, as this server stores texts. */
    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** Stops the server, and closes all connections. The data is lost. */
    @Override
    public void close() {
        closed = true;
        expiry.shutdownNow();
        try {
            server.close();
        } catch (IOException already) {
            // already closed
        }
        cutConnections();
    }
}
