package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventRange;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.ServerTests;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No command of the library blocks the server for longer than a page takes, however long a log is. */
class ForeignLoadTests extends ServerTests {

    private static final int MANY = 200_000;
    private static final int PAGE = 1_000; // eventlog.read.page-size
    private static final int MICROS = 200_000; // a page takes a hundredth of it, even on a busy machine
    private static final Set<String> READS = Set.of("XRANGE", "XREVRANGE", "XREAD");

    private final Collected<Event> live = Collected.events();
    private final Collected<Event> slow = Collected.and(batch -> Thread.sleep(20));

    /** The replacement was built under another key, with ids below or above those of the old log. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void longReplacementLogCostsTheServerOnlyPages(boolean olderIds) {
        redis.ask("CONFIG", "SET", "appendonly", "no");
        EventLog log = newFactory("eventlog.follow.batch-size=500", "eventlog.follow.window-size=1000")
                .create("log");
        fill("log", 0, 1_000, 5_000_000);
        closeLater(log.follow(Tail.last(10), live));
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> live.count() == 10 && slow.count() == 1_000);
        fill("new", MANY, 2 * MANY, olderIds ? 0 : 6_000_000);
        redis.ask("CONFIG", "SET", "slowlog-max-len", "100000");
        redis.ask("SLOWLOG", "RESET");
        redis.ask("RENAME", "new", "log");
        redis.ask(
                "CONFIG",
                "SET",
                "slowlog-log-slower-than",
                "0"); // so that the slow log has all commands with their times
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> live.count() >= 10 + 20 * PAGE && slow.count() >= 1_000 + PAGE);
        List<Command> commands = commands();

        assertThat(commands).hasSizeGreaterThan(20);
        assertThat(commands)
                .filteredOn(command -> command.micros() > MICROS)
                .as("slow commands")
                .isEmpty();
        assertThat(commands)
                .filteredOn(command -> !olderIds && command.looksBefore(EventId.parse("6200000-0")))
                .as("commands that look through the whole log, because nothing is before its first event")
                .isEmpty();
        assertThat(commands)
                .filteredOn(command -> command.most() > PAGE + 1)
                .as("commands without a limit")
                .isEmpty();
        for (Collected<Event> listener : List.of(live, slow)) {
            int before = listener == live ? 10 : 1_000;
            assertThat(numbers(listener.all()).get(before))
                    .as("the first event of the new log")
                    .isEqualTo(MANY);
            assertThat(listener.gaps()).hasSize(1);
            Gap gap = listener.gaps().get(0);
            assertThat(gap.firstAvailable())
                    .isEqualTo(listener.all().get(before).id());
            if (olderIds || redis.isAtLeast(7)) { // before Redis 7, higher ids look as if the old events were trimmed
                assertThat(gap.kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
            }
        }
    }

    /** All pages are full, so that only the server knows that no more events exist. */
    @Test
    void readingBackwardsNeverLooksBeforeTheFirstEvent() {
        EventLog log = newFactory().create("log");
        fill("log", 0, 64 + 512 + 1_000, 5_000_000);
        EventId first = EventId.parse("5000000-1");
        redis.ask("CONFIG", "SET", "slowlog-max-len", "100000");
        redis.ask("CONFIG", "SET", "slowlog-log-slower-than", "0");

        assertThat(log.read(Tail.all())).hasSize(64 + 512 + 1_000);
        assertThat(log.read(EventRange.before(EventId.parse("5000064-1"))
                                .newestFirst()
                                .limit(100))
                        .events())
                .hasSize(64);
        assertThat(commands()).filteredOn(command -> command.most() > 0).hasSizeGreaterThan(4);
        assertThat(commands()).filteredOn(command -> command.looksBefore(first)).isEmpty();
    }

    private void fill(String key, int from, int to, int firstId) {
        redis.ask(
                "EVAL",
                "for n = ARGV[1], ARGV[2] - 1 do"
                        + " redis.call('XADD', KEYS[1], string.format('%.0f-1', n + ARGV[3]), 'n', string.format('%.0f', n))"
                        + " end",
                "1",
                key,
                Integer.toString(from),
                Integer.toString(to),
                Integer.toString(firstId));
    }

    /** The commands since the last reset of the slow log, including those in scripts. */
    private List<Command> commands() {
        List<?> entries = (List<?>) Objects.requireNonNull(redis.ask("SLOWLOG", "GET", "100000"));
        return entries.stream()
                .map(entry -> (List<?>) entry)
                .map(entry -> new Command(
                        (Long) entry.get(2),
                        ((List<?>) entry.get(3)).stream().map(String::valueOf).toList()))
                .toList();
    }

    /** A command that the server executed. */
    private record Command(long micros, List<String> words) {

        /** {@return the maximum number of requested events; 0 if it reads none} */
        long most() {
            List<String> upper =
                    words.stream().map(word -> word.toUpperCase(Locale.ROOT)).toList();
            if (!READS.contains(upper.get(0))) {
                return 0;
            }
            int at = upper.indexOf("COUNT");
            return at < 0 ? Long.MAX_VALUE : Long.parseLong(words.get(at + 1));
        }

        /** {@return whether it reads backwards from an id before the first event of a log} */
        boolean looksBefore(EventId first) {
            String newest = words.get(0).equalsIgnoreCase("XREVRANGE") ? words.get(2) : "+";
            return !newest.equals("+") && first.isAfter(EventId.parse(newest.replace("(", "")));
        }
    }
}
