package dev.eventlog.torture;

import dev.eventlog.test.AppendOnlyFile;
import dev.eventlog.test.AppendOnlyFile.Transaction;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.SentinelSetup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Records which server was the master, in order, and the writes of each master. A server that copies the data of
 * another one begins new files and deletes its old ones. This class opens each file as soon as it exists and keeps it
 * open, so it misses no master, even if a server was the master for only a second.
 */
final class TortureMasters implements AutoCloseable {

    private final SentinelSetup setup;
    private final Map<EmbeddedRedis, Writes> newest = new HashMap<>();
    private final List<Writes> masters = new ArrayList<>();
    private final List<Writes> opened = new ArrayList<>();
    private long lookedAt = System.nanoTime();
    private long changingSince = Long.MAX_VALUE;

    TortureMasters(SentinelSetup setup) {
        this.setup = setup;
        look();
    }

    /** Checks which server is the master, and looks for new files of both servers. Call this often. */
    synchronized void look() {
        long now = System.nanoTime();
        setup.servers().forEach(this::lookAt);
        EmbeddedRedis master;
        try {
            master = setup.master();
        } catch (UncheckedIOException away) {
            return;
        }
        Writes writes = newest.get(master);
        if (writes == null) {
            return;
        }
        long before = lookedAt;
        lookedAt = now;
        if (!masters.isEmpty() && last() == writes) {
            return;
        }
        if (!masters.isEmpty()) {
            changingSince = Math.min(changingSince, before);
        }
        // A server that has just copied the data of another one begins its file late. It is still the same master.
        if (masters.size() > 1 && last().server == master) {
            masters.remove(masters.size() - 1);
        }
        masters.add(writes);
    }

    private void lookAt(EmbeddedRedis server) {
        List<Path> files = server.writes("incr");
        if (files.isEmpty()) {
            return;
        }
        Path file = files.get(files.size() - 1);
        Writes before = newest.get(server);
        if (before == null || !before.path.equals(file)) {
            List<Path> base = server.writes("base");
            try {
                Writes writes = new Writes(server, file, base.get(base.size() - 1));
                opened.add(writes);
                newest.put(server, writes);
            } catch (IOException | IndexOutOfBoundsException beingReplaced) {
                // the next call finds the new file
            }
        }
    }

    /**
     * {@return a time before the first change of the master since the last call of this method; the largest number if
     * there was no change}
     */
    synchronized long changingSince() {
        long since = changingSince;
        changingSince = Long.MAX_VALUE;
        return since;
    }

    private Writes last() {
        return masters.get(masters.size() - 1);
    }

    /**
     * {@return the files of all masters since the last call, in order} The first one is the master at the last call,
     * and the last one is the current master.
     */
    synchronized List<Writes> take() {
        look();
        List<Writes> taken = List.copyOf(masters);
        masters.subList(0, masters.size() - 1).clear();
        return taken;
    }

    @Override
    public synchronized void close() {
        opened.forEach(Writes::close);
    }

    /** The file of a server. It stays open even if the server replaces it. */
    static final class Writes {

        final EmbeddedRedis server;
        private final Path path;
        private final FileChannel file;
        private final List<Transaction> base;
        private long at;

        private Writes(EmbeddedRedis server, Path path, Path base) throws IOException {
            this.server = server;
            this.path = path;
            this.base = AppendOnlyFile.read(Files.readAllBytes(base), 0);
            this.file = FileChannel.open(path);
        }

        /** {@return the data of the server when it began the file} */
        List<Transaction> base() {
            return base;
        }

        /** {@return all complete transactions in the file} */
        List<Transaction> all() {
            at = 0;
            return more();
        }

        /** {@return the complete transactions since the last call} */
        List<Transaction> more() {
            try {
                ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(Math.max(0, file.size() - at)));
                while (bytes.hasRemaining() && file.read(bytes, at + bytes.position()) >= 0) {
                    // read on
                }
                byte[] content = new byte[bytes.position()];
                bytes.flip().get(content);
                List<Transaction> whole = AppendOnlyFile.read(content, 0);
                at += whole.isEmpty() ? 0 : whole.get(whole.size() - 1).end();
                return whole;
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }

        private void close() {
            try {
                file.close();
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }
}
