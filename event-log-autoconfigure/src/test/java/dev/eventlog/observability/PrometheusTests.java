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
import dev.eventlog.test.TestRedisConnection;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
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

/** What Prometheus gets to see. */
class PrometheusTests {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

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
            .withUserConfiguration(TestRedisConnection.class);

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
    void noNameHasAWordTwiceAndEachHasAHelpText() {
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
                    .contains("eventlog_events_added_total", "eventlog_followers_active", "eventlog_batch_seconds")
                    .allSatisfy(name -> assertThat(name.split("_")).doesNotHaveDuplicates());
        });
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
    void metersOfAnAddAndOfACallbackHaveItsTrace() {
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

    /** {@return the names of what is scraped with an exemplar} */
    private static List<String> withTrace(PrometheusMeterRegistry registry) {
        return registry.scrape("application/openmetrics-text; version=1.0.0; charset=utf-8")
                .lines()
                .filter(line -> line.contains("trace_id=\"" + TRACE + "\""))
                .map(line -> line.replaceAll("\\{.*", ""))
                .toList();
    }
}
