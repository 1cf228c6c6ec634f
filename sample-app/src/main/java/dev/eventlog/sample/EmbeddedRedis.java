package dev.eventlog.sample;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.DestructionAwareBeanPostProcessor;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisProperties;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import redis.embedded.RedisServer;
import redis.embedded.core.ExecutableProvider;
import redis.embedded.core.PortProvider;
import redis.embedded.core.RedisServerBuilder;
import redis.embedded.model.OsArchitecture;

/**
 * Starts an embedded Redis server if none is configured, so that the sample needs only a JDK. With a folder in
 * {@code sample.redis.data}, the server keeps its data there. Otherwise it keeps nothing on disk: when the application
 * ends, its logs are gone.
 *
 * <p>Every bean that uses Redis depends on the connection properties, so the server starts first and stops last. A
 * conditional bean would not work, because the sample is also processed ahead of time, which evaluates conditions only
 * once.
 */
@Component
class EmbeddedRedis implements DestructionAwareBeanPostProcessor {

    private static final Logger logger = LoggerFactory.getLogger(EmbeddedRedis.class);

    private static final String HOST = "127.0.0.1";

    /** Redis 7, which counts events, so that gaps have a number. The build adds these programs. */
    private static final ExecutableProvider PROGRAM = ExecutableProvider.newJarResourceProvider(Map.of(
            OsArchitecture.UNIX_x86_64, "/redis-server-7.0.15-linux-amd64",
            OsArchitecture.UNIX_AARCH64, "/redis-server-7.0.15-linux-arm64",
            OsArchitecture.MAC_OS_X_x86_64, "/redis-server-7.0.15-darwin-amd64",
            OsArchitecture.MAC_OS_X_ARM64, "/redis-server-7.0.15-darwin-arm64"));

    private final Environment environment;
    private @Nullable RedisServer server;
    private @Nullable Path data;

    EmbeddedRedis(Environment environment) {
        this.environment = environment;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (bean instanceof DataRedisProperties properties && !isRedisConfigured()) {
            int port = create();
            properties.setHost(HOST);
            properties.setPort(port);
            logger.info(
                    "No Redis is configured: started an embedded one on {}:{}. {}"
                            + " Set spring.data.redis.host or spring.data.redis.url to use your own.",
                    HOST,
                    port,
                    data == null ? "It loses its data when the application ends." : "Its data is in " + data + ".");
        }
        return bean;
    }

    private boolean isRedisConfigured() {
        // Asks the binder, not the environment, because it also supports lists and SPRING_DATA_REDIS_HOST.
        Binder binder = Binder.get(environment);
        return Stream.of("host", "port", "url", "sentinel.nodes", "cluster.nodes", "masterreplica.nodes")
                .map(name -> binder.bind("spring.data.redis." + name, Bindable.listOf(String.class)))
                .anyMatch(found -> found.isBound());
    }

    private int create() {
        String folder = environment.getProperty("sample.redis.data", "");
        try {
            RedisServerBuilder builder = RedisServer.newRedisServer()
                    .executableProvider(PROGRAM)
                    .bind(HOST)
                    .port(PortProvider.newEphemeralPortProvider().get())
                    .setting("save \"\"")
                    .soutListener(line -> logger.debug("Redis: {}", line));
            if (folder.isEmpty()) {
                builder.setting("appendonly no");
            } else {
                data = Files.createDirectories(Path.of(folder)).toRealPath();
                killProcess(); // one that an earlier run has left
                builder.setting("appendonly yes")
                        .setting("dir \"" + data + "\"")
                        .setting("pidfile \"" + data.resolve("redis.pid") + "\"");
            }
            RedisServer created = builder.build();
            created.start();
            server = created;
            return created.ports().get(0);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** {@return whether there is an embedded server that keeps its data, so that it can be stopped and started} */
    boolean canRestart() {
        return server != null && data != null;
    }

    /** Starts the server again. */
    synchronized void start() {
        try {
            server().start();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Stops the server. */
    synchronized void stop() {
        try {
            server().stop();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Kills the server. Its data stays. */
    synchronized void kill() {
        killProcess();
        stop(); // waits until the process has ended
    }

    /** Cuts the end off the data of a server that does not run, as a crash of the machine can do. */
    synchronized void loseLastBytes(long bytes) {
        try (Stream<Path> files = Files.list(folder().resolve("appendonlydir"))) {
            Path last = files.filter(file -> file.toString().endsWith(".incr.aof"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
            try (FileChannel channel = FileChannel.open(last, StandardOpenOption.WRITE)) {
                channel.truncate(Math.max(0, channel.size() - bytes));
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private void killProcess() {
        Path pid = folder().resolve("redis.pid");
        if (Files.exists(pid)) {
            try {
                ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
                        .filter(process -> process.info().command().orElse("").contains("redis-server"))
                        .ifPresent(process -> {
                            process.destroyForcibly();
                            process.onExit().join();
                        });
                Files.deleteIfExists(pid);
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }

    private RedisServer server() {
        return Objects.requireNonNull(server, "There is no embedded Redis");
    }

    private Path folder() {
        return Objects.requireNonNull(data, "The embedded Redis keeps no data");
    }

    @Override
    public boolean requiresDestruction(Object bean) {
        return bean instanceof DataRedisProperties;
    }

    @Override
    public void postProcessBeforeDestruction(Object bean, String name) {
        if (bean instanceof DataRedisProperties && server != null) {
            stop();
        }
    }
}
