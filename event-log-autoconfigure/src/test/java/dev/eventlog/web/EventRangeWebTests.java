package dev.eventlog.web;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventPage;
import dev.eventlog.EventRange;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedisConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Ranges of a log as request parameters, in Spring MVC and in WebFlux. */
class EventRangeWebTests extends LogTests {

    private static final HttpClient http = HttpClient.newHttpClient();

    private Client start(WebApplicationType kind, EventLog log, String... properties) {
        ConfigurableApplicationContext application =
                closeLater(TestApplication.startWeb(Application.class, kind, properties));
        return new Client(uri(application, "/logs/" + log.name()));
    }

    /** Requests pages of one log. */
    private record Client(URI log) {

        HttpResponse<String> get(String query) throws Exception {
            HttpRequest request = HttpRequest.newBuilder(URI.create(log + query))
                    .header("Accept", "application/json")
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        }

        JsonNode page(String query) throws Exception {
            HttpResponse<String> response = get(query);
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return JsonMapper.shared().readTree(response.body());
        }

        void assertRefused(String query, String why) throws Exception {
            HttpResponse<String> response = get(query);
            assertThat(response.statusCode()).as(query).isEqualTo(400);
            assertThat(JsonMapper.shared()
                            .readTree(response.body())
                            .path("detail")
                            .asString())
                    .contains(why);
        }
    }

    private static List<Integer> numbers(JsonNode page) {
        return StreamSupport.stream(page.get("events").spliterator(), false)
                .map(event -> Integer.valueOf(event.get("fields").get("n").asString()))
                .toList();
    }

    @ParameterizedTest
    @EnumSource(
            value = WebApplicationType.class,
            names = {"SERVLET", "REACTIVE"})
    void controllerReceivesARange(WebApplicationType kind) throws Exception {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 30));
        Client client = start(kind, log);

        JsonNode newest = client.page("?order=newest&limit=5");
        assertThat(numbers(newest)).containsExactly(29, 28, 27, 26, 25);
        assertThat(newest.get("next").asString()).isEqualTo(ids.get(25).toString());
        assertThat(numbers(client.page("?order=newest&limit=2&before=" + ids.get(25))))
                .containsExactly(24, 23);
        JsonNode end = client.page("?after=" + ids.get(27) + "&limit=2");
        assertThat(numbers(end)).containsExactly(28, 29);
        assertThat(end.get("next").isNull()).isTrue();
        assertThat(numbers(client.page("?after=" + ids.get(1) + "&before=" + ids.get(4))))
                .containsExactly(2, 3);
        assertThat(numbers(client.page(""))).isEqualTo(range(0, 30));
        assertThat(numbers(client.page("?after=5-1&before=5-2"))).isEmpty();
        assertThat(numbers(client.page("?since=2009-01-01T00:00:00Z&limit=1"))).containsExactly(0);
        assertThat(numbers(client.page("?until=2009-01-01T00:00:00Z"))).isEmpty();
        assertThat(numbers(client.page("?since=2009-01-01T00:00:00%2B01:00&before=" + ids.get(1))))
                .containsExactly(0);
    }

    @ParameterizedTest
    @EnumSource(
            value = WebApplicationType.class,
            names = {"SERVLET", "REACTIVE"})
    void invalidRangeIsABadRequestWithAReason(WebApplicationType kind) throws Exception {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        Client client = start(
                kind,
                log,
                "eventlog.web.max-limit=50",
                "spring.mvc.problemdetails.enabled=true",
                "spring.webflux.problemdetails.enabled=true");

        client.assertRefused("?before=yesterday", "Parameter 'before': 'yesterday' is not an event id");
        client.assertRefused("?after=17", "Parameter 'after': '17' is not an event id");
        client.assertRefused("?since=yesterday", "Parameter 'since': 'yesterday' is not a moment");
        client.assertRefused("?until=2026", "Parameter 'until': '2026' is not a moment");
        client.assertRefused("?order=up", "Parameter 'order' must be oldest or newest");
        client.assertRefused("?limit=0", "from 1 to 50, but is '0'");
        client.assertRefused("?limit=51", "from 1 to 50, but is '51'");
        client.assertRefused("?limit=many", "from 1 to 50, but is 'many'");
        client.assertRefused("?limit=99999999999", "from 1 to 50");
        client.assertRefused("?after=5-1&since=2009-01-01T00:00:00Z", "only one can be given");
        client.assertRefused("?after=7-0&before=5-0", "after=7-0 is not below before=5-0");
        client.assertRefused(
                "?since=" + URLEncoder.encode("2019-01-01T00:00:00Z", StandardCharsets.UTF_8) + "&before=5-0",
                "since=2019-01-01T00:00:00Z is not below before=5-0");
        assertThat(numbers(client.page("?limit=50"))).hasSize(3);
        assertThat(numbers(client.page("?limit=&order=&before="))).hasSize(3);
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestRedisConnection.class, Controller.class})
    static class Application {}

    @RestController
    static class Controller {

        private final EventLogFactory logs;

        private final EventLog log;

        Controller(EventLogFactory logs) {
            this.logs = logs;
            this.log = logs.create("test:chat");
        }

        // tag::range[]
        @GetMapping("/chat")
        EventPage<Event> chat(EventRange range) {
            return log.read(range);
        }
        // end::range[]

        @GetMapping("/logs/{log}")
        EventPage<Event> read(@PathVariable String log, EventRange range) {
            return logs.create(log).read(range);
        }
    }
}
