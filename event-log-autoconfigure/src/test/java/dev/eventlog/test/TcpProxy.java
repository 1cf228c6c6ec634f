package dev.eventlog.test;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Stands on the loopback interface between an application and its Redis, and does to their connections what a network can:
 * cuts them, lets none begin, leads them to another server, delays the replies, or loses them after the command was carried
 * out.
 */
public final class TcpProxy implements AutoCloseable {

    private enum Replies {
        PASS,
        SWALLOW,
        CUT
    }

    private volatile URI server;
    private final int port;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong swallowed = new AtomicLong();
    private @Nullable ServerSocket listening; // guarded by this
    private volatile Replies replies = Replies.PASS;
    private volatile int repliesFirst; // of each connection, before they share the fate of others
    private volatile Duration delay = Duration.ZERO;
    private volatile Map<String, String> replaced = Map.of();

    /**
     * A proxy that passes everything on.
     *
     * @param server where the server listens, or will
     */
    public TcpProxy(URI server) {
        this.server = server;
        try {
            ServerSocket socket = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
            this.port = socket.getLocalPort();
            this.listening = socket;
            start("proxy", () -> accept(socket));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** {@return where it listens, for an application to connect to} */
    public URI uri() {
        return URI.create("redis://127.0.0.1:" + port);
    }

    /** {@return how many connections it has accepted} */
    public long accepted() {
        return accepted.get();
    }

    /** {@return how many pieces of replies it has lost} */
    public long swallowed() {
        return swallowed.get();
    }

    /**
     * Leads new connections to another server, as a failover does. Those that there are stay where they are.
     *
     * @param server where it listens
     */
    public void leadTo(URI server) {
        this.server = server;
    }

    /** Cuts all connections. New ones are accepted. */
    public void cut() {
        links.forEach(Link::close);
    }

    /** Refuses new connections until {@link #accept()}. Those that there are stay. */
    public synchronized void refuse() {
        ServerSocket socket = listening;
        listening = null;
        close(socket);
    }

    /** Accepts connections again. */
    public synchronized void accept() {
        if (listening != null) {
            return;
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (true) {
            try {
                ServerSocket socket = new ServerSocket();
                socket.setReuseAddress(true);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 64);
                listening = socket;
                start("proxy", () -> accept(socket));
                return;
            } catch (BindException taken) { // a connection that is still closing may hold the port for a moment
                if (System.nanoTime() > deadline) {
                    throw new UncheckedIOException(taken);
                }
                Thread.onSpinWait();
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }

    /**
     * Holds up every reply.
     *
     * @param delay for how long; zero to pass them on at once
     */
    public void delay(Duration delay) {
        this.delay = delay;
    }

    /**
     * Passes commands on and loses the replies, until {@link #pass()}. A connection that has lost a reply stays silent until
     * it is cut, as what comes later would be taken for what was lost.
     */
    public void swallow() {
        replies = Replies.SWALLOW;
    }

    /** Passes commands on, and at the reply cuts the connection instead, until {@link #pass()}. */
    public void cutInsteadOfReply() {
        replies = Replies.CUT;
    }

    /**
     * The same, but so many replies of each new connection come first.
     *
     * @param count how many
     */
    public void cutInsteadOfReplyAfter(int count) {
        repliesFirst = count;
        cutInsteadOfReply();
    }

    /** Passes replies on again, but for connections that have lost some. */
    public void pass() {
        replies = Replies.PASS;
        repliesFirst = 0;
    }

    /**
     * Says something else than the server does, so that whoever asks a sentinel is told of other proxies. Only for replies
     * that come in one piece.
     *
     * @param texts what to say instead of what; each as long as the other
     */
    public void replaceInReplies(Map<String, String> texts) {
        texts.forEach((from, to) -> {
            if (from.length() != to.length()) {
                throw new IllegalArgumentException(from + " is not as long as " + to);
            }
        });
        replaced = Map.copyOf(texts);
    }

    private byte[] replaced(byte[] buffer, int count) {
        String text = new String(buffer, 0, count, ISO_8859_1);
        for (Map.Entry<String, String> each : replaced.entrySet()) {
            text = text.replace(each.getKey(), each.getValue());
        }
        return text.getBytes(ISO_8859_1);
    }

    @Override
    public void close() {
        refuse();
        cut();
    }

    private void accept(ServerSocket socket) {
        try (socket) {
            while (true) {
                Socket client = socket.accept();
                accepted.incrementAndGet();
                Socket behind = new Socket();
                URI server = this.server;
                try {
                    behind.connect(new InetSocketAddress(server.getHost(), server.getPort()), 1_000);
                } catch (IOException away) {
                    close(client);
                    close(behind);
                    continue;
                }
                Link link = new Link(client, behind);
                synchronized (this) {
                    if (listening != socket) { // refused since: a cut that follows would not see it
                        link.close();
                        return;
                    }
                    links.add(link);
                }
                start("proxy-requests", () -> link.pump(client, behind, false));
                start("proxy-replies", () -> link.pump(behind, client, true));
            }
        } catch (IOException closed) {
            // by refuse()
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void close(@Nullable AutoCloseable socket) {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (Exception given) {
            // up in any case
        }
    }

    private final class Link {

        private final Socket client;
        private final Socket behind;

        Link(Socket client, Socket behind) {
            this.client = client;
            this.behind = behind;
        }

        void close() {
            links.remove(this);
            TcpProxy.close(client);
            TcpProxy.close(behind);
        }

        void pump(Socket from, Socket to, boolean areReplies) {
            byte[] buffer = new byte[16_384];
            boolean silent = false;
            int replied = 0;
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                int count;
                while ((count = in.read(buffer)) >= 0) {
                    if (areReplies) {
                        Replies fate = replied++ < repliesFirst ? Replies.PASS : replies;
                        if (fate == Replies.CUT) {
                            swallowed.incrementAndGet();
                            return;
                        }
                        silent |= fate == Replies.SWALLOW;
                        if (silent) {
                            swallowed.incrementAndGet();
                            continue;
                        }
                        Duration pause = delay;
                        if (!pause.isZero()) {
                            Thread.sleep(pause.toMillis());
                        }
                    }
                    if (areReplies && !replaced.isEmpty()) {
                        out.write(replaced(buffer, count));
                    } else {
                        out.write(buffer, 0, count);
                    }
                    out.flush();
                }
            } catch (IOException gone) {
                // either side
            } catch (InterruptedException impossible) {
                Thread.currentThread().interrupt();
            } finally {
                close();
            }
        }
    }
}
