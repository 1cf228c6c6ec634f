package dev.eventlog.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.AddOptions;
import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventPage;
import dev.eventlog.EventRange;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnexpectedLastIdException;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.Pages;
import dev.eventlog.test.SocketClient;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedisConnection;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.data.domain.Range;
import org.springframework.data.domain.Range.Bound;
import org.springframework.data.redis.connection.Limit;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.StreamInfo;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StreamOperations;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.handler.ConcurrentWebSocketSessionDecorator;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import tools.jackson.databind.json.JsonMapper;

/**
 * Does the tasks of the page about less code by hand, and checks that the results are those of the library. The last test
 * compares the table of that page with the lines of this code, between {@code before::name[]} or {@code now::name[]}
 * and {@code end::name[]}, and with the examples of the documentation.
 */
class LessCodeTests extends LogTests {

    /** The files with the code of a row, in the order of the table, each with the name of its region. */
    private static final List<List<String>> ROWS = List.of(
            List.of("docs/LessCodeTests before::pages", "behaviour/EventRangeTests tag::pages"),
            List.of("docs/LessCodeTests before::http", "web/EventRangeWebTests tag::range"),
            List.of("docs/LessCodeTests before::fold", "behaviour/FoldTests tag::fold"),
            List.of("docs/LessCodeTests before::update", "behaviour/FoldTests tag::update"),
            List.of("docs/LessCodeTests before::unreadable", "docs/LessCodeTests now::unreadable"),
            List.of("docs/LessCodeTests before::max-age", "docs/LessCodeTests now::max-age"),
            List.of("docs/LessCodeTests before::websocket", "docs/ReadmeCodeTests tag::websocket"),
            List.of("testing/InsteadOfMocksTests before::test-add", "testing/InsteadOfMocksTests now::test-add"),
            List.of("testing/InsteadOfMocksTests before::test-follow", "testing/InsteadOfMocksTests now::test-follow"));

    record Booking(int amount) {}

    @Test
    void tableHasTheLinesOfThisCode() throws IOException {
        List<String> expected = new ArrayList<>();
        for (List<String> row : ROWS) {
            expected.add(lines(row.get(0)) + " | " + lines(row.get(1)));
        }
        assertThat(Pages.table("| task | lines before | lines now |"))
                .extracting(row -> row.replaceAll("^\\| \\[.*]\\(.*\\).* \\| (\\d+ \\| \\d+) \\|$", "$1"))
                .isEqualTo(expected);
    }

