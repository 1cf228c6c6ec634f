package dev.eventlog.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;
import redis.embedded.core.ExecutableProvider;

/**
 * A redis-server process for tests, on a free port of the loopback interface. Tests can kill, freeze, empty, and
 * restart it, so this class controls the process and embedded-redis only provides the program. The system property
 * {@code embedded.redis.executable} names another program.
 */
public final class EmbeddedRedis implements AutoCloseable {

    private static @Nullable Path program;

    private static final int PORTS_TRIED = 5;

    private final int port;
    private final Path directory;
    private final String[] settings;
    private @Nullable Process process;

    private final Map<String, String> environment = new HashMap<>();

    private EmbeddedRedis(int port, Path directory, String... settings) {
        this.port = port;
        this.directory = directory;
        this.settings = settings;
    }

    /**
     * Sets environment variables for the next start of the process.
     *
     * @param variables their names and values
     */
    public void setEnvironment(Map<String, String> variables) {
        environment.putAll(variables);
    }

    /** {@return a running server that stores nothing on disk} */
    public static EmbeddedRedis inMemory() {
        return startSomewhere("--save", "", "--appendonly", "no");
    }

    /**
     * {@return a running server that stores each write on disk before it replies, in one file that it never rewrites}
     */
    public static EmbeddedRedis onDisk() {
        return startSomewhere(
                "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0");
    }

