package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.LogPattern;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.Heard;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Events of one megabyte, and a server that disconnects clients that request more than sixteen at once. */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class LargeEventsTests extends ClosingTests {

    private static final int MEGABYTE = 1_000_000;
    private static final int COUNT = 40;

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
    private final EventLogFactory logs = TestApplication.factory(closeLater(TestApplication.startOn(
            redis.uri(),
            "spring.data.redis.timeout=5s",
            "eventlog.follow.poll-timeout=500ms",
            "eventlog.follow.recovery.delay=50ms",
            "eventlog.follow.recovery.max-delay=500ms")));
    private final EventLog log = logs.create("log");
    private final Collected<Event> listener = Collected.events();

    @BeforeEach
    void limit() {
        redis.ask("CONFIG", "SET", "client-output-buffer-limit", "normal 16mb 0 0");
    }

    @Test
    void followerOfAllEventsReceivesEventsTooLargeForOnePage(CapturedOutput output) {
        add(0, COUNT, MEGABYTE);
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == COUNT);
        add(COUNT, COUNT + 2, 1);
        await().until(() -> listener.count() == COUNT + 2);
        assertThat(numbers(listener.all())).isEqualTo(range(0, COUNT + 2));
        assertThat(listener.gaps()).isEmpty();
        assertThat(listener.caughtUp()).isEqualTo(1);
        assertThat(warnings(output)).hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void followerOfTheNewestReceivesEventsTooLargeForOnePage() {
        add(0, COUNT, MEGABYTE);
        closeLater(log.follow(Tail.last(30), listener));
        await().until(() -> listener.count() == 30);
        assertThat(numbers(listener.all())).isEqualTo(range(10, COUNT));
        assertThat(listener.gaps()).isEmpty();
    }

    /** The script that finds the start of a tail holds the events that it passes, and blocks all other clients. */
    @Test
    void startOfATailOfLargeEventsNeedsLittleServerMemory() {
        add(0, COUNT, 2 * MEGABYTE);
        redis.ask("SCRIPT", "FLUSH");
        closeLater(log.follow(Tail.last(30), listener));
        assertThat(Long.parseLong(redis.info("memory", "used_memory_lua")))
                .as("memory of scripts in bytes")
                .isLessThan(12L * MEGABYTE);
        await().until(() -> listener.count() == 30);
        assertThat(numbers(listener.all())).isEqualTo(range(10, COUNT));
    }

    /** All events are added at once, so one poll would return all of them. */
    @Test
    void liveFollowerReceivesEventsTooLargeForOnePoll() {
        add(0, 1, 1);
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1 && listener.count() == 1);
        LogTests.awaitThatAFeedWaits(redis);
        add(1, COUNT, MEGABYTE);
        await().until(() -> listener.count() == COUNT);
        assertThat(numbers(listener.all())).isEqualTo(range(0, COUNT));
        assertThat(listener.gaps()).isEmpty();
    }

    /** A single answer would contain the oldest and the newest event of each log. */
    @Test
    void manyLogsWithLargeEventsAreFollowedFromTheirEnd() {
        int some = 25;
        for (int i = 0; i < some; i++) {
            logs.create("large:" + i).add(Map.of("n", "0", "text", "x".repeat(MEGABYTE)));
        }
        Heard heard = new Heard();
        closeLater(logs.follow(LogPattern.of("large:*"), Tail.newOnly(), heard));
        for (int i = 0; i < some; i++) {
            addAnother(logs.create("large:" + i));
        }
        await().until(() -> heard.count() == some);
        assertThat(heard.failures).isEmpty();
    }

    /** Redis may cut the connection because of large answers while this add waits for its own. */
    private void addAnother(EventLog to) {
        AddOptions once = AddOptions.idempotent("another");
        await().ignoreException(AddOutcomeUnknownException.class).until(() -> to.add(Map.of("n", "1"), once) != null);
    }

    @Test
    void readReturnsEventsTooLargeForOnePage() {
        add(0, COUNT, MEGABYTE);
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, COUNT));
    }

    /** No smaller page helps: this is logged once with an action, and no event is skipped. */
    @Tag("long")
    @Test
    void eventAboveTheLimitIsLoggedOnce(CapturedOutput output) {
        add(0, 3, 1);
        add(3, 4, 17 * MEGABYTE);
        add(4, 6, 1);
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 3);
        await().until(() -> warnings(output).size() == 1);
        Awaitility.await()
                .during(Duration.ofSeconds(3)) // of failed attempts
                .atMost(Duration.ofSeconds(6))
                .until(() -> warnings(output).size() == 1 && listener.count() == 3);
        assertThat(follower.isRunning()).isTrue();
        redis.ask("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0");
        await().until(() -> listener.count() == 6);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 6));
        assertThat(listener.gaps()).isEmpty();
    }

    private static List<String> warnings(CapturedOutput output) {
        return output.getAll()
                .lines()
                .filter(line -> line.contains(" WARN ") && line.contains("eventlog.follow.batch-size"))
                .toList();
    }

    private void add(int from, int to, int bytes) {
        redis.ask(
                "EVAL",
                "local text = string.rep('x', ARGV[3]) for n = ARGV[1], ARGV[2] - 1 do"
                        + " redis.call('XADD', KEYS[1], '*', 'n', string.format('%.0f', n), 'text', text) end",
                "1",
                "log",
                Integer.toString(from),
                Integer.toString(to),
                Integer.toString(bytes));
    }

    private static ConditionFactory await() {
        return Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20));
    }
}
