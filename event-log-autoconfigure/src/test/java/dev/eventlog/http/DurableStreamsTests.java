package dev.eventlog.http;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestApplication;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.servlet.config.annotation.CorsRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs the published client and conformance suite of the protocol in Node. The test is skipped without Node, or without
 * {@code npm install} in {@code src/test/node}, because the build itself fetches nothing.
 */
@Tag("long")
class DurableStreamsTests extends ClosingTests {

    private static final Path SCRIPTS = Path.of("src", "test", "node");

    private final JsonMapper json = new JsonMapper();
    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());

    @BeforeEach
    void needsNode() {
        boolean node = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "node")));
        assumeTrue(
                node && Files.isDirectory(SCRIPTS.resolve("node_modules")),
                "Skipped: there is no node on the PATH, or its packages are not installed:"
                        + " npm install in event-log-autoconfigure/src/test/node");
    }

    private ConfigurableApplicationContext start(WebApplicationType web, String... properties) {
        List<String> all = new ArrayList<>(List.of(
                "spring.data.redis.url=" + redis.uri(),
                "eventlog.http.path=/v1/stream",
                "eventlog.http.writable=true",
                "eventlog.http.max-body-size=5MB"));
        all.addAll(List.of(properties));
        Class<?> type = web == WebApplicationType.SERVLET ? Application.class : ReactiveApplication.class;
        return closeLater(TestApplication.startWeb(type, web, all.toArray(String[]::new)));
    }

    @ParameterizedTest
    @EnumSource(names = {"SERVLET", "REACTIVE"})
    void clientReadsContinuesAndDetectsTheEnd(WebApplicationType web) throws Exception {
        ConfigurableApplicationContext application = start(web);
        EventLog log = application.getBean(EventLogFactory.class).create("orders");
        log.addAll(LogTests.events(0, 3));

        JsonNode first = read(application, "-1");
        assertThat(numbers(first)).isEqualTo(LogTests.range(0, 3));
        assertThat(first.get("upToDate").asBoolean()).isTrue();
        assertThat(first.get("closed").asBoolean()).isFalse();

        log.add(LogTests.event(3));
        JsonNode second = read(application, first.get("offset").asString());
        assertThat(numbers(second)).isEqualTo(LogTests.range(3, 4));

        log.complete();
        JsonNode end = read(application, second.get("offset").asString());
        assertThat(numbers(end)).isEmpty();
        assertThat(end.get("closed").asBoolean()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"SERVLET, sse", "SERVLET, long-poll", "REACTIVE, sse", "REACTIVE, long-poll"})
    void clientFollowsToTheEnd(WebApplicationType web, String live) throws Exception {
        ConfigurableApplicationContext application =
                start(web, "eventlog.read.page-size=50", "eventlog.http.sse-lifetime=2s");
        EventLog log = application.getBean(EventLogFactory.class).create("orders");
        log.addAll(LogTests.events(0, 120));
        String url = uri(application, "/v1/stream/orders").toString();
        Script client = closeLater(new Script(Map.of(), "client.mjs", url, "-1", live));
        List<Integer> got = new ArrayList<>();
        until(client, got, 120);
        log.add(LogTests.event(120));
        until(client, got, 121);
        log.addAll(LogTests.events(121, 123));
        until(client, got, 123);
        EventId last = log.complete(LogTests.event(123));

        JsonNode end = null;
        while (end == null || got.size() < 124) { // the client can report its end before it delivers its last batch
            JsonNode line = json.readTree(client.line());
            end = line.has("end") ? line : end;
            got.addAll(numbers(line));
        }
        assertThat(got).isEqualTo(LogTests.range(0, 124));
        assertThat(end.get("closed").asBoolean()).isTrue();
        assertThat(end.get("offset").asString()).isEqualTo(Offsets.text(last));
        assertThat(client.exit()).isZero();
    }

    private void until(Script client, List<Integer> got, int count) throws Exception {
        while (got.size() < count) {
            got.addAll(numbers(json.readTree(client.line())));
        }
    }

    private JsonNode read(ConfigurableApplicationContext application, String offset) throws Exception {
        try (Script client = new Script(
                Map.of(), "client.mjs", uri(application, "/v1/stream/orders").toString(), offset, "false")) {
            return json.readTree(client.line());
        }
    }

    private static List<Integer> numbers(JsonNode batch) {
        List<Integer> numbers = new ArrayList<>();
        if (batch.has("items")) {
            batch.get("items")
                    .forEach(item -> numbers.add(Integer.valueOf(item.get("n").asString())));
        }
        return numbers;
    }

    /**
     * Runs the suite as published. There, a server with only JSON can pass the tests about JSON and those without a type.
     * Then runs it with byte streams as JSON strings, which tests much more. The list of known failures has each
     * failure with its reason.
     */
    @ParameterizedTest
    @CsvSource({"SERVLET, none", "SERVLET, bytes", "REACTIVE, none", "REACTIVE, bytes"})
    void conformanceSuiteHasOnlyTheKnownFailures(WebApplicationType web, String adapter) throws Exception {
        ConfigurableApplicationContext application = start(web, "eventlog.http.long-poll-timeout=2s");
        Path report =
                Files.createDirectories(Path.of("target")).resolve("conformance-" + web + "-" + adapter + ".json");
        Files.deleteIfExists(report);
        try (Script suite = new Script(
                Map.of("CONFORMANCE_TEST_URL", uri(application, "").toString(), "ADAPT", adapter),
                "node_modules/vitest/vitest.mjs",
                "run",
                "--reporter=json",
                "--outputFile=" + report.toAbsolutePath())) {
            suite.exit();
        }

        Map<String, List<String>> known = known(adapter);
        TreeSet<String> failed = new TreeSet<>();
        Map<String, Integer> counts = new TreeMap<>();
        json.readTree(Files.readString(report))
                .get("testResults")
                .forEach(file -> file.get("assertionResults").forEach(test -> {
                    String status = test.get("status").asString();
                    String name = test.get("fullName").asString();
                    counts.merge(status + reason(known, name), 1, Integer::sum);
                    if (status.equals("failed")) {
                        failed.add(name);
                    }
                }));
        Files.writeString(
                report.resolveSibling("conformance-" + web + "-" + adapter + ".txt"),
                counts + "\n" + String.join("\n", failed));
        assertThat(counts).isNotEmpty();
        TreeSet<String> expected = new TreeSet<>();
        known.values().forEach(expected::addAll);
        assertThat(failed)
                .as("of %s; a failure on only one side is outdated or has no reason yet", counts)
                .isEqualTo(expected);
    }

    private static String reason(Map<String, List<String>> known, String name) {
        return known.entrySet().stream()
                .filter(entry -> entry.getValue().contains(name))
                .map(entry -> " (" + entry.getKey() + ')')
                .findFirst()
                .orElse("");
    }

    /** Names of failures, below lines with a number sign that explain them. */
    private static Map<String, List<String>> known(String adapter) throws IOException {
        Map<String, List<String>> known = new TreeMap<>();
        String reason = "";
        for (String line : Files.readAllLines(SCRIPTS.resolve("known-" + adapter + ".txt"))) {
            if (line.startsWith("#")) {
                reason = line.substring(1).strip();
            } else if (!line.isBlank()) {
                known.computeIfAbsent(reason, each -> new ArrayList<>()).add(line.strip());
            }
        }
        return known;
    }

    /** A running script. */
    private static final class Script implements AutoCloseable {

        private final Process process;
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

        Script(Map<String, String> environment, String... arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of("node"));
            command.addAll(List.of(arguments));
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(SCRIPTS.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(environment);
            process = builder.start();
            Thread reader = new Thread(this::read, "script");
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            try (BufferedReader from =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                from.lines().forEach(lines::add);
            } catch (IOException | RuntimeException ended) {
                // the stream ended with the process
            }
        }

        String line() throws InterruptedException {
            String line = lines.poll(60, TimeUnit.SECONDS);
            assertThat(line).as("the script prints a line within a minute").isNotNull();
            return line;
        }

        int exit() throws InterruptedException {
            assertThat(process.waitFor(10, TimeUnit.MINUTES))
                    .as("the script ends in time")
                    .isTrue();
            return process.exitValue();
        }

        @Override
        public void close() {
            process.destroy();
        }
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(HttpTests.Everybody.class)
    static class Application {

        /** Allows requests of pages from other origins. */
        @Bean
        WebMvcConfigurer crossOrigin() {
            return new WebMvcConfigurer() {
                @Override
                public void addCorsMappings(CorsRegistry registry) {
                    registry.addMapping("/v1/stream/**")
                            .allowedOrigins("*")
                            .allowedMethods("GET", "HEAD", "PUT", "POST", "DELETE")
                            .exposedHeaders("*");
                }
            };
        }
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(HttpTests.Everybody.class)
    static class ReactiveApplication {

        @Bean
        WebFluxConfigurer crossOrigin() {
            return new WebFluxConfigurer() {
                @Override
                public void addCorsMappings(org.springframework.web.reactive.config.CorsRegistry registry) {
                    registry.addMapping("/v1/stream/**")
                            .allowedOrigins("*")
                            .allowedMethods("GET", "HEAD", "PUT", "POST", "DELETE")
                            .exposedHeaders("*");
                }
            };
        }
    }
}
