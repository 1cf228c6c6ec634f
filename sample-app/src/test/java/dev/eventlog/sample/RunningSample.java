package dev.eventlog.sample;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import redis.embedded.RedisServer;
import redis.embedded.core.PortProvider;

/** Starts a Redis that outlives its applications, and applications like those that a user starts. */
final class RunningSample {

    private RunningSample() {}

    static RedisServer newRedis() throws IOException {
        return RedisServer.newRedisServer()
                .bind("127.0.0.1")
                .port(PortProvider.newEphemeralPortProvider().get())
                .setting("save \"\"")
                .setting("appendonly no")
                .soutListener(line -> {})
                .build();
    }

    /** Starts an application without the feeder. */
    static ConfigurableApplicationContext start(RedisServer redis, int port, String... more) {
        return run(redis, more, "--server.port=" + port, "--sample.feeder.enabled=false");
    }

    /** Starts an application with a fast feeder. */
    static ConfigurableApplicationContext startFeeding(RedisServer redis, String... more) {
        return run(redis, more, "--server.port=0", "--sample.feeder.interval=1ms");
    }

    /** Starts an application with the feeder and a Redis of its own that the page can break. */
    static ConfigurableApplicationContext startBreakable(Path data, String... more) {
        List<String> all = new ArrayList<>(
                List.of("--server.port=0", "--sample.breaking.enabled=true", "--sample.redis.data=" + data));
        all.addAll(List.of(more));
        return SpringApplication.run(SampleApplication.class, all.toArray(String[]::new));
    }

    /**
     * Starts an application without the feeder in a separate process, which can be killed. Does not wait until it has
     * started.
     */
    static Process startInAnotherJvm(RedisServer redis, int port) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SampleApplication.class.getName(),
                        "--server.port=" + port,
                        "--sample.feeder.enabled=false",
                        "--eventlog.record.lease=2s",
                        "--spring.data.redis.host=127.0.0.1",
                        "--spring.data.redis.port=" + redis.ports().get(0))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Sends a command, and waits for the reply. */
    static void tell(RedisServer redis, String command, String... arguments) {
        LettuceConnectionFactory connections =
                new LettuceConnectionFactory("127.0.0.1", redis.ports().get(0));
        connections.afterPropertiesSet();
        connections.start();
        try (RedisConnection connection = connections.getConnection()) {
            connection.execute(
                    command,
                    Stream.of(arguments)
                            .map(argument -> argument.getBytes(StandardCharsets.UTF_8))
                            .toArray(byte[][]::new));
        } finally {
            connections.destroy();
        }
    }

    private static ConfigurableApplicationContext run(RedisServer redis, String[] more, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of(more));
        all.add("--spring.data.redis.host=127.0.0.1");
        all.add("--spring.data.redis.port=" + redis.ports().get(0));
        return SpringApplication.run(SampleApplication.class, all.toArray(String[]::new));
    }

    static int port(ConfigurableApplicationContext application) {
        return application.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }
}
