package dev.eventlog.sample;

import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.data.redis.autoconfigure.DataRedisProperties;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * A sample with the Redis that it starts by itself. It runs in this JVM. If the system property {@code sample.jar} has
 * the path of the packaged sample, that one runs instead, in a separate JVM and processed ahead of time.
 *
 * @param port the port of its pages
 * @param redisPort the port of its Redis
 * @param running stops the sample when it is closed
 */
record StartedSample(int port, int redisPort, AutoCloseable running) {

    private static final int SECONDS = 60;

    private static final Pattern SAYS_THAT_IT_STARTED = Pattern.compile(
            "Starting AOT-processed SampleApplication"
                    + ".*started an embedded one on 127\\.0\\.0\\.1:(?<redis>\\d+).*Open http://localhost:(?<page>\\d+)",
            Pattern.DOTALL);

    static StartedSample start(String... arguments) throws Exception {
        String jar = System.getProperty("sample.jar");
        return jar == null ? inThisJvm(arguments) : aheadOfTime(Path.of(jar), arguments);
    }

    void stop() throws Exception {
        running.close();
    }

    private static StartedSample inThisJvm(String... arguments) {
        ConfigurableApplicationContext application = SpringApplication.run(SampleApplication.class, arguments);
        return new StartedSample(
                RunningSample.port(application),
                application.getBean(DataRedisProperties.class).getPort(),
                application);
    }

    private static StartedSample aheadOfTime(Path jar, String... arguments) throws Exception {
        Path output = jar.resolveSibling("sample-ahead-of-time.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dspring.aot.enabled=true",
                "-jar",
                jar.toString()));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            Matcher said = await("what the sample says, see " + output)
                    .atMost(Duration.ofSeconds(SECONDS))
                    .failFast("It has ended, see " + output, () -> !process.isAlive())
                    .until(() -> SAYS_THAT_IT_STARTED.matcher(Files.readString(output)), Matcher::find);
            return new StartedSample(
                    Integer.parseInt(said.group("page")), Integer.parseInt(said.group("redis")), () -> stop(process));
        } catch (RuntimeException failure) {
            stop(process);
            throw failure;
        }
    }

    private static void stop(Process process) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("It did not end within " + SECONDS + " s");
        }
    }
}
