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
 * A proxy on the loopback interface between an application and its Redis. It simulates network faults: it cuts
 * connections, refuses new ones, leads them to another server, and delays or loses replies after Redis executed the
 * command.
 */
public final class TcpProxy implements AutoCloseable {

    private enum Replies {
        PASS,
        SWALLOW,
        CUT,
        CUT_ONE
    }

    private volatile URI server;
    private final int port;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong swallowed = new AtomicLong();
    private @Nullable ServerSocket listening; // guarded by this
    private volatile Replies replies = Replies.PASS;
    private volatile int repliesFirst; // replies that pass on each connection before the fault applies
    private volatile Duration delay = Duration.ZERO;
    private volatile Map<String, String> replaced = Map.of();

    /**
     * Starts a proxy that passes everything on.
     *
     * @param server the address of the server, which need not be running
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

    /** {@return the address for applications} */
    public URI uri() {
        return URI.create("redis://127.0.0.1:" + port);
    }

    /** {@return the number of accepted connections} */
    public long accepted() {
        return accepted.get();
    }

    /** {@return the number of lost pieces of replies} */
    public long swallowed() {
        return swallowed.get();
    }

    /**
     * Leads new connections to another server, like a failover. Existing connections stay.
     *
     * @param server the address of the server
     */
    public void leadTo(URI server) {
        this.server = server;
    }

    /** Cuts all connections. New ones are accepted. */
    public void cut() {
        links.forEach(Link::close);
    }

    /** Refuses new connections until {@link #accept()}. Existing connections stay. */
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
     * Delays every reply.
     *
     * @param delay the delay; zero to pass replies on at once
     */
    public void delay(Duration delay) {
        this.delay = delay;
    }

    /**
     * Passes commands on and loses the replies, until {@link #pass()}. A connection that lost a reply stays silent
     * until it is cut, because a later reply would be mistaken for the lost one.
     */
    public void swallow() {
        replies = Replies.SWALLOW;
    }

    /** Passes commands on, and cuts the connection instead of the reply, until {@link #pass()}. */
    public void cutInsteadOfReply() {
        replies = Replies.CUT;
    }

    /**
     * Does the same, but first passes some replies on each new connection.
     *
     * @param count the number
     */
    public void cutInsteadOfReplyAfter(int count) {
        repliesFirst = count;
        cutInsteadOfReply();
    }

    /**
     * Does the same for one connection only: the first one that gets a reply after some others.
     *
     * @param count the number of replies that it passes first
     */
    public void cutOneInsteadOfReplyAfter(int count) {
        repliesFirst = count;
        replies = Replies.CUT_ONE;
    }

    /** Passes replies on again, except on connections that lost one. */
    public void pass() {
        replies = Replies.PASS;
        repliesFirst = 0;
    }

    /**
     * Replaces texts in replies, so that clients of a sentinel find other proxies. Works only for replies in one piece.
     *
     * @param texts the replacements of texts; each has the length of its original
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
                    if (listening != socket) { // refuse() was called, and a later cut() would miss this link
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
            // the connection ends in any case
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
                        if (fate == Replies.CUT_ONE) {
                            pass();
                        }
                        if (fate == Replies.CUT || fate == Replies.CUT_ONE) {
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
