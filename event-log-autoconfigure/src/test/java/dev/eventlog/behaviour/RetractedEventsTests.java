package dev.eventlog.behaviour;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.Told;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A retracted event is neither delivered nor reported. It hides no loss, and counts in no number. */
class RetractedEventsTests extends ServerTests {

    private final Collected<Event> live = Collected.events();
    private final CountDownLatch go = new CountDownLatch(1);
    private final Collected<Event> slow = Collected.and(batch -> go.await());

    @Test
    void trimOfAsManyEventsAsWereRetractedIsAGap() {
        EventLog log = newFactory().create("log");
        closeLater(log.follow(Tail.all(), live));
        List<EventId> ids = add("log", 1, 6);
        await().until(() -> live.count() == 5);
        retract("log", ids.get(1), ids.get(2), ids.get(3));
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() >= 2);
        add("log", 6, 61);
        await().until(() -> live.count() == 60);
        trim("log", 52);
        go.countDown();
        await().until(() -> Told.has(slow, 60));
        Told.to(slow).assertIs("1, 5, REMOVED, 9..60").assertMissed(3);
        Told.to(live).assertIs("1..60");
    }

    @Test
    void newFollowerDoesNotReceiveARetractedNewestEvent() {
        EventLog log = newFactory().create("log");
        closeLater(log.follow(Tail.all(), live));
        List<EventId> ids = add("log", 1, 6);
        await().until(() -> live.count() == 5);
        retract("log", ids.get(4));
        List<Tail> tails = List.of(
                Tail.last(0),
                Tail.last(1),
                Tail.all(),
                Tail.after(ids.get(3)),
                Tail.from(ids.get(4)),
                Tail.after(ids.get(4)));
        List<String> expected = List.of("6", "4, 6", "1..4, 6", "6", "6", "6");
        List<Collected<Event>> listeners =
                tails.stream().map(tail -> Collected.events()).toList();
        for (int i = 0; i < tails.size(); i++) {
            closeLater(log.follow(tails.get(i), listeners.get(i)));
        }
        await().until(() -> listeners.stream().allMatch(listener -> listener.caughtUp() == 1));
        assertThat(numbers(log.read(Tail.last(1)))).containsExactly(4);
        add("log", 6, 7);
        await().until(() -> listeners.stream().allMatch(listener -> Told.has(listener, 6)));
        for (int i = 0; i < tails.size(); i++) {
            assertThat(Told.to(listeners.get(i))).as("%s", tails.get(i)).hasToString(expected.get(i));
        }
        Told.to(live).assertIs("1..6");
    }

    /** The feed passes the retracted event only after the follower started behind it. */
    @Test
    void followerAheadOfItsFeedReceivesNoGapForRetractedEvents() {
        EventLog log = newFactory().create("log");
        closeLater(log.follow(Tail.all(), live));
        List<EventId> ids = add("log", 1, 2);
        await().until(() -> live.count() == 1);
        proxy.delay(Duration.ofMillis(150));
        ids = add("log", 2, 201);
        EventId twentieth = ids.get(18);
        EventId fortieth = ids.get(38);
        await().until(() -> live.count() > 1);
        assertThat(Told.has(live, 20)).as("the feed is too fast for this test").isFalse();
        retract("log", twentieth);
        await().until(() -> live.count() > 40);
        Collected<Event> ahead = Collected.events();
        closeLater(log.follow(Tail.after(fortieth), ahead));
        await().until(() -> ahead.count() > 0);
        proxy.delay(Duration.ZERO);
        await().until(() -> Told.has(ahead, 200) && Told.has(live, 200));
        add("log", 201, 203);
        await().until(() -> Told.has(ahead, 202) && Told.has(live, 202));
        Told.to(ahead).assertIs("41..202");
        Told.to(live).assertIs("1..202", "1..19, 21..202"); // the first one if it was already being delivered
    }

    @ParameterizedTest
    @CsvSource({
        "11, 11, 1..7, '1..10, 12..30'", // one event in the middle
        "8, 15, 1..7, '1..7, 16..30'", // all following events
        "7, 7, 1..7, '1..30'", // the last delivered event
        "1, 7, 1..7, '1..30'", // all delivered events
        "25, 30, 1..7, '1..24'", // the newest events
        "8, 30, 1..7, '1..7'" // all that is to come
    })
    void slowFollowerReceivesNoGapForRetractedEvents(int first, int last, String before, String after) {
        EventLog log = newFactory().create("log");
        List<EventId> ids = add("log", 1, 31);
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() == 7);
        Told.to(slow).assertIs(before);
        assumeTrue(first > 1 || redis.isAtLeast(7), "Redis 6.2 cannot tell these from trimmed ones");
        retract("log", ids.subList(first - 1, last).toArray(EventId[]::new));
        go.countDown();
        await().until(() -> slow.caughtUp() == 1);
        add("log", 31, 33);
        await().until(() -> Told.has(slow, 32));
        String end = after.endsWith("..30") ? after.substring(0, after.length() - 2) + "32" : after + ", 31..32";
        Told.to(slow).assertIs(end);
    }

    /**
     * Nobody can tell afterward which of the trimmed events were retracted: the gap is reported, and its number is
     * exact or absent.
     */
    @ParameterizedTest
    @CsvSource({"9, 10, 11, 8", "15, 15, 11, 10", "19, 20, 11, 10", "5, 6, 11, 10", "7, 7, 11, 10", "9, 18, 11, 1"})
    void gapDoesNotCountRetractedEvents(int first, int last, int left, int missed) {
        EventLog log = newFactory().create("log");
        List<EventId> ids = add("log", 1, 31);
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() == 7);
        retract("log", ids.subList(first - 1, last).toArray(EventId[]::new));
        redis.ask("XTRIM", "log", "MINID", ids.get(17).toString()); // 18 is the first remaining event, unless retracted
        go.countDown();
        add("log", 31, 32);
        await().until(() -> Told.has(slow, 31));
        String rest = first == 19 ? "18, 21..31" : last == 18 ? "19..31" : "18..31";
        Told.to(slow).assertIs("1..7, REMOVED, " + rest).assertMissed(missed);
    }

    /** If no event that the follower received is left, only the counters of Redis show the loss. */
    @Test
    void lossBehindARetractedReadPointIsAGap() {
        EventLog log = newFactory().create("log");
        List<EventId> ids = add("log", 1, 31);
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() == 7);
        retract("log", ids.get(6));
        trim("log", 20);
        go.countDown();
        add("log", 31, 32);
        await().until(() -> Told.has(slow, 31));
        Told.to(slow).assertIs("1..7, REMOVED, 11..31").assertMissed(3);
    }

    @Test
    void eventsRetractedAfterTheirDeliveryAreNoGap() {
        EventLog log = newFactory().create("log");
        closeLater(log.follow(Tail.all(), live));
        List<EventId> ids = add("log", 1, 11);
        await().until(() -> live.count() == 10);
        retract("log", ids.get(9), ids.get(8), ids.get(3));
        add("log", 11, 12);
        await().until(() -> live.count() == 11);
        retract("log", ids.subList(0, 8).toArray(EventId[]::new));
        add("log", 12, 13);
        await().until(() -> live.count() == 12);
        trim("log", 0);
        add("log", 13, 14);
        await().until(() -> Told.has(live, 13));
        Told told = Told.to(live);
        if (redis.isAtLeast(7)) { // before Redis 7, an empty log looks as if events were lost
            told.assertIs("1..13");
        }
    }
}
