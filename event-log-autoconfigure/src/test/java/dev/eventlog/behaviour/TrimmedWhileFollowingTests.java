package dev.eventlog.behaviour;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.Told;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Events that are trimmed before a follower receives them are a gap, whenever the trim happens. */
class TrimmedWhileFollowingTests extends ServerTests {

    private static final Pattern CALLS = Pattern.compile("cmdstat_(?!info|config)[^:]+:calls=(\\d+)");

    private final Collected<Event> live = Collected.events();

    /** One trim during the question about the state, and one while the listener is busy. */
    @Test
    void followerStartedDuringATrimReceivesAGapForALaterOne() {
        EventLog log = newFactory(
                        "eventlog.follow.batch-size=100",
                        "eventlog.follow.window-size=100",
                        "eventlog.follow.poll-timeout=10s")
                .create("log", options -> options.maxLength(10));
        List<EventId> ids = new ArrayList<>();
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> live.caughtUp() == 1);
        for (int n = 1; n <= 40; n++) {
            ids.addAll(add("log", n, n + 1));
        }
        await().until(() -> live.count() == 40);
        trim("log", 30);
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        LogTests.awaitThatAFeedWaits(redis);
        proxy.delay(Duration.ofMillis(600));
        long before = commands();
        CompletableFuture<Follower> start =
                CompletableFuture.supplyAsync(() -> log.follow(Tail.from(ids.get(5)), slow));
        await().until(() -> commands() > before);
        add("log", 41, 42);
        trim("log", 8);
        closeLater(start.join());
        proxy.delay(Duration.ZERO);
        await().until(() -> slow.count() > 0);
        add("log", 42, 401);
        trim("log", 335);
        await().until(() -> Told.has(live, 400));
        go.countDown();
        await().until(() -> Told.has(slow, 400));

        Told told = Told.to(slow);
        Object first = told.sequence().get(0);
        int from = first instanceof Gap ? 31 : (Integer) first;
        told.assertWhole(from, 400);
        assertThat(told.toString()).endsWith(", REMOVED, 66..400");
        assertThat(from).as("the newest ten events before or after the trim").isIn(31, 34);
    }

    private long commands() {
        Matcher calls = CALLS.matcher(String.valueOf(redis.ask("INFO", "commandstats")));
        return calls.results().mapToLong(each -> Long.parseLong(each.group(1))).sum();
    }

    @ParameterizedTest
    @ValueSource(strings = {"MAXLEN", "MINID"})
    void slowFollowerIsToldHowManyWereTrimmed(String by) {
        EventLog log = newFactory().create("log");
        List<EventId> ids = add("log", 1, 31);
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        closeLater(log.follow(Tail.all(), slow));
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> slow.count() == 7 && live.count() == 30);
        redis.ask("XTRIM", "log", by, by.equals("MINID") ? ids.get(17).toString() : "13");
        go.countDown();
        await().until(() -> Told.has(slow, 30));
        Told.to(slow).assertIs("1..7, REMOVED, 18..30").assertMissed(10);
        Told.to(live).assertIs("1..30");
    }

    /** The number is known only if no event was retracted. */
    @ParameterizedTest
    @CsvSource({"nothing", "before", "behind"})
    void resumedFollowerReceivesTheGapFirst(String retracted) {
        EventLog log = newFactory().create("log");
        List<EventId> ids = add("log", 1, 101);
        switch (retracted) {
            case "before" -> retract("log", ids.get(29), ids.get(30));
            case "behind" -> retract("log", ids.get(79));
            default -> {}
        }
        redis.ask("XTRIM", "log", "MINID", ids.get(60).toString());
        Collected<Event> resumed = Collected.events();
        closeLater(log.follow(Tail.after(ids.get(9)), resumed));
        await().until(() -> resumed.caughtUp() == 1);
        add("log", 101, 103);
        await().until(() -> Told.has(resumed, 102));
        Told told = Told.to(resumed);
        told.assertIs(retracted.equals("behind") ? "REMOVED, 61..79, 81..102" : "REMOVED, 61..102");
        told.assertMissed(retracted.equals("before") ? 48 : 50);
        assertThat(told.gaps()).extracting(Gap::lastSeen).containsExactly(ids.get(9));
    }

    /** The window still has events that Redis trimmed. They may be delivered, which is no gap. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 9, 10, 11, 25})
    void followerReceivesTheWindowOrAGap(int left) {
        EventLog log = newFactory().create("log");
        add("log", 1, 8);
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        closeLater(log.follow(Tail.all(), slow));
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> slow.count() == 7 && live.count() == 7);
        add("log", 8, 41);
        await().until(() -> live.count() == 40);
        trim("log", left);
        add("log", 41, 42);
        await().until(() -> live.count() == 41);
        go.countDown();
        await().until(() -> Told.has(slow, 41));
        Told told = Told.to(slow);
        told.assertWhole(1, 41);
        assertThat(told.gaps()).hasSize(1);
        if (left > 0 || redis.isAtLeast(7)) { // before Redis 7, a single event looks as if others preceded it
            Told.to(live).assertIs("1..41");
        }
        if (redis.isAtLeast(7)) {
            assertThat(told.gaps()).extracting(Gap::missed).doesNotContain(OptionalLong.empty());
        }
    }

    /** A log that keeps ten events, and writers that add more at once. */
    @Test
    void followerSlowerThanEachTrimReceivesAGapEachTime() {
        EventLog log = newFactory().create("log");
        Collected<Event> slow = Collected.and(batch -> {
            for (int n = 0; n < 3; n++) { // more than the window holds for each call of the listener
                int next = 1 + Integer.parseInt(String.valueOf(lastNumber()));
                if (next < 300) {
                    add("log", next, next + 15);
                    trim("log", 10);
                }
            }
        });
        add("log", 1, 2);
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> Told.has(slow, 301));
        Told told = Told.to(slow);
        told.assertWhole(1, 301);
        assertThat(told.gaps()).isNotEmpty();
    }

    private Object lastNumber() {
        List<?> newest = (List<?>) Objects.requireNonNull(redis.ask("XREVRANGE", "log", "+", "-", "COUNT", "1"));
        List<?> fields = (List<?>) ((List<?>) newest.get(0)).get(1);
        return Objects.requireNonNull(fields.get(1));
    }
}
