package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.Line;
import dev.eventlog.redis.LogStream;
import dev.eventlog.test.LogTests;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.RecordId;

/** Logs that start together start where each of them would start alone. */
class StartPointTests extends LogTests {

    private static final EventLogOptions OPTIONS = EventLogOptions.builder().build();

    private Connections connections;

    @BeforeEach
    void connect() {
        connections = closeLater(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofSeconds(1)));
    }

    static List<Tail> tails() {
        return List.of(
                Tail.newOnly(),
                Tail.all(),
                Tail.last(2),
                Tail.since(Instant.now().minusSeconds(3600)),
                Tail.since(Instant.now().plusSeconds(3600)),
                Tail.after(EventId.MIN),
                Tail.after(EventId.MAX),
                Tail.after(EventId.parse("5-1")));
    }

    @ParameterizedTest
    @MethodSource("tails")
    void logsThatStartTogetherStartAsIfAlone(Tail tail) {
        Map<LogStream, TailRange> tails = new LinkedHashMap<>();
        for (LogStream stream : streams()) {
            tails.put(stream, TailRange.of(tail, OPTIONS));
        }
        beginTogetherAsAlone(tails, tails.size());
    }

    @Test
    void startAfterTheLastEventIsTheSameTogetherAndAlone() {
        Map<LogStream, TailRange> last = new LinkedHashMap<>();
        Map<LogStream, TailRange> first = new LinkedHashMap<>();
        Map<LogStream, TailRange> from = new LinkedHashMap<>();
        for (LogStream stream : streams()) {
            EventId id = stream.state().lastId();
            last.put(stream, TailRange.of(Tail.after(id), OPTIONS));
            from.put(stream, TailRange.of(Tail.from(id), OPTIONS));
            EventId oldest = stream.state().firstId();
            first.put(stream, TailRange.of(Tail.after(oldest == null ? id : oldest), OPTIONS));
        }
        beginTogetherAsAlone(last, last.size());
        beginTogetherAsAlone(from, last.size());
        beginTogetherAsAlone(first, last.size());
    }

    @Test
    void keyOfAnotherTypeFailsOnItsOwn() {
        LogStream good = stream(log(1));
        String name = newName();
        redis.opsForValue().set(name, "text");
        LogStream bad = stream(factory.create(name));
        TailRange tail = TailRange.of(Tail.newOnly(), OPTIONS);
        Map<LogStream, TailRange> tails = new LinkedHashMap<>();
        tails.put(good, tail);
        tails.put(bad, tail);
        beginTogetherAsAlone(Map.of(good, tail), 1);
        assertThat(StartPoint.findAll(tails, 1)).containsOnlyKeys(good);
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> StartPoint.find(bad, tail, null, 1))
                .matches(LogStream::isAnotherType);
    }

    /** A log that fits into the first page needs a smaller question, so the test covers both kinds of questions. */
    private static void beginTogetherAsAlone(Map<LogStream, TailRange> tails, int count) {
        for (int page : new int[] {2, 4, 10}) {
            Map<LogStream, StartPoint> together = StartPoint.findAll(tails, page);
            assertThat(together).hasSize(count);
            tails.forEach((stream, tail) -> assertThat(together.get(stream))
                    .as(stream.log() + " with pages of " + page)
                    .isEqualTo(StartPoint.find(stream, tail, null, page)));
        }
    }

    @Test
    void shortLogThatGrowsBetweenTheQuestionsBeginsAsItWas() {
        EventLog log = log(3);
        StartPoint before = StartPoint.find(stream(log), TailRange.of(Tail.all(), OPTIONS), null, 10);
        assertThat(foundIfItChanges(log, () -> log.add(event(3)))).isEqualTo(before);
    }

    @Test
    void shortLogThatIsTrimmedBetweenTheQuestionsMustBeAskedAgain() {
        EventLog log = log(3);
        assertThat(foundIfItChanges(log, () -> redis.opsForStream().trim(log.name(), 2)))
                .isNull();
    }

    @Test
    void shortLogThatBeginsAgainBetweenTheQuestionsMustBeAskedAgain() {
        EventLog log = log(3);
        EventId last = log.lastId().orElseThrow();
        assertThat(foundIfItChanges(log, () -> {
                    redis.delete(log.name());
                    redis.opsForStream()
                            .add(MapRecord.create(log.name(), Map.of("n", "0")).withId(RecordId.of("1-1")));
                    redis.opsForStream()
                            .add(MapRecord.create(log.name(), Map.of("n", "1")).withId(RecordId.of("1-2")));
                    redis.opsForStream()
                            .add(MapRecord.create(log.name(), Map.of("n", "other"))
                                    .withId(RecordId.of(last.toString())));
                }))
                .isNull();
    }

    /** {@return the start of a log that changes after the first question; null if it must be asked again} */
    private @Nullable StartPoint foundIfItChanges(EventLog log, Runnable change) {
        AtomicReference<@Nullable Runnable> next = new AtomicReference<>(change);
        Line line = commands -> {
            List<@Nullable Object> replies = connections.line().send(commands);
            Runnable now = next.getAndSet(null);
            if (now != null) {
                now.run();
            }
            return replies;
        };
        Connections changing = (Connections) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Connections.class},
                (proxy, method, arguments) ->
                        method.getName().equals("line") ? line : method.invoke(connections, arguments));
        LogStream first = new LogStream(newName(), newName(), changing, 10, OPTIONS);
        LogStream stream = new LogStream(log.name(), log.name(), changing, 10, OPTIONS);
        Map<LogStream, TailRange> tails = new LinkedHashMap<>();
        tails.put(first, TailRange.of(Tail.all(), OPTIONS));
        tails.put(stream, TailRange.of(Tail.all(), OPTIONS));
        return StartPoint.findAll(tails, 10).get(stream);
    }

    private List<LogStream> streams() {
        List<EventLog> logs = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            logs.add(log(i));
        }
        EventLog trimmed = log(4);
        redis.opsForStream().trim(trimmed.name(), 2);
        EventLog emptied = log(4);
        redis.opsForStream().trim(emptied.name(), 0);
        EventLog withoutLast = log(4);
        redis.opsForStream()
                .delete(withoutLast.name(), withoutLast.lastId().orElseThrow().toString());
        EventLog complete = log(4);
        complete.complete();
        EventLog completeFromTheStart = newLog();
        completeFromTheStart.complete();
        EventLog endDeleted = log(4);
        endDeleted.complete();
        redis.opsForStream().delete(endDeleted.name(), EventId.MAX.toString());
        EventLog grouped = log(4);
        redis.opsForStream().createGroup(grouped.name(), ReadOffset.from("0"), "group");
        EventLog firstLarge = newLog();
        firstLarge.add(Map.of("text", "x".repeat(5_000)));
        firstLarge.add(event(1));
        logs.addAll(List.of(
                trimmed, emptied, withoutLast, complete, completeFromTheStart, endDeleted, grouped, firstLarge));
        return logs.stream().map(this::stream).toList();
    }

    private EventLog log(int events) {
        EventLog log = newLog();
        for (int i = 0; i < events; i++) {
            log.add(event(i));
        }
        return log;
    }

    private LogStream stream(EventLog log) {
        return new LogStream(log.name(), log.name(), connections, 10, OPTIONS);
    }
}
