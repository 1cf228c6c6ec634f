package dev.eventlog.testing.memory;

import dev.eventlog.testing.memory.Reply.Failure;
import dev.eventlog.testing.memory.Reply.Push;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a client. One thread reads commands, one after the other. Another thread writes replies and
 * messages in the order in which they were created, so a client never learns of a change before it gets an older reply.
 */
final class Session {

    /** Runs a command, and sends its reply before any other command runs. */
    @FunctionalInterface
    interface Runner {
        void run(Session session, List<String> command);
    }

    /** The bytes of a reply or message, and the time at which it was created. */
    private record Frame(ByteBuffer bytes, long since) {}

    private static final Frame END = new Frame(ByteBuffer.allocate(0), 0);

    private final long id;
    private final Socket socket;
    private final Faults faults;
    private final LinkedBlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private volatile boolean closed;

    // The following fields are used with the lock of the keyspace.
    private boolean resp3;
    private boolean inScript;
    private boolean blocks;
    private String name = "";
    private boolean tracks;
    private final List<String> prefixes = new ArrayList<>();
    private boolean broadcasts;
    private final Set<String> tracked = new HashSet<>();

    Session(long id, Socket socket, Faults faults) {
        this.id = id;
        this.socket = socket;
        this.faults = faults;
    }

    void begin(Runner runner, Consumer<Session> ended) {
        daemon("in-memory-redis-reader-" + id, () -> read(runner, ended)).start();
        daemon("in-memory-redis-writer-" + id, this::write).start();
    }

    private void read(Runner runner, Consumer<Session> ended) {
        try {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (!closed) {
                runner.run(this, command(in));
            }
        } catch (IOException gone) {
            // either side closed the connection, so there is nobody to notify
        } finally {
            close();
            ended.accept(this);
        }
    }

    private void write() {
        try {
            OutputStream out = socket.getOutputStream();
            for (Frame next = frames.take(); next.bytes().hasRemaining(); next = frames.take()) {
                faults.awaitDue(next.since(), this);
                out.write(next.bytes().array());
            }
        } catch (IOException | InterruptedException gone) {
            close();
        }
    }

    /** {@return a daemon thread that has not started} */
    static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    private static List<String> command(InputStream in) throws IOException {
        String line = line(in);
        if (!line.startsWith("*")) {
            return List.of(line.split(" "));
        }
        int size = Integer.parseInt(line.substring(1));
        List<String> words = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            int length = Integer.parseInt(line(in).substring(1));
            byte[] word = in.readNBytes(length);
            if (word.length < length) {
                throw new EOFException();
            }
            words.add(new String(word, StandardCharsets.ISO_8859_1));
            line(in);
        }
        return words;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException();
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    void send(@Nullable Object reply) {
        frames.add(new Frame(ByteBuffer.wrap(Reply.encode(reply, resp3)), System.nanoTime()));
    }

    void close() {
        closed = true;
        frames.add(END);
        faults.wakeAll();
        try {
            socket.close();
        } catch (IOException already) {
            // already closed
        }
    }

    boolean isClosed() {
        return closed;
    }

    long id() {
        return id;
    }

    String name() {
        return name;
    }

    void name(String newName) {
        name = newName;
    }

    boolean isResp3() {
        return resp3;
    }

    void resp3(boolean speaks) {
        resp3 = speaks;
    }

    boolean isInScript() {
        return inScript;
    }

    void inScript(boolean is) {
        inScript = is;
    }

    boolean isBlocked() {
        return blocks;
    }

    void blocks(boolean does) {
        blocks = does;
    }

    /**
     * Starts to report changes of the keys that the client reads from now on or, with broadcast, of all keys with one
     * of the prefixes.
     */
    void track(boolean byBroadcast, List<String> ofPrefixes) {
        if (!resp3) {
            throw new Failure("ERR Client tracking can be enabled only with RESP3 or REDIRECT");
        }
        tracks = true;
        broadcasts = byBroadcast;
        prefixes.clear();
        prefixes.addAll(ofPrefixes);
    }

    void trackNothing() {
        tracks = false;
        tracked.clear();
    }

    void reads(String key) {
        if (tracks && !broadcasts) {
            tracked.add(key);
        }
    }

    /** Reports a change of a key, or of all keys if it is null, if the client tracks it. */
    void changed(@Nullable String key) {
        if (!tracks) {
            return;
        }
        if (key == null) {
            tracked.clear();
            send(new Push("invalidate", null));
        } else if (broadcasts
                ? prefixes.isEmpty() || prefixes.stream().anyMatch(key::startsWith)
                : tracked.remove(key)) {
            send(new Push("invalidate", List.of(key)));
        }
    }
}
