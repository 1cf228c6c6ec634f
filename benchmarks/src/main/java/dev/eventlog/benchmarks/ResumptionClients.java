package dev.eventlog.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Many clients of Server-Sent Events in one thread. Each client works like {@code EventSource}: it remembers the last id, and
 * connects again after the time that the server named. It checks that each event is the one after the last. Not thread-safe.
 */
final class ResumptionClients implements AutoCloseable {

    private static final long DEFAULT_RETRY = 2_000;
    private static final byte[] DATA = "data:{\"n\":\"".getBytes(StandardCharsets.ISO_8859_1);

    private final InetSocketAddress server;
    private final String path;
    private final Selector selector = Selector.open();
    private final List<Client> clients = new ArrayList<>();
    private final PriorityQueue<Client> waiting = new PriorityQueue<>((a, b) -> Long.compare(a.connectAt, b.connectAt));
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
    private final Map<String, Integer> errors = new TreeMap<>();

    /** Whether clients connect again by themselves, as {@code EventSource} does. */
    private boolean persistent;

    /** Creates clients that are not connected yet. Each of them follows one of the logs below the path. */
    ResumptionClients(int count, int logs, int port, String path) throws IOException {
        this.path = path;
        this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        for (int i = 0; i < count; i++) {
            clients.add(new Client("log-" + i % logs));
        }
    }

    /** One client. */
    final class Client {

        private final String log;
        private final StringBuilder line = new StringBuilder();
        private @Nullable SocketChannel socket;
        private @Nullable SelectionKey key;
        private String lastId = "";
        private long retry = DEFAULT_RETRY;
        private long connectAt;
        private boolean answered;
        private boolean inHeaders;
        private boolean caughtUp;
        private boolean interrupted;
        private long last; // the number of the last event
        private long firstAt; // when the first event came after begin()
        private long lastAt; // when the newest event came

        Client(String log) {
            this.log = log;
        }

        boolean isCaughtUp() {
            return caughtUp;
        }

        boolean isInterrupted() {
            return interrupted;
        }

        long last() {
            return last;
        }

        private void connect() throws IOException {
            SocketChannel opening = SocketChannel.open();
            opening.configureBlocking(false);
            opening.setOption(StandardSocketOptions.TCP_NODELAY, true);
            socket = opening;
            answered = false;
            inHeaders = true;
            caughtUp = false;
            line.setLength(0);
            boolean connected = opening.connect(server);
            key = opening.register(selector, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, this);
            if (connected) {
                ask();
            }
        }

        private void ask() throws IOException {
            StringBuilder request = new StringBuilder("GET /" + path + "/" + log
                    + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n");
            if (!lastId.isEmpty()) {
                request.append("Last-Event-ID: ").append(lastId).append("\r\n");
            }
            socket().write(ByteBuffer.wrap(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1)));
        }

        private SocketChannel socket() {
            SocketChannel open = socket;
            if (open == null) {
                throw new IllegalStateException("Not connected");
            }
            return open;
        }

        private void ready() {
            SelectionKey selected = key;
            try {
                if (selected != null && selected.isConnectable()) {
                    socket().finishConnect();
                    selected.interestOps(SelectionKey.OP_READ);
                    ask();
                } else if (selected != null && selected.isReadable()) {
                    read();
                }
            } catch (IOException failed) {
                lost(
                        String.valueOf(failed.getMessage()),
                        selected == null || (selected.isValid() && selected.isConnectable()));
            }
        }

        private void read() throws IOException {
            buffer.clear();
            int count = socket().read(buffer);
            if (count < 0) {
                lost("closed by the server", false);
                return;
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                char next = (char) (buffer.get() & 0xff);
                if (next == '\n') {
                    line();
                    line.setLength(0);
                } else if (next != '\r') {
                    line.append(next);
                }
            }
        }