    /**
     * Returns a server like {@link #onDisk()}. If the system property {@code eventlog.test.server-port} is set, returns
     * the emptied server at that port, for tests that only send commands.
     *
     * @return the running server
     */
    static EmbeddedRedis onDiskOrRunning() {
        @Nullable Integer port = Integer.getInteger("eventlog.test.server-port");
        if (port == null) {
            return onDisk();
        }
        try {
            EmbeddedRedis running = new EmbeddedRedis(port, Files.createTempDirectory("event-log-redis-"));
            running.ask("FLUSHALL");
            return running;
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * Starts a server with more settings, which stores nothing on disk unless a test asks for it.
     *
     * @param settings as on its command line
     * @return the server
     */
    public static EmbeddedRedis with(String... settings) {
        return startSomewhere(Stream.concat(Stream.of("--save", "", "--appendonly", "no"), Stream.of(settings))
                .toArray(String[]::new));
    }

    /** Uses a free port, and another one if that port is taken in the meantime. */
    private static EmbeddedRedis startSomewhere(String... settings) {
        for (int left = PORTS_TRIED; ; left--) {
            try {
                return start(freePort(), null, settings);
            } catch (PortTakenException taken) {
                if (left == 1) {
                    throw taken;
                }
            }
        }
    }

    /**
     * Starts a server with the settings of the caller.
     *
     * @param port the port of the server
     * @param file a file for its folder; null for none
     * @param settings on its command line, which may begin with that file
     */
    static EmbeddedRedis start(int port, @Nullable ConfigurationFile file, String... settings) {
        try {
            EmbeddedRedis redis = new EmbeddedRedis(port, Files.createTempDirectory("event-log-redis-"), settings);
            if (file != null) {
                Files.writeString(redis.directory.resolve(file.name()), file.content());
            }
            Runtime.getRuntime().addShutdownHook(new Thread(redis::close));
            try {
                redis.start();
            } catch (PortTakenException taken) {
                redis.close();
                throw taken;
            }
            return redis;
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** A file that a server has from the start and may rewrite later. */
    record ConfigurationFile(String name, String content) {}

    /** {@return a free port} */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** {@return its address} */
    public URI uri() {
        return URI.create("redis://127.0.0.1:" + port);
    }

    /** {@return whether its major version is at least this; it must be running} */
    public boolean isAtLeast(int major) {
        return RedisProbe.isAtLeast(major, info("server", "redis_version"));
    }

    /** {@return the port at which it listens} */
    public int port() {
        return port;
    }

    /** {@return whether the process is running} */
    public boolean isRunning() {
        return process != null;
    }

    /**
     * Sends a command directly, without a client library.
     *
     * @param command the command and its arguments
     * @return a text, a number, a list of replies, or null
     */
    public @Nullable Object ask(String... command) {
        try {
            return RedisProbe.ask(uri(), command);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * Returns a field of the INFO of the server.
     *
     * @param section a section of its INFO
     * @param field a field there
     * @return its value
     */
    public String info(String section, String field) {
        try {
            return RedisProbe.info(uri(), section, field);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Another process listens at the port. */
    private static final class PortTakenException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        PortTakenException(String message) {
            super(message);
        }
    }

    /**
     * Starts the server on the same port, with all complete transactions that it has on disk. Returns when this server
     * answers.
     */
    public void start() {
        AppendOnlyFile.cutToLastWholeTransaction(writes());
        List<String> command = new ArrayList<>(List.of(program().toString()));
        command.addAll(Arrays.asList(settings));
        command.addAll(List.of("--bind", "127.0.0.1", "--port", Integer.toString(port), "--dir", directory.toString()));
        Path output = directory.resolve("output");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            Process started = builder.start();
            process = started;
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (!RedisProbe.answers(uri())) {
                if (!started.isAlive() || System.nanoTime() > deadline) {
                    String said = Files.readString(output);
                    kill();
                    String message = "Embedded Redis did not start: " + command + "\n" + said;
                    throw said.contains("Address already in use")
                            ? new PortTakenException(message)
                            : new IllegalStateException(message);
                }
                Thread.sleep(10);
            }
            String answering = info("server", "process_id");
            if (!answering.equals(Long.toString(started.pid()))) {
                kill();
                throw new PortTakenException("Embedded Redis was started as process " + started.pid() + ", but process "
                        + answering + " answers at its port: " + command);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException("Embedded Redis did not start: " + command, ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }

    /** Kills the server without notice. */
    public void kill() {
        Process running = process;
        process = null;
        if (running != null) {
            running.destroyForcibly().onExit().join();
        }
    }

    /** Closes all connections of applications. */
    public void killConnections() {
        ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    }

    /** {@return the file with all writes, of a server that stores data on disk; it may not exist yet} */
    public Path writes() {
        List<Path> since7 = writes("incr");
        return since7.isEmpty() ? directory.resolve("appendonly.aof") : since7.get(since7.size() - 1);
    }

    /**
     * The files of a server from Redis 7 on that stores data on disk.
     *
     * @param kind {@code base} for the data at the start of the files, or {@code incr} for later writes
     * @return the existing files, newest last
     */
    public List<Path> writes(String kind) {
        Path folder = directory.resolve("appendonlydir");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file ->
                            file.getFileName().toString().matches("appendonly\\.aof\\.\\d+\\." + kind + "\\..*"))
                    .sorted(Comparator.comparingInt(file ->
                            Integer.parseInt(file.getFileName().toString().split("\\.")[2])))
                    .toList();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Deletes the data of a server that is not running. */
    public void deleteData() {
        deleteBelow(directory);
    }

    /** Copies the data of a server that is not running. */
    public void keepData() {
        copy(directory.resolve("appendonlydir"), directory.resolve("kept"));
        copy(directory.resolve("appendonly.aof"), directory.resolve("kept.aof"));
    }

    /** Restores the copy of {@link #keepData()}. */
    public void restoreData() {
        copy(directory.resolve("kept"), directory.resolve("appendonlydir"));
        copy(directory.resolve("kept.aof"), directory.resolve("appendonly.aof"));
    }

    /** Copies the data, which is a file before Redis 7 and a folder from then on. */
    private static void copy(Path from, Path to) {
        try {
            if (Files.isRegularFile(from)) {
                Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
            } else if (Files.isDirectory(from)) {
                deleteBelow(to);
                FileSystemUtils.copyRecursively(from, to);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Stops the server from replying until {@link #thaw()}. Its connections stay open. Does not work on Windows. */
    public void freeze() {
        signal("-STOP");
    }

    /** Lets a frozen server continue. */
    public void thaw() {
        signal("-CONT");
    }

    private void signal(String signal) {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException("not running");
        }
        try {
            new ProcessBuilder("kill", signal, Long.toString(running.pid()))
                    .start()
                    .onExit()
                    .join();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Kills the server and deletes its data. */
    @Override
    public void close() {
        kill();
        deleteBelow(directory);
        directory.toFile().delete();
    }

    private static synchronized Path program() {
        Path found = program;
        if (found == null) {
            try {
                found = System.getProperty(ExecutableProvider.PROPERTY_EXECUTABLE_LOCATION) != null
                        ? ExecutableProvider.newSystemPropertyProvider().get().toPath()
                        : ExecutableProvider.newJarResourceProvider().get().toPath();
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
            found = found.toAbsolutePath();
            if (!Files.isExecutable(found)
                    && !found.toFile().setExecutable(true)) { // an archive may have lost this permission
                throw new IllegalStateException(found + " cannot be made executable");
            }
            program = found;
        }
        return found;
    }

    private static void deleteBelow(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> entries = Files.list(directory)) {
            for (Path entry : entries.toList()) {
                if (Files.isDirectory(entry)) {
                    deleteBelow(entry);
                }
                Files.deleteIfExists(entry);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