    /** Counts the lines of a region that are neither empty nor a comment. */
    private static long lines(String code) throws IOException {
        String[] parts = code.split("[ /]|::");
        Path file = Pages.ROOT.resolve((parts[0].equals("testing") ? "event-log-test" : "event-log-autoconfigure")
                + "/src/test/java/dev/eventlog/" + parts[0] + "/" + parts[1] + ".java");
        String region = "(?ms)^ *// %s::%s\\[]\n(.*?)^ *// end::%s\\[]$".formatted(parts[2], parts[3], parts[3]);
        List<String> found = Pattern.compile(region)
                .matcher(Files.readString(file))
                .results()
                .map((MatchResult part) -> part.group(1))
                .toList();
        assertThat(found).as(code).isNotEmpty();
        return String.join("", found)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("//"))
                .count();
    }

    @Test
    void pagesByHandHaveTheSameEvents() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 50));
        String chat = log.name();
        // before::pages[]
        StreamOperations<String, String, String> streams = redis.opsForStream();
        List<MapRecord<String, String, String>> newest =
                streams.reverseRange(chat, Range.unbounded(), Limit.limit().count(20));
        String last = newest.get(newest.size() - 1).getId().getValue();
        List<MapRecord<String, String, String>> rest = streams.reverseRange(
                chat, Range.leftUnbounded(Bound.exclusive(last)), Limit.limit().count(21));
        List<MapRecord<String, String, String>> older = rest.subList(0, Math.min(20, rest.size()));
        boolean more = rest.size() > older.size();
        // end::pages[]
        EventRange range = EventRange.all().newestFirst().limit(20);
        EventPage<Event> page = log.read(range.next(log.read(range)).orElseThrow());
        assertThat(older)
                .extracting(record -> EventId.parse(record.getId().getValue()))
                .isEqualTo(ids(page.events()))
                .startsWith(ids.get(29));
        assertThat(more).isEqualTo(page.hasMore());
    }

    /** Serves only what a page of a chat needs: newest first, before an id. */
    private static final class ChatByHand {

        private final StringRedisTemplate redis;
        private final String chat;

        ChatByHand(StringRedisTemplate redis, String chat) {
            this.redis = redis;
            this.chat = chat;
        }

        // before::http[]
        @GetMapping("/chat")
        Map<String, Object> chat(
                @RequestParam(required = false) @Nullable EventId before,
                @RequestParam(defaultValue = "100") int limit) {
            if (limit < 1 || limit > 1000) {
                throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "limit must be between 1 and 1000");
            }
            Range<String> range =
                    before == null ? Range.unbounded() : Range.leftUnbounded(Bound.exclusive(before.toString()));
            List<MapRecord<String, String, String>> found = redis.<String, String>opsForStream()
                    .reverseRange(chat, range, Limit.limit().count(limit + 1));
            List<Event> events = found.stream()
                    .limit(limit)
                    .map(record -> new Event(EventId.parse(record.getId().getValue()), record.getValue()))
                    .toList();
            return found.size() <= limit
                    ? Map.of("events", events)
                    : Map.of("events", events, "next", events.get(limit - 1).id());
        }
        // end::http[]
    }

    @Test
    void httpPageByHandHasTheSameEvents() {
        EventLog log = newLog();
        log.addAll(events(0, 50));
        EventPage<Event> newest = log.read(EventRange.all().newestFirst().limit(20));
        EventId next = Objects.requireNonNull(newest.next());
        ChatByHand chat = new ChatByHand(redis, log.name());
        assertThat(chat.chat(null, 20)).isEqualTo(Map.of("events", newest.events(), "next", next));
        assertThat(chat.chat(next, 30))
                .isEqualTo(Map.of(
                        "events",
                        log.read(EventRange.before(next).newestFirst()).events()));
    }

    private TypedEventLog<Booking> account() {
        TypedEventLog<Booking> account = factory.create(newName(), Booking.class);
        account.addAll(List.of(new Booking(50), new Booking(-10)));
        return account;
    }

    @Test
    void foldByHandHasTheSameBalance() {
        TypedEventLog<Booking> account = account();
        // before::fold[]
        StreamOperations<String, String, String> streams = redis.opsForStream();
        int balance = 0;
        Range<String> rest = Range.unbounded();
        while (true) {
            List<MapRecord<String, String, String>> page =
                    streams.range(account.name(), rest, Limit.limit().count(1000));
            if (page.isEmpty()) {
                break;
            }
            for (MapRecord<String, String, String> record : page) {
                balance += Integer.parseInt(record.getValue().get("amount"));
            }
            rest = Range.rightUnbounded(
                    Bound.exclusive(page.get(page.size() - 1).getId().getValue()));
        }
        StreamInfo.XInfoStream info = streams.info(account.name());
        if (info.getRaw().get("entries-added") instanceof Long added && added > info.streamLength()) {
            throw new IllegalStateException("The first bookings are gone");
        }
        // end::fold[]
        assertThat(balance)
                .isEqualTo(account.fold(0, (sum, event) -> sum + event.value().amount())
                        .state());
    }

    // before::update[]
    private static List<EventId> pay(TypedEventLog<Booking> account) {
        for (int attempt = 1; attempt <= 10; attempt++) {
            List<TypedEvent<Booking>> all = account.read(Tail.all());
            int balance = all.stream().mapToInt(event -> event.value().amount()).sum();
            if (balance < 30) {
                return List.of();
            }
            EventId last = all.get(all.size() - 1).id();
            try {
                return List.of(account.add(new Booking(-30), AddOptions.ifLast(last)));
            } catch (UnexpectedLastIdException ex) {
                // somebody else was faster: look again
            }
        }
        throw new IllegalStateException("There were ten other bookings in the meantime");
    }
    // end::update[]

    @Test
    void updateByHandAddsTheSame() {
        TypedEventLog<Booking> account = account();
        assertThat(pay(account)).hasSize(1);
        assertThat(pay(account)).isEmpty();
        assertThat(account.fold(0, (sum, event) -> sum + event.value().amount()).state())
                .isEqualTo(10);
    }

    @Test
    void unreadableEventsByHandAreTheSame() {
        String name = newName();
        TypedEventLog<Booking> account = factory.create(name, Booking.class);
        account.untyped().add(Map.of("amount", "much"));
        account.add(new Booking(50));
        for (boolean byHand : new boolean[] {true, false}) {
            List<Booking> taken = new CopyOnWriteArrayList<>();
            List<Event> unreadable = new CopyOnWriteArrayList<>();
            closeLater(byHand ? followByHand(account, taken, unreadable) : follow(factory, name, taken, unreadable));
            await().until(() -> taken.equals(List.of(new Booking(50))));
            assertThat(unreadable).extracting(Event::fields).containsExactly(Map.of("amount", "much"));
        }
    }

    private static Follower followByHand(TypedEventLog<Booking> account, List<Booking> taken, List<Event> unreadable) {
        // before::unreadable[]
        return account.untyped().follow(Tail.all(), batch -> {
            for (Event stored : batch) {
                TypedEvent<Booking> event;
                try {
                    event = account.typed(stored);
                } catch (EventConversionException failure) {
                    unreadable.add(stored);
                    continue;
                }
                taken.add(event.value());
            }
        });
        // end::unreadable[]
    }

    private static Follower follow(
            EventLogFactory eventLogs, String name, List<Booking> taken, List<Event> unreadable) {
        // now::unreadable[]
        return eventLogs
                .create(
                        name,
                        Booking.class,
                        options -> options.unreadableEvents((stored, failure) -> unreadable.add(stored)))
                .follow(Tail.all(), batch -> batch.forEach(event -> taken.add(event.value())));
        // end::unreadable[]
    }

    @Test
    void maxAgeByHandLeavesOutTheSame() {
        EventLog log = newLog();
        addWithId(log, "1000-0");
        // before::max-age[]
        Instant oldest = Instant.now().minus(Duration.ofDays(7));
        log.add(event(2));
        byte[][] trim = {bytes(log.name()), bytes("MINID"), bytes("~"), bytes(oldest.toEpochMilli() + "-0")};
        redis.execute((RedisCallback<@Nullable Object>) connection -> connection.execute("XTRIM", trim));
        List<Event> read = log.read(Tail.all()).stream()
                .filter(event -> !event.timestamp().isBefore(oldest))
                .toList();
        // end::max-age[]
        // now::max-age[]
        EventLog readings = factory.create(log.name(), options -> options.maxAge(Duration.ofDays(7)));
        // end::max-age[]
        assertThat(numbers(read)).containsExactly(2);
        assertThat(readings.read(Tail.all())).isEqualTo(read);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableWebSocket
    @Import({TestRedisConnection.class, SocketsByHand.class})
    static class SocketWeb {}

    /** Knows nothing of gaps, interruptions, completion, heartbeats, and access. */
    static class SocketsByHand implements WebSocketConfigurer {

        private final EventLog log;
        private final JsonMapper json;

        SocketsByHand(EventLogFactory eventLogs, JsonMapper json) {
            this.log = eventLogs.create("log");
            this.json = json;
        }

        // before::websocket[]
        private final Map<String, Follower> followers = new ConcurrentHashMap<>();

        @Override
        public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
            registry.addHandler(new Readings(), "/live/readings");
        }

        private final class Readings extends TextWebSocketHandler {

            @Override
            public void afterConnectionEstablished(WebSocketSession session) {
                WebSocketSession safe = new ConcurrentWebSocketSessionDecorator(session, 30_000, 1_000_000);
                String query = Objects.requireNonNull(session.getUri()).getQuery();
                Tail tail =
                        query == null ? Tail.last(50) : Tail.after(EventId.parse(query.replace("lastEventId=", "")));
                followers.put(session.getId(), log.follow(tail, batch -> {
                    for (Event event : batch) {
                        Map<String, Object> message = Map.of("type", "event", "id", event.id(), "data", event.fields());
                        safe.sendMessage(new TextMessage(json.writeValueAsString(message)));
                    }
                }));
            }

            @Override
            public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
                Objects.requireNonNull(followers.remove(session.getId())).close();
            }
        }
        // end::websocket[]
    }

    @Test
    void webSocketByHandSendsTheSameEvents() throws Exception {
        String prefix = newName() + ':';
        deleteLater(prefix + "log");
        ConfigurableApplicationContext application = closeLater(
                TestApplication.startWeb(SocketWeb.class, WebApplicationType.SERVLET, "eventlog.key-prefix=" + prefix));
        List<EventId> ids = TestApplication.factory(application).create("log").addAll(events(0, 60));
        URI uri = TestApplication.uri(application, "/live/readings");
        SocketClient fresh = closeLater(SocketClient.open(uri));
        assertThat(fresh.next("event").get("id").asString())
                .isEqualTo(ids.get(10).toString());
        SocketClient back = closeLater(SocketClient.open(URI.create(uri + "?lastEventId=" + ids.get(58))));
        assertThat(back.next("event").get("data")).hasToString("{\"n\":\"59\"}");
    }
}
