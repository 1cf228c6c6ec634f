package dev.eventlog.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;
import redis.embedded.RedisServer;

/** A real Redis for all tests of the JVM. The first test that needs it starts it, and it stops with the JVM. */
final class RealRedis {

    private static @Nullable URI started;

    private RealRedis() {}

    static synchronized URI uri() {
        URI uri = started;
        if (uri == null) {
            uri = start();
            started = uri;
        }
        return uri;
    }

    private static URI start() {
        if (isPresent("org.testcontainers.DockerClientFactory") && Container.isPossible()) {
            return Container.start();
        }
        if (isPresent("redis.embedded.RedisServer")) {
            return Embedded.start();
        }
        throw new IllegalStateException("There is no real Redis for this test: Docker is not running, or"
                + " org.testcontainers:testcontainers is missing, and com.github.codemonstur:embedded-redis is missing"
                + " too. Add one of them to the tests, or set " + EventLogRedis.PROPERTY
                + "=redis://host:port.");
    }

    private static boolean isPresent(String type) {
        return ClassUtils.isPresent(type, RealRedis.class.getClassLoader());
    }

    /** A separate class, because Testcontainers may be missing. */
    private static final class Container {

        private static final DockerImageName IMAGE = DockerImageName.parse("redis:8-alpine");
        private static final int PORT = 6379;

        static boolean isPossible() {
            return DockerClientFactory.instance().isDockerAvailable();
        }

        @SuppressWarnings("resource") // Testcontainers removes it after the JVM
        static URI start() {
            GenericContainer<?> container = new GenericContainer<>(IMAGE).withExposedPorts(PORT);
            container.start();
            return URI.create("redis://" + container.getHost() + ":" + container.getMappedPort(PORT));
        }
    }

    /** A separate class, because the embedded server may be missing. */
    private static final class Embedded {

        static URI start() {
            try {
                int port = freePort();
                RedisServer server = RedisServer.newRedisServer()
                        .port(port)
                        .bind("127.0.0.1")
                        .setting("save \"\"")
                        .setting("appendonly no")
                        .build();
                server.start();
                Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "stop embedded Redis"));
                return URI.create("redis://127.0.0.1:" + port);
            } catch (IOException failure) {
                throw new UncheckedIOException("The embedded Redis did not start", failure);
            }
        }

        private static int freePort() throws IOException {
            try (ServerSocket socket = new ServerSocket(0)) {
                return socket.getLocalPort();
            }
        }

        private static void stop(RedisServer server) {
            try {
                server.stop();
            } catch (IOException gone) {
                // it stops with this process anyway
            }
        }
    }
}
