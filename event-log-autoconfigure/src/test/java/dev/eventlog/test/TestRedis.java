package dev.eventlog.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The Redis of the tests: one for each JVM, started on first use, selected by the system property
 * {@code eventlog.test.redis}:
 *
 * <ul>
 *   <li>{@code testcontainers}: a container of {@link #IMAGE}
 *   <li>{@code embedded}: a process on this machine
 *   <li>{@code redis://[user:password@]host[:port][/database]}: a running server; the tests delete only what they add
 *   <li>{@code auto}, the default: Testcontainers if Docker is running and the image is available; otherwise embedded
 * </ul>
 *
 * <p>Test applications connect to it with {@link TestRedisConnection}.
 */
public final class TestRedis {

    /** The image that Testcontainers starts: change the version of Redis here. */
    static final String IMAGE = "redis:8-alpine";

    private static final String SWITCH = "eventlog.test.redis";
    private static final int SECONDS_FOR_CONTAINER = 45;

    private static @Nullable FutureTask<TestRedis> chosen;

    private final String kind;
    private final URI uri;
    private final String version;
    private final @Nullable Container container;

    private TestRedis(String kind, URI uri, @Nullable Container container) {
        this.kind = kind;
        this.uri = uri;
        this.container = container;
        try {
            this.version = RedisProbe.version(uri);
        } catch (IOException ex) {
            throw new UncheckedIOException("No Redis for the tests at " + RedisProbe.withoutPassword(uri), ex);
        }
    }

    /** {@return the selected Redis; the first call starts it} */
    public static TestRedis get() {
        FutureTask<TestRedis> task;
        synchronized (TestRedis.class) {
            task = chosen;
            if (task == null) {
                task = new FutureTask<>(() -> {
                    TestRedis redis = choose(System.getProperty(SWITCH, "auto"));
                    System.out.println("Tests run against: " + redis);
                    return redis;
                });
                chosen = task;
            }
        }
        task.run();
        try {
            return task.get();
        } catch (ExecutionException ex) {
            throw new IllegalStateException("No Redis for the tests", ex.getCause());
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }

    static TestRedis choose(String value) {
        if (value.equals("auto")) {
            return inContainerIfPossible(System.getenv());
        }
        if (value.equals("embedded")) {
            return embedded();
        }
        if (value.equals("testcontainers")) {
            return inContainer();
        }
        if (value.startsWith("redis://")) {
            return new TestRedis("Redis", URI.create(value), null);
        }
        throw new IllegalArgumentException(
                SWITCH + "=" + value + ": must be auto, embedded, testcontainers or a redis:// url");
    }

    private static TestRedis embedded() {
        return new TestRedis("embedded Redis", EmbeddedRedis.inMemory().uri(), null);
    }

    private static TestRedis inContainer() {
        Container container = new Container();
        container.start();
        URI uri = URI.create("redis://" + container.getHost() + ":" + container.getMappedPort(6379));
        return new TestRedis("Testcontainers' " + IMAGE + ", Redis", uri, container);
    }

    /**
     * Starts a container if possible, in limited time, because Testcontainers may retry for minutes if it cannot pull
     * an image.
     */
    private static TestRedis inContainerIfPossible(Map<String, String> environment) {
        String docker = docker(environment, Path.of("/"));
        if (docker == null) {
            return embedded();
        }
        System.out.println("Docker answers at " + docker + ": starting " + IMAGE);
        FutureTask<TestRedis> start = new FutureTask<>(TestRedis::inContainer);
        Thread thread = new Thread(start, "start " + IMAGE);
        thread.setDaemon(true);
        thread.start();
        try {
            return start.get(SECONDS_FOR_CONTAINER, TimeUnit.SECONDS);
        } catch (ExecutionException ex) {
            System.out.println("No container of " + IMAGE + ", embedded Redis instead: " + ex.getCause());
        } catch (TimeoutException ex) {
            start.cancel(true);
            System.out.println("No container of " + IMAGE + " within " + SECONDS_FOR_CONTAINER
                    + " s, embedded Redis instead (see " + SWITCH + ")");
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
        return embedded();
    }

    /**
     * Looks for a running Docker engine in the same places as Testcontainers. Takes milliseconds.
     *
     * @return its address; null if there is none
     */
    static @Nullable String docker(Map<String, String> environment, Path root) {
        String host = environment.get("DOCKER_HOST");
        Stream<String> candidates = host != null
                ? Stream.of(host)
                : Stream.of(
                                root.resolve("var/run/docker.sock"),
                                Path.of(environment.getOrDefault("XDG_RUNTIME_DIR", "/nowhere"), "docker.sock"),
                                Path.of(environment.getOrDefault("HOME", "/nowhere"), ".docker/run/docker.sock"),
                                Path.of(environment.getOrDefault("HOME", "/nowhere"), ".docker/desktop/docker.sock"))
                        .map(path -> "unix://" + path);
        return candidates.filter(TestRedis::accepts).findFirst().orElse(null);
    }

    private static boolean accepts(String address) {
        try {
            URI uri = URI.create(address);
            if ("unix".equals(uri.getScheme())) {
                return accepts(UnixDomainSocketAddress.of(uri.getPath()));
            }
            if ("npipe".equals(uri.getScheme())) {
                return true;
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort() == -1 ? 2375 : uri.getPort()), 500);
                return true;
            }
        } catch (IOException | IllegalArgumentException ex) {
            return false;
        }
    }

    private static boolean accepts(SocketAddress address) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(address);
        } catch (UnsupportedOperationException ex) {
            return false;
        }
    }

    /** {@return its address} */
    public URI uri() {
        return uri;
    }

    /** {@return whether its major version is at least this} */
    public boolean isAtLeast(int major) {
        return RedisProbe.isAtLeast(major, version);
    }

    @Nullable
    Container container() {
        return container;
    }

    @Override
    public String toString() {
        return kind + " " + version + " (" + RedisProbe.withoutPassword(uri) + ")";
    }

    /**
     * Every application of the JVM has this container as a bean and would stop it on close, but it must outlive them.
     */
    static final class Container extends GenericContainer<Container> {

        private Container() {
            super(DockerImageName.parse(IMAGE));
            withExposedPorts(6379);
            Runtime.getRuntime().addShutdownHook(new Thread(super::stop));
        }

        @Override
        public void stop() {}
    }
}
