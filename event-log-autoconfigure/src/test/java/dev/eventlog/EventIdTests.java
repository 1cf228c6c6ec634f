package dev.eventlog;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedisConnection;
import java.net.HttpURLConnection;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * An id has the same form as in Redis everywhere: in JSON, in Spring's conversion, on the web, and in stored events.
 */
class EventIdTests extends LogTests {

    private static final HttpClient http = HttpClient.newHttpClient();

    private static final EventId ID = new EventId(1526919030474L, 55);

    private final JsonMapper json = JsonMapper.shared();

    record Answered(EventId question, Optional<EventId> earlier, Map<EventId, String> answers) {}

    @ParameterizedTest
    @ValueSource(strings = {"0-0", "5-1", "18446744073709551615-18446744073709551615"})
    void idIsWrittenAsTextInJson(String text) {
        EventId id = EventId.parse(text);

        assertThat(json.writeValueAsString(id)).isEqualTo('"' + text + '"');
        assertThat(json.readValue('"' + text + '"', EventId.class)).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"yesterday\"", "\"\"", "17", "{}", "{\"milliseconds\":5,\"sequence\":1}"})
    void otherJsonValuesAreRefusedAsIds(String text) {
        assertThatExceptionOfType(JacksonException.class).isThrownBy(() -> json.readValue(text, EventId.class));
    }

    @Test
    void idIsWrittenAsTextInsideOtherValuesAndAsAMapKey() {
        assertComesBack(
                new Gap("orders", Gap.Kind.REMOVED, EventId.MIN, ID, OptionalLong.of(3)),
                "{\"log\":\"orders\",\"kind\":\"REMOVED\",\"lastSeen\":\"0-0\",\"firstAvailable\":\"1526919030474-55\",\"missed\":3}",
                new TypeReference<>() {});
        assertComesBack(
                new Event(ID, Map.of("n", "1")),
                "{\"id\":\"1526919030474-55\",\"fields\":{\"n\":\"1\"}}",
                new TypeReference<>() {});
        assertComesBack(
                new TypedEvent<>(ID, "value"),
                "{\"id\":\"1526919030474-55\",\"value\":\"value\"}",
                new TypeReference<>() {});
        assertComesBack(
                Map.of(ID, EventId.MIN),
                "{\"1526919030474-55\":\"0-0\"}",
                new TypeReference<Map<EventId, EventId>>() {});
    }

    private <T> void assertComesBack(T value, String text, TypeReference<T> type) {
        assertThat(json.readTree(json.writeValueAsString(value))).isEqualTo(json.readTree(text));
        assertThat(json.readValue(text, type)).isEqualTo(value);
    }

    @Test
    void idIsStoredAsTextInEvents() {
        TypedEventLog<Answered> log = factory.create(newName(), Answered.class);
        Answered answered = new Answered(ID, Optional.of(EventId.MAX), Map.of(ID, "yes"));

        log.add(answered);
        log.untyped().add(Map.of("question", ID, "earlier", EventId.MAX, "answers", Map.of(ID, "yes")));

        assertThat(log.read(Tail.all())).extracting(TypedEvent::value).containsExactly(answered, answered);
        assertThat(log.untyped().read(Tail.all()))
                .extracting(Event::fields)
                .containsOnly(Map.of(
                        "question",
                        ID.toString(),
                        "earlier",
                        EventId.MAX.toString(),
                        "answers",
                        "{\"" + ID + "\":\"yes\"}"));
    }

    @Test
    void springConvertsBetweenIdsAndTexts() {
        ConversionService conversion = DefaultConversionService.getSharedInstance();

        assertThat(conversion.convert("1526919030474-55", EventId.class)).isEqualTo(ID);
        assertThat(conversion.convert(ID, String.class)).isEqualTo("1526919030474-55");
        assertThat(conversion.convert("5-1,5-2", EventId[].class))
                .containsExactly(new EventId(5, 1), new EventId(5, 2));
    }

    record Settings(EventId begin) {}

    @Test
    void idIsBoundFromAProperty() {
        Binder binder = new Binder(new MapConfigurationPropertySource(Map.of("app.begin", ID.toString())));

        assertThat(binder.bind("app", Settings.class).get().begin()).isEqualTo(ID);
    }

    @ParameterizedTest
    @EnumSource(
            value = WebApplicationType.class,
            names = {"SERVLET", "REACTIVE"})
    void controllerAcceptsAndReturnsIds(WebApplicationType kind) throws Exception {
        ConfigurableApplicationContext application = closeLater(TestApplication.startWeb(Application.class, kind));

        assertThat(get(application, "/parameter?id=" + ID).body()).isEqualTo(quoted(ID));
        assertThat(get(application, "/path/" + ID).body()).isEqualTo(quoted(ID));
        assertThat(get(application, "/header", "Last-Event-ID", ID.toString()).body())
                .isEqualTo(quoted(ID));
        assertThat(post(application, quoted(ID)).body()).isEqualTo(quoted(ID));
        List<HttpResponse<String>> malformed = List.of(
                get(application, "/parameter?id=yesterday"),
                get(application, "/path/yesterday"),
                get(application, "/header", "Last-Event-ID", "yesterday"),
                post(application, "\"yesterday\""));
        for (HttpResponse<String> refused : malformed) {
            assertThat(refused.statusCode()).isEqualTo(HttpURLConnection.HTTP_BAD_REQUEST);
        }
    }

    @Test
    void idIsConvertedInANativeImage() {
        RuntimeHints hints = new RuntimeHints();
        SpringFactoriesLoader.forResourceLocation("META-INF/spring/aot.factories")
                .load(RuntimeHintsRegistrar.class)
                .forEach(registrar -> registrar.registerHints(hints, getClass().getClassLoader()));

        assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(EventId.class, "valueOf"))
                .accepts(hints);
    }

    private static String quoted(EventId id) {
        return "\"" + id + '"';
    }

    private static HttpResponse<String> get(ConfigurableApplicationContext application, String path, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(application, path));
        return send(headers.length == 0 ? request : request.headers(headers));
    }

    private static HttpResponse<String> post(ConfigurableApplicationContext application, String body) throws Exception {
        return send(HttpRequest.newBuilder(uri(application, "/body"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return http.send(request.header("Accept", "application/json").build(), HttpResponse.BodyHandlers.ofString());
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({TestRedisConnection.class, Controller.class})
    static class Application {}

    @RestController
    static class Controller {

        @GetMapping("/parameter")
        EventId parameter(@RequestParam EventId id) {
            return id;
        }

        @GetMapping("/path/{id}")
        EventId path(@PathVariable EventId id) {
            return id;
        }

        @GetMapping("/header")
        EventId header(@RequestHeader("Last-Event-ID") EventId id) {
            return id;
        }

        @PostMapping("/body")
        EventId body(@RequestBody EventId id) {
            return id;
        }
    }
}
