package dev.eventlog.observability;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.events;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogSseAutoConfiguration;
import dev.eventlog.test.Collected;
import dev.eventlog.test.Pages;
import dev.eventlog.test.TestRedisConnection;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusMetricsExportAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.core.io.ByteArrayResource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The meters in Prometheus, and the queries of the dashboard. */
class PrometheusTests {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    private static final Pattern SAMPLE = Pattern.compile("(?m)^(eventlog_[a-z_]+)(?:\\{(.*)\\})? \\S+$");

    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=~?\"[^\"]*\"");

    private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    ServiceConnectionAutoConfiguration.class,
                    MetricsAutoConfiguration.class,
                    CompositeMeterRegistryAutoConfiguration.class,
                    PrometheusMetricsExportAutoConfiguration.class,
                    ObservationAutoConfiguration.class,
                    EventLogAutoConfiguration.class,
                    EventLogSseAutoConfiguration.class,
                    EventLogMetricsAutoConfiguration.class,
                    EventLogObservationAutoConfiguration.class))
            .withUserConfiguration(TestRedisConnection.class)
            .withPropertyValues(recommended());

    /** {@return the properties that the documentation of the dashboard recommends} */
    private static String[] recommended() {
        String page = Pages.forUsers().stream()
                .filter(any -> any.name().equals("docs/observability.md"))
                .map(Pages.Page::text)
                .findFirst()
                .orElseThrow();
        Matcher yaml = Pattern.compile("(?s)```yaml\n(.*?)```").matcher(page);
        assertThat(yaml.find()).isTrue();
        YamlPropertiesFactoryBean properties = new YamlPropertiesFactoryBean();
        properties.setResources(new ByteArrayResource(yaml.group(1).getBytes(StandardCharsets.UTF_8)));
        return Stream.concat(
                        Stream.of("spring.application.name=prometheus"),
                        Objects.requireNonNull(properties.getObject()).entrySet().stream()
                                .map(String::valueOf))
                .toArray(String[]::new);
    }

    /** Runs an application that has added and delivered events. */
    private void used(WebApplicationContextRunner application, Consumer<PrometheusMeterRegistry> test) {
        application.run(context -> {
            EventLog log = log(context);
            log.addAll(events(0, 3));
            Collected<Event> listener = Collected.events();
            try (Follower follower = log.follow(Tail.all(), listener)) {
                await().until(() -> listener.caughtUp() == 1);
                assertThat(follower.isRunning()).isTrue();
            }
            test.accept(context.getBean(PrometheusMeterRegistry.class));
        });
    }

    private static EventLog log(ApplicationContext context) {
        return context.getBean(EventLogFactory.class)
                .create(
                        "test:prometheus:" + UUID.randomUUID(),
                        options -> options.ttlAfterLastAdd(Duration.ofMinutes(1)));
    }

    @Test
    void meterNamesRepeatNoWordAndHaveAHelpText() {
        used(runner, registry -> {
            List<String> helped = Pattern.compile("(?m)^# HELP (eventlog_\\S+) (.*)$")
                    .matcher(registry.scrape())
                    .results()
                    .map(line -> {
                        assertThat(line.group(2)).as(line.group(1)).isNotBlank();
                        return line.group(1);
                    })
                    .toList();
            assertThat(helped)
                    .contains("eventlog_events_added_total", "eventlog_followers_active", "eventlog_add_seconds")
                    .allSatisfy(name -> assertThat(name.split("_")).doesNotHaveDuplicates());
        });
    }

    @Test
    void callbackHasOneTimer() {
        used(
                runner,
                registry -> assertThat(registry.scrape())
                        .contains("eventlog_callback_seconds_count", "eventlog_batch_active_seconds_count")
                        .doesNotContain("eventlog_batch_seconds"));
        used(
                runner.withPropertyValues("eventlog.observability.metrics.enabled=false"),
                registry -> assertThat(registry.scrape())
                        .contains("eventlog_batch_seconds_count")
                        .doesNotContain("eventlog_callback_seconds"));
    }

    /** A span is current exactly while an observation has its scope open. */
    private record ObservedSpan(ObservationRegistry observations) implements SpanContext {

        @Override
        public @Nullable String getCurrentTraceId() {
            return isCurrentSpanSampled() ? TRACE : null;
        }

        @Override
        public @Nullable String getCurrentSpanId() {
            return isCurrentSpanSampled() ? "b7ad6b7169203331" : null;
        }

        @Override
        public boolean isCurrentSpanSampled() {
            return observations.getCurrentObservation() != null;
        }

        @Override
        public void markCurrentSpanAsExemplar() {}
    }

    @Test
    void metersOfAddsAndCallbacksHaveTheTraceAsExemplar() {
        ObservationRegistry observations = ObservationRegistry.create();
        WebApplicationContextRunner traced = runner.withBean(ObservationRegistry.class, () -> observations)
                .withBean(SpanContext.class, () -> new ObservedSpan(observations));
        for (boolean histogram : new boolean[] {true, false}) {
            used(
                    traced.withPropertyValues(
                            "management.metrics.distribution.percentiles-histogram.eventlog.callback=" + histogram),
                    registry -> assertThat(withTrace(registry))
                            .contains(
                                    "eventlog_callback_seconds_" + (histogram ? "bucket" : "count"),
                                    "eventlog_batch_size_events_count",
                                    "eventlog_events_added_total",
                                    "eventlog_events_delivered_total"));
        }
    }

    /** {@return the names of meters with an exemplar} */
    private static List<String> withTrace(PrometheusMeterRegistry registry) {
        return registry.scrape("application/openmetrics-text; version=1.0.0; charset=utf-8")
                .lines()
                .filter(line -> line.contains("trace_id=\"" + TRACE + "\""))
                .map(line -> line.replaceAll("\\{.*", ""))
                .toList();
    }

    @Test
    void dashboardQueriesOnlyExistingMeters() throws IOException {
        JsonNode dashboard = JsonMapper.shared()
                .readTree(Files.readString(Pages.ROOT.resolve("docs").resolve("grafana-dashboard.json")));
        List<String> queries = new ArrayList<>(dashboard.findValuesAsString("expr"));
        assertThat(queries).hasSizeGreaterThan(10);
        assertThat(variables(dashboard)).containsExactlyInAnyOrder("datasource", "application", "log");
        for (JsonNode variable : dashboard.path("templating").path("list")) {
            queries.add(variable.path("query").path("query").asString(""));
        }
        assertThat(Pattern.compile("\\$\\{?([a-z]+)")
                        .matcher(dashboard.toString())
                        .results())
                .extracting((MatchResult use) -> use.group(1))
                .containsAll(variables(dashboard))
                .isSubsetOf(variables(dashboard));
        used(runner, registry -> {
            Map<String, Set<String>> labels = labels(registry.scrape());
            queries.forEach(query -> assertReadsExistingMeters(query, labels));
        });
    }

    private static List<String> variables(JsonNode dashboard) {
        return dashboard.path("templating").path("list").findValuesAsString("name");
    }

    private static void assertReadsExistingMeters(String query, Map<String, Set<String>> labels) {
        Set<String> common = new TreeSet<>();
        Pattern.compile("(eventlog_[a-z_]+)(?:\\{(.*?)\\})?")
                .matcher(query)
                .results()
                .forEach(metric -> {
                    assertThat(labels).as(query).containsKey(metric.group(1));
                    Set<String> known = labels.getOrDefault(metric.group(1), Set.of());
                    common.addAll(known);
                    LABEL.matcher(metric.group(2) == null ? "" : metric.group(2))
                            .results()
                            .map(label -> label.group(1))
                            .forEach(label -> assertThat(known).as(query).contains(label));
                });
        Pattern.compile("by \\((.*?)\\)")
                .matcher(query)
                .results()
                .flatMap(by -> Stream.of(by.group(1).split(", ")))
                .forEach(label -> assertThat(common).as(query).contains(label));
    }

    /** The labels of each meter. */
    private static Map<String, Set<String>> labels(String scraped) {
        Map<String, Set<String>> labels = new TreeMap<>();
        SAMPLE.matcher(scraped).results().forEach(sample -> {
            Set<String> known = labels.computeIfAbsent(sample.group(1), any -> new TreeSet<>());
            if (sample.group(2) != null) {
                LABEL.matcher(sample.group(2)).results().forEach(label -> known.add(label.group(1)));
            }
        });
        assertThat(labels).containsKeys("eventlog_callback_seconds_bucket", "eventlog_web_streams");
        return labels;
    }
}
