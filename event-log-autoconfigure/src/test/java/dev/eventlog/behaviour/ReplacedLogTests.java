package dev.eventlog.behaviour;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.Told;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Another log under the key of a followed log is a gap before its first event, and never has a number. */
class ReplacedLogTests extends ServerTests {

    private static final int OTHERS = 1001; // the number of the first event in the other log

    /** The command that puts the other log under the key. */
    enum Way {
        RENAME,
        COPY,
        RESTORE,
        SWAPDB
    }

    private final Collected<Event> live = Collected.events();
    private final CountDownLatch go = new CountDownLatch(1);
    private final Collected<Event> slow = Collected.and(batch -> go.await());

    @ParameterizedTest
    @CsvSource({"10, 5, true", "10, 20, true", "10, 5, false", "10, 20, false", "500, 5, true", "500, 20, false"})
    void eachMoveOfTheLogAwayAndBackIsAGap(int length, int others, boolean eachStepIsSeen) {
        assumeTrue(redis.isAtLeast(7), "Redis 6.2 does not tell a log with newer ids from one that was trimmed");
        EventLog log = newFactory().create("log");
        add("log", 1, length + 1);
        closeLater(log.follow(Tail.all(), live));
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> live.count() == length && slow.count() == 7);
        int last = length;
        for (int round = 0; round < 2; round++) {
            int other = OTHERS + 100 * round;
            redis.ask("RENAME", "log", "aside");
            add("log", other, other + others);
            if (eachStepIsSeen) {
                await().until(() -> Told.has(live, other + others - 1));
            }
            redis.ask("RENAME", "aside", "log");
            add("log", last + 1, last + 4);
            last += 3;
            int newest = last;
            await().until(() -> Told.has(live, newest));
        }
        go.countDown();
        int newest = last;
        await().until(() -> Told.has(slow, newest));
        for (Collected<Event> listener : List.of(live, slow)) {
            assertOnlyBeganAgain(Told.to(listener), newest);
        }
        if (eachStepIsSeen) {
            assertThat(Told.to(live).gaps()).hasSize(4);
        }
    }

    /** All events between two gaps belong to one log without a hole, and no event of the first log is left out. */
    private static void assertOnlyBeganAgain(Told told, int newest) {
        int most = 0; // the newest delivered event of the first log
        Integer before = null;
        for (Object each : told.sequence()) {
            if (each instanceof Gap gap) {
                assertThat(gap.kind()).as("%s", told).isEqualTo(Gap.Kind.BEGAN_AGAIN);
                assertThat(gap.missed()).as("%s", gap).isEmpty();
                before = null;
                continue;
            }
            int number = (Integer) each;
            if (before != null) {
                assertThat(number).as("after %d in %s", before, told).isEqualTo(before + 1);
            } else if (number < OTHERS) {
                assertThat(number).as("in %s", told).isLessThanOrEqualTo(most + 1);
            } else {
                assertThat(number % 100)
                        .as("the first event of the other log in %s", told)
                        .isEqualTo(OTHERS % 100);
            }
            most = number < OTHERS ? Math.max(most, number) : most;
            before = number;
        }
        assertThat(most).as("the end of %s", told).isEqualTo(newest);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void replacementWithOlderIdsIsAGapBeforeItsEvents(Way way) {
        EventLog log = newFactory().create("log");
        add("log", 1, 21);
        closeLater(log.follow(Tail.all(), live));
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> live.count() == 20 && slow.count() == 7);
        for (int n = 0; n < 30; n++) {
            addWithId("other", "5-" + (n + 1), OTHERS + n);
        }
        putInPlace(way);
        if (!redis.isAtLeast(7)) { // Redis 6.2 detects another log at once only if all its ids are lower
            await().until(() -> Told.has(live, OTHERS + 29));
        }
        add("log", OTHERS + 30, OTHERS + 32);
        await().until(() -> Told.has(live, OTHERS + 31));
        go.countDown();
        await().until(() -> Told.has(slow, OTHERS + 31));
        Told.to(live).assertIs("1..20, BEGAN_AGAIN, 1001..1032").assertMissed(-1);
        Told.to(slow).assertIs("1..7, BEGAN_AGAIN, 1001..1032").assertMissed(-1);
    }

    /** Both logs have the first five events. Only the last event that the follower received shows the difference. */
    @ParameterizedTest
    @EnumSource(Way.class)
    void divergedLogIsAGapWhereTheLogsDiffer(Way way) {
        assumeTrue(redis.isAtLeast(7), "Redis 6.2 cannot tell the newest event of a follower from a retracted one");
        EventLog log = newFactory().create("log");
        add("log", 1, 6);
        redis.ask("COPY", "log", "other");
        closeLater(log.follow(Tail.all(), live));
        add("log", 6, 11);
        await().until(() -> live.count() == 10);
        add("other", OTHERS, OTHERS + 15);
        putInPlace(way);
        add("log", OTHERS + 15, OTHERS + 17);
        await().until(() -> Told.has(live, OTHERS + 16));
        Told.to(live).assertIs("1..10, BEGAN_AGAIN, 1001..1017").assertMissed(-1);
    }

    private void putInPlace(Way way) {
        switch (way) {
            case RENAME -> redis.ask("RENAME", "other", "log");
            case COPY -> redis.ask("COPY", "other", "log", "REPLACE");
            case RESTORE -> {
                StringRedisTemplate template =
                        closeLater(TestApplication.startOn(redis.uri())).getBean(StringRedisTemplate.class);
                template.execute((RedisCallback<Boolean>) connection -> restore(connection));
            }
            case SWAPDB -> {
                redis.ask("COPY", "other", "log", "DB", "1");
                redis.ask("SWAPDB", "0", "1");
            }
        }
    }

    private static boolean restore(RedisConnection connection) {
        byte[] dump = connection.keyCommands().dump("other".getBytes(StandardCharsets.UTF_8));
        connection.keyCommands().restore("log".getBytes(StandardCharsets.UTF_8), 0, Objects.requireNonNull(dump), true);
        return true;
    }

    /** Only the key of the same log changes. */
    @Test
    void copyOfTheLogIsNoGap() {
        EventLog log = newFactory().create("log");
        add("log", 1, 21);
        closeLater(log.follow(Tail.all(), live));
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> live.count() == 20 && slow.count() == 7);
        redis.ask("COPY", "log", "other");
        redis.ask("RENAME", "other", "log");
        add("log", 21, 24);
        go.countDown();
        await().until(() -> Told.has(live, 23) && Told.has(slow, 23));
        Told.to(live).assertIs("1..23");
        Told.to(slow).assertIs("1..23");
    }

    /** One script, so that no poll runs in between. The log has as many events as before, fewer, or more. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5, 6, 20})
    void logDeletedAndAddedAgainWithinAPollIsAGap(int length) {
        assumeTrue(redis.isAtLeast(7), "Redis 6.2 does not tell a log that began again from one that was trimmed");
        EventLog log = newFactory("eventlog.follow.poll-timeout=5s").create("log");
        add("log", 1, 6);
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> live.caughtUp() == 1);
        redis.ask(
                "EVAL",
                "redis.call('DEL', KEYS[1]) for n = 1, ARGV[1] do"
                        + " redis.call('XADD', KEYS[1], '*', 'n', string.format('%.0f', 1000 + n)) end",
                "1",
                "log",
                Integer.toString(length));
        await().until(() -> Told.has(live, 1000 + length));
        add("log", 2001, 2003);
        await().until(() -> Told.has(live, 2002));
        String others = length == 1 ? "1001" : "1001.." + (1000 + length);
        Told.to(live).assertIs("1..5, BEGAN_AGAIN, " + others + ", 2001..2002").assertMissed(-1);
    }

    /** Like a tool that copies a stream entry by entry. */
    @Test
    void raisedLastIdIsNoGap() {
        EventLog log = newFactory().create("log");
        add("log", 1, 10);
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> live.count() == 9);
        EventId last = add("log", 10, 11).get(0);
        await().until(() -> live.count() == 10);
        EventId ahead = new EventId(last.milliseconds() + 60_000, 0);
        redis.ask("XSETID", "log", ahead.toString());
        Collected<Event> all = Collected.events();
        Collected<Event> onlyNew = Collected.events();
        closeLater(log.follow(Tail.all(), all));
        closeLater(log.follow(Tail.last(0), onlyNew));
        await().until(() -> all.caughtUp() == 1 && onlyNew.caughtUp() == 1);
        add("log", 11, 14);
        await().until(() -> Told.has(live, 13) && Told.has(all, 13) && Told.has(onlyNew, 13));
        Told.to(live).assertIs("1..13");
        Told.to(all).assertIs("1..13");
        Told.to(onlyNew).assertIs("11..13");
    }

    /** The counters of the stream are then wrong, but the events themselves prove more. */
    @Test
    void changedCountIsNoGap() {
        assumeTrue(redis.isAtLeast(7), "Redis 6.2 does not count");
        EventLog log = newFactory().create("log");
        List<EventId> ids = add("log", 1, 21);
        closeLater(log.follow(Tail.all(), live));
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> live.count() == 20 && slow.count() == 7);
        redis.ask("XSETID", "log", ids.get(19).toString(), "ENTRIESADDED", "1000", "MAXDELETEDID", "0-0");
        add("log", 21, 24);
        await().until(() -> Told.has(live, 23));
        go.countDown();
        await().until(() -> Told.has(slow, 23));
        add("log", 24, 26);
        await().until(() -> Told.has(live, 25) && Told.has(slow, 25));
        Told.to(live).assertIs("1..25");
        Told.to(slow).assertIs("1..25");
    }
}