        /** A line of the headers, of an event, or the length of a chunk. */
        private void line() {
            if (inHeaders) {
                if (!answered) {
                    answered = true;
                    if (line.indexOf(" 200") < 0) {
                        error("status " + line);
                    }
                }
                inHeaders = !line.isEmpty();
            } else if (starts("id:")) {
                lastId = line.substring(3);
            } else if (starts("retry:")) {
                retry = Long.parseLong(line, 6, line.length(), 10);
            } else if (starts("data:{\"n\":\"")) {
                long number = Long.parseLong(line, DATA.length, line.indexOf("\"", DATA.length), 10);
                if (last != 0 && number != last + 1) {
                    error("events out of order");
                }
                last = number;
                lastAt = System.nanoTime();
                firstAt = firstAt == 0 ? lastAt : firstAt;
            } else if (starts("event:")) {
                named(line.substring(6));
            }
        }

        private boolean starts(String start) {
            return line.length() >= start.length() && line.indexOf(start) == 0;
        }

        private void named(String name) {
            switch (name) {
                case "caught-up" -> caughtUp = true;
                case "interrupted" -> interrupted = true;
                case "resumed" -> interrupted = false;
                case "end" -> {}
                default -> error("unexpected " + name);
            }
        }

        private void lost(String why, boolean connecting) {
            boolean ended = answered;
            close();
            caughtUp = false;
            if (!persistent) {
                error((ended ? "stream " : connecting ? "connection " : "request ") + why);
            } else {
                connectAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(retry);
                waiting.add(this);
            }
        }

        private void close() {
            try {
                if (socket != null) {
                    socket.close();
                }
            } catch (IOException ignored) {
                // it is not used any longer
            }
            socket = null;
            key = null;
        }

        private void error(String what) {
            errors.merge(what, 1, Integer::sum);
        }
    }

    /** Connects all clients, in random order, evenly within a time. */
    void connect(long millis) {
        List<Client> order = new ArrayList<>(clients);
        Collections.shuffle(order, ThreadLocalRandom.current());
        long begin = System.nanoTime();
        for (int i = 0; i < order.size(); i++) {
            Client client = order.get(i);
            client.close();
            client.connectAt = begin + TimeUnit.MILLISECONDS.toNanos(millis) / order.size() * i;
            waiting.add(client);
        }
    }

    /** Closes all connections. */
    void disconnect() {
        clients.forEach(Client::close);
    }

    /** Forgets when events came, and all errors. */
    void begin(boolean reconnect) {
        persistent = reconnect;
        errors.clear();
        clients.forEach(client -> {
            client.firstAt = 0;
            client.lastAt = 0;
        });
    }

    /** Reads until a condition is true of all clients, or the time is over. Returns how many clients still miss it. */
    int await(Predicate<Client> condition, long millis) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        long lookAt = 0;
        int missing = clients.size();
        while (System.nanoTime() < deadline) {
            read();
            if (System.nanoTime() >= lookAt) {
                missing = (int) clients.stream().filter(condition.negate()).count();
                if (missing == 0) {
                    return 0;
                }
                lookAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(20);
            }
        }
        return missing;
    }

    /** Reads for a time. */
    void read(LongPredicate until) throws IOException {
        while (!until.test(System.nanoTime())) {
            read();
        }
    }

    private void read() throws IOException {
        for (Client next; (next = waiting.peek()) != null && next.connectAt <= System.nanoTime(); ) {
            waiting.poll();
            next.connect();
            if (selector.selectNow() > 0) {
                selected();
            }
        }
        if (selector.select(5) > 0) {
            selected();
        }
    }

    private void selected() {
        for (SelectionKey key : selector.selectedKeys()) {
            ((Client) key.attachment()).ready();
        }
        selector.selectedKeys().clear();
    }

    /** {@return the milliseconds, in order, until the first or the last event of each client that got one} */
    long[] millisSince(long begin, boolean first) {
        return clients.stream()
                .filter(client -> client.firstAt != 0)
                .mapToLong(client -> TimeUnit.NANOSECONDS.toMillis((first ? client.firstAt : client.lastAt) - begin))
                .sorted()
                .toArray();
    }

    Map<String, Integer> errors() {
        return errors;
    }

    /** {@return an element of a sorted array; -1 if that is empty} */
    static long percentile(long[] sorted, int percent) {
        return sorted.length == 0 ? -1 : sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
    }

    @Override
    public void close() throws IOException {
        clients.forEach(Client::close);
        selector.close();
    }

    @Override
    public String toString() {
        return clients.size() + " clients"
                + (errors.isEmpty()
                        ? ""
                        : " " + Arrays.toString(errors.entrySet().toArray()));
    }
}
