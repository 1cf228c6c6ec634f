package dev.eventlog.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogOptions;
import dev.eventlog.test.LogTests;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The events just before the end of a log are read a moment later, when the log may be another one. */
class BeginningQuestionTests extends LogTests {

    private static final Event LAST = event("5-2", "2");

    @Test
    void earlierEventsCountWhileTheLastEventIsTheSame() {
        assertThat(newest(entry("5-2", "2"), entry("5-1", "1"))).containsExactly(LAST, event("5-1", "1"));
    }

    @Test
    void earlierEventsOfAnotherLogDoNotCount() {
        assertThat(newest(entry("5-2", "other"), entry("5-1", "1"))).containsExactly(LAST);
        assertThat(newest(entry("5-1", "1"))).containsExactly(LAST);
        assertThat(newest()).containsExactly(LAST);
    }

    @Test
    void largeEarlierEventsAreNotKept() {
        assertThat(newest(entry("5-2", "2"), entry("5-1", "x".repeat(70_000)))).containsExactly(LAST);
    }

    @Test
    void failedReplyLeavesTheLastEvent() {
        assertThat(question()
                        .withNewest(atEnd(), new IllegalStateException("lost"))
                        .newest())
                .containsExactly(LAST);
    }

    private List<Event> newest(Object... entries) {
        return question().withNewest(atEnd(), List.of(entries)).newest();
    }

    private static Beginning atEnd() {
        Answer answer = new Answer(StreamState.ABSENT, "", null, null, List.of());
        return new Beginning(LAST.id(), -1, answer, null, List.of(LAST));
    }

    private BeginningQuestion question() {
        Connections connections =
                closeLater(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofSeconds(1)));
        LogStream stream = new LogStream(
                "log", "log", connections, 10, EventLogOptions.builder().build());
        return new BeginningQuestion(stream, EventId.MIN, 0, 0, null, 0);
    }

    private static Event event(String id, String number) {
        return new Event(EventId.parse(id), Map.of("n", number));
    }

    private static Object entry(String id, String number) {
        return List.of(
                bytes(id),
                Stream.of("n", number).map(BeginningQuestionTests::bytes).toList());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
