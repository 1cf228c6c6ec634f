package dev.eventlog.docs;

import static dev.eventlog.test.Pages.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import dev.eventlog.autoconfigure.EventLogProperties;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Pages;
import dev.eventlog.test.Pages.Page;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Compares the blocks of the README and the pages in docs, and the commands and links in them, with the project. */
class ReadmeBlocksTests extends ClosingTests {

    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w*)\n(.*?)^```$");
    private static final Pattern REGION = Pattern.compile("(?ms)^ *// tag::([\\w-]+)\\[]\n(.*?)^ *// end::\\1\\[]$");

    /** Options of plugins that are set on the command line and are in no pom. */
    private static final Set<String> OPTIONS_OF_PLUGINS = Set.of(
            "altDeploymentRepository",
            "excludedGroups",
            "eventlog.test.resp2",
            "generateBackupPoms",
            "mdep.includeScope",
            "mdep.outputFile",
            "newVersion",
            "skipTests",
            "spring-boot.run.arguments",
            "surefire.failIfNoSpecifiedTests",
            "test");

    private record Block(Page page, String heading, int line, String language, String code) {}

    @Test
    void javaBlocksAreCodeOfTests() throws IOException {
        Map<String, String> regions = regions();
        Map<String, Block> blocks = new LinkedHashMap<>();
        blocks("java").forEach(block -> blocks.put(normalized(block.code()), block));
        List<String> wrong = new ArrayList<>();
        blocks.forEach((code, block) -> {
            if (!regions.containsKey(code)) {
                wrong.add(("%s:%d (%s): no test has this block as it stands. Put it into a test that runs it, between"
                                + " '// tag::name[]' and '// end::name[]', as in ReadmeCodeTests; or make the one equal:%n%s")
                        .formatted(block.page(), block.line(), block.heading(), block.code()));
            }
        });
        regions.forEach((code, region) -> {
            if (!blocks.containsKey(code)) {
                wrong.add(
                        region + ": no page has a block equal to this one; change one of them, or take the tags away");
            }
        });
        assertThat(wrong).isEmpty();
        assertThat(blocks).isNotEmpty();
    }

    /** The tagged regions of the tests, and their files. */
    private static Map<String, String> regions() throws IOException {
        Map<String, String> regions = new LinkedHashMap<>();
        for (Path file : tests()) {
            Map<String, String> code = new LinkedHashMap<>();
            REGION.matcher(Files.readString(file))
                    .results()
                    .forEach(part -> code.merge(part.group(1), part.group(2), String::concat));
            code.forEach((name, parts) -> regions.put(normalized(parts), file.getFileName() + " " + name));
        }
        return regions;
    }

    /** Removes comments and formatting. */
    private static String normalized(String code) {
        return code.replaceAll("(?m)(^|\\s)//.*$", "")
                .replaceAll("\\s+", " ")
                .replaceAll(" ?([(){}.,;]) ?", "$1")
                .strip();
    }

    @Test
    void everyOtherBlockHasATest() throws IOException {
        assertThat(blocks().filter(block -> !block.language().equals("java"))
                        .map(block -> block.language() + " in " + block.page() + ", " + block.heading()))
                .as(
                        "each has a test here; the rule for Redis is in RefusalTests, what the drawings show in ArchitectureTests,"
                                + " and the tags for Grafana in PrometheusTests")
                .containsExactly(
                        "xml in README.md, Quick start",
                        "yaml in README.md, Quick start",
                        "mermaid in docs/architecture.md, The packages",
                        "mermaid in docs/architecture.md, The path of an event",
                        "yaml in docs/configuration.md, Configuration",
                        " in docs/configuration.md, Permissions",
                        " in docs/interop.md, Other clients",
                        "yaml in docs/observability.md, Grafana",
                        "xml in docs/testing.md, Testing");
    }

    @Test
    void xmlBlocksAreTheDependencies() throws IOException {
        String version = version();
        String dependency =
                "<dependency><groupId>dev.eventlog</groupId><artifactId>%s</artifactId><version>%s</version>%s</dependency>";
        assertThat(block("xml", "Quick start").replaceAll("\\s", ""))
                .isEqualTo(dependency.formatted("event-log-starter", version, ""));
        assertThat(block("xml", "Testing").replaceAll("\\s", ""))
                .isEqualTo(dependency.formatted("event-log-test", version, "<scope>test</scope>"));
        assertThat(pom("event-log-starter")).contains("<artifactId>event-log-starter</artifactId>");
        assertThat(pom("event-log-test")).contains("<artifactId>event-log-test</artifactId>");
        assertThat(Files.readString(ROOT.resolve("CHANGELOG.md")))
                .as("the changelog has an entry for this version")
                .contains("\n## " + version.replace("-SNAPSHOT", ""));
    }

    @Test
    void yamlBlockOfTheQuickStartConfiguresTheApplication() throws IOException {
        ConfigurableApplicationContext application = start(block("yaml", "Quick start"));
        EventLogOptions options = options(application, "any");
        assertThat(options.maxLength()).isEqualTo(1000);
        assertThat(options.ttlAfterLastAdd()).isEqualTo(Duration.ofDays(7));
        assertThat(application.getEnvironment().getProperty("spring.data.redis.url"))
                .isEqualTo("redis://localhost:6379");
    }

    @Test
    void yamlBlockOfTheOverridesConfiguresTheLogs() throws IOException {
        ConfigurableApplicationContext application = start(block("yaml", "Configuration"));
        assertThat(options(application, "any").maxLength()).isEqualTo(1000);
        assertThat(options(application, "sensors:42").maxLength()).isEqualTo(100);
        assertThat(options(application, "sensors:42").ttlAfterLastAdd()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void redisCliAddsEventsAndReadsThem() {
        String key = "test:" + UUID.randomUUID();
        ConfigurableApplicationContext application = closeLater(TestApplication.start());
        StringRedisTemplate redis = new StringRedisTemplate(application.getBean(RedisConnectionFactory.class));
        List<List<?>> answers = new ArrayList<>();
        for (String line : block("", "Other clients").lines().toList()) {
            assertThat(line).startsWith("redis-cli ").contains(" sensors:42 ");
            String[] command = line.replace("redis-cli ", "")
                    .replace("sensors:42", key)
                    .replace("'", "")
                    .split(" ");
            answers.add(redis.execute(
                    RedisScript.of("return {redis.call(unpack(ARGV))}", List.class), List.of(key), (Object[]) command));
        }
        List<Event> events =
                application.getBean(EventLogFactory.class).create(key).read(Tail.all());
        redis.delete(key);
        assertThat(events).hasSize(1).allSatisfy(event -> {
            assertThat(event.fields()).isEqualTo(Map.of("temperature", "19.8", "unit", "°C"));
            assertThat(answers.get(0)).hasToString("[" + event.id() + "]");
            assertThat(answers.get(1)).asString().contains(event.id().toString(), "19.8");
        });
    }

    private static EventLogOptions options(ConfigurableApplicationContext application, String log) {
        return application.getBean(EventLogFactory.class).create(log).options();
    }

    /** Starts an application with these properties, after a check that they exist. */
    private ConfigurableApplicationContext start(String yaml) throws IOException {
        List<PropertySource<?>> sources = new YamlPropertySourceLoader()
                .load("README", new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)));
        ConfigurationPropertyName others = ConfigurationPropertyName.of("eventlog.observability");
        ConfigurationPropertySources.from(sources)
                .forEach(source -> new Binder(source.filter(name -> !others.isAncestorOf(name)))
                        .bind(
                                "eventlog",
                                Bindable.of(EventLogProperties.class),
                                new NoUnboundElementsBindHandler(BindHandler.DEFAULT)));
        Map<String, Object> properties = new LinkedHashMap<>();
        for (PropertySource<?> source : sources) {
            for (String name : ((EnumerablePropertySource<?>) source).getPropertyNames()) {
                properties.put(name, Objects.requireNonNull(source.getProperty(name)));
            }
        }
        Set<String> known = knownProperties();
        assertThat(properties.keySet()).allMatch(name -> known.contains(name.replaceAll("\\[.*", "")));
        return closeLater(TestApplication.start(properties.entrySet().stream()
                .map(property -> property.getKey() + "=" + property.getValue())
                .toArray(String[]::new)));
    }

    /**
     * Checks property names of Spring in the text, such as {@code spring.data.redis.timeout}. Our own properties are in
     * tables with their own tests.
     */
    @Test
    void propertiesOfSpringExist() throws IOException {
        Set<String> named = codes(text())
                .map(code -> code.replaceAll(":.*", ""))
                .filter(code -> code.matches("(spring|management|server)\\.[a-z.-]+"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(named).isNotEmpty();
        assertThat(knownProperties()).containsAll(named);
    }

    private static Set<String> knownProperties() throws IOException {
        Set<String> names = new TreeSet<>();
        String metadata = "META-INF/spring-configuration-metadata.json";
        for (URL url : Collections.list(ReadmeBlocksTests.class.getClassLoader().getResources(metadata))) {
            try (InputStream json = url.openStream()) {
                for (JsonNode property : JsonMapper.shared().readTree(json).path("properties")) {
                    names.add(property.path("name").asString());
                }
            }
        }
        return names;
    }

    @ParameterizedTest
    @MethodSource("dev.eventlog.test.Pages#all")
    void documentedCommandsExist(Page page) throws IOException {
        String text = page.text();
        List<String> commands = Stream.concat(
                        codes(text),
                        BLOCK.matcher(text)
                                .results()
                                .filter(block -> block.group(1).isEmpty())
                                .flatMap(block -> block.group(2).lines()))
                .filter(code -> code.matches("(\\./mvnw|bash|java|cd) .*"))
                .toList();
        if (Set.of("README.md", "CONTRIBUTING.md", "benchmarks/README.md").contains(page.name())) {
            assertThat(commands).isNotEmpty();
        }
        String poms = pom(".") + modules().map(ReadmeBlocksTests::pom).collect(Collectors.joining());
        for (String command : commands) {
            assertRuns(command, poms);
        }
    }

    private static void assertRuns(String command, String poms) throws IOException {
        if (command.startsWith("./mvnw ")) {
            for (String module : found(command, "-pl (\\S+)")) {
                assertThat(modules()).as(command).contains(module);
            }
            for (String profile : found(command, " -P(\\S+)")) {
                assertThat(poms).as(command).contains("<id>" + profile + "</id>");
            }
            for (String prefix : found(command, " ([a-z-]+):[a-z-]+")) {
                assertThat(prefix)
                        .as(command)
                        .matches(plugin -> plugin.equals("versions")
                                || poms.contains("<artifactId>" + plugin + "-maven-plugin</artifactId>")
                                || poms.contains("<artifactId>maven-" + plugin + "-plugin</artifactId>"));
            }
            for (String option : found(command, " -D([\\w.-]+)")) {
                assertThat(option)
                        .as(command)
                        .matches(name -> OPTIONS_OF_PLUGINS.contains(name)
                                || Pattern.compile("[<{!]" + Pattern.quote(name) + "[>}<]")
                                        .matcher(poms)
                                        .find());
            }
            for (String group : found(command, "-DexcludedGroups=(\\w+)")) {
                assertThat(tests()).as(command).anyMatch(file -> read(file).contains("@Tag(\"" + group + "\")"));
            }
            for (String test : found(command, "-Dtest=(\\w+)")) {
                assertThat(testNames()).as(command).contains(test);
            }
        }
        for (String script : found(command, "^bash (\\S+)")) {
            assertThat(ROOT.resolve(script)).as(command).isRegularFile();
        }
        for (String folder : found(command, "^cd (\\S+)")) {
            assertThat(ROOT.resolve(folder)).as(command).isDirectory();
        }
        for (String module : found(command, "^java -jar (\\S+)/target/\\S+\\.jar")) {
            assertThat(command)
                    .contains("-jar " + module + "/target/"
                            + found(pom(module), "<finalName>(.*)</finalName>").get(0) + ".jar");
        }
        for (String type : found(command, "^java .* dev\\.eventlog\\.torture\\.(\\w+)")) {
            assertThat(testNames()).as(command).contains(type);
        }
    }

    @Test
    void namedTestsExist() throws IOException {
        List<String> named =
                codes(text()).filter(code -> code.matches("\\w+(Tests|Run)")).toList();
        assertThat(named).hasSizeGreaterThan(20);
        assertThat(testNames()).containsAll(named);
    }

    @ParameterizedTest
    @MethodSource("dev.eventlog.test.Pages#all")
    void linksWithinTheProjectHaveATarget(Page page) throws IOException {
        for (String link : found(page.text(), "]\\((?!https?:)([^)]+)\\)")) {
            String[] parts = link.split("#", 2);
            Path target = parts[0].isEmpty() ? page.file() : page.file().resolveSibling(parts[0]);
            assertThat(target).as(link).exists();
            if (parts.length == 2) {
                assertThat(found(Files.readString(target), "(?m)^#+ (.*)$").stream()
                                .map(heading -> heading.toLowerCase(Locale.ROOT)
                                        .replaceAll("[^\\w -]", "")
                                        .replace(' ', '-')))
                        .as(link)
                        .contains(parts[1]);
            }
        }
    }

    @Test
    void readmeLinksToEachPage() {
        List<Page> pages = Pages.forUsers();
        assertThat(pages)
                .hasSizeGreaterThan(15)
                .allSatisfy(page -> assertThat(page.text())
                        .as("%s starts with its title", page)
                        .startsWith("# "));
        assertThat(found(pages.get(0).text(), "(?m)^\\| \\[[^]]+]\\((docs/[^)#]+)\\) \\|"))
                .as("rows of the README's table of pages")
                .containsExactlyInAnyOrderElementsOf(
                        pages.subList(1, pages.size()).stream().map(Page::name).toList());
    }

    private static String block(String language, String heading) {
        List<Block> found = blocks(language)
                .filter(block -> block.heading().equals(heading))
                .toList();
        assertThat(found).as(language + " in " + heading).hasSize(1);
        return found.get(0).code();
    }

    private static Stream<Block> blocks(String language) {
        return blocks().filter(block -> block.language().equals(language));
    }

    private static Stream<Block> blocks() {
        return Pages.forUsers().stream().flatMap(ReadmeBlocksTests::blocks);
    }

    private static Stream<Block> blocks(Page page) {
        return BLOCK.matcher(page.text()).results().map(block -> {
            String before = page.text().substring(0, block.start());
            List<String> headings = found(before, "(?m)^#+ (.*)$");
            return new Block(
                    page,
                    headings.get(headings.size() - 1),
                    (int) before.lines().count() + 1,
                    block.group(1),
                    block.group(2));
        });
    }

    /** The texts within backticks. */
    private static Stream<String> codes(String page) {
        return found(BLOCK.matcher(page).replaceAll(""), "`([^`\n]+)`").stream();
    }

    private static List<String> found(String text, String regex) {
        return Pattern.compile(regex)
                .matcher(text)
                .results()
                .map((MatchResult result) -> result.group(1))
                .toList();
    }

    private static String text() {
        return Pages.forUsers().stream().map(Page::text).collect(Collectors.joining("\n"));
    }

    private static String version() throws IOException {
        return found(pom("."), "<artifactId>event-log-parent</artifactId>\\s*<version>(.*)</version>")
                .get(0);
    }

    private static Stream<String> modules() {
        return found(pom("."), "<module>(.*)</module>").stream();
    }

    private static String pom(String module) {
        return read(ROOT.resolve(module).resolve("pom.xml"));
    }

    private static Set<String> testNames() throws IOException {
        return tests().stream()
                .map(file -> file.getFileName().toString().replace(".java", ""))
                .collect(Collectors.toSet());
    }

    private static List<Path> tests() throws IOException {
        List<Path> tests = new ArrayList<>();
        for (String module : modules().toList()) {
            Path folder = ROOT.resolve(module).resolve("src/test/java");
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (Stream<Path> files = Files.walk(folder)) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(tests::add);
            }
        }
        return tests;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
