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
import dev.eventlog.test.Told;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Newer servers can trim in the middle of a stream with consumer groups, so a gap has no number. */
class ConsumerGroupTests extends ServerTests {

    private final CountDownLatch go = new CountDownLatch(1);
    private final Collected<Event> slow = Collected.and(batch -> go.await());

    @Test
    void slowFollowerReceivesAGapWithoutANumber() {
        EventLog log = newFactory().create("log");
        group();
        add("log", 1, 31);
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() == 7);
        trim("log", 13);
        go.countDown();
        await().until(() -> Told.has(slow, 30));
        Told.to(slow).assertIs("1..7, REMOVED, 18..30").assertMissed(-1);
    }

    @Test
    void groupCreatedWhileAFollowerIsBusyRemovesTheNumberFromTheGap() {
        EventLog log = newFactory().create("log");
        add("log", 1, 31);
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() == 7);
        group();
        trim("log", 13);
        go.countDown();
        await().until(() -> Told.has(slow, 30));
        Told.to(slow).assertIs("1..7, REMOVED, 18..30").assertMissed(-1);
    }

    @Test
    void liveFollowerReceivesAGapWithoutANumber() {
        EventLog log = newFactory().create("log");
        group();
        Collected<Event> live = Collected.events();
        closeLater(log.follow(Tail.all(), live));
        add("log", 1, 11);
        await().until(() -> live.count() == 10);
        redis.ask(
                "EVAL",
                "for n = 11, 30 do redis.call('XADD', KEYS[1], '*', 'n', string.format('%.0f', n)) end"
                        + " redis.call('XTRIM', KEYS[1], 'MAXLEN', '5')",
                "1",
                "log");
        await().until(() -> Told.has(live, 30));
        Told.to(live).assertIs("1..10, REMOVED, 26..30").assertMissed(-1);
    }

    /** Lengths and counts do not tell which events are gone. Only the oldest event that is left does. */
    @Test
    void trimInTheMiddleCausesNeitherAWrongNumberNorAWrongGap() {
        EventLog log = newFactory("eventlog.follow.batch-size=2").create("log");
        group();
        List<EventId> ids = add("log", 0, 40);
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() == 2);
        redis.ask("XREADGROUP", "GROUP", "g", "c", "STREAMS", "log", ">");
        ids.subList(10, 20).forEach(id -> redis.ask("XACK", "log", "g", id.toString()));
        assumeTrue(trimsAcknowledged(), "Redis below 8.2 does not trim in the middle");
        go.countDown();
        await().until(() -> Told.has(slow, 39));
        add("log", 40, 41);
        await().until(() -> Told.has(slow, 40));
        Told told = Told.to(slow);
        told.assertIs("0..9, REMOVED, 20..40", "0..9, 20..40");
        assertThat(told.gaps()).extracting(Gap::missed).allMatch(OptionalLong::isEmpty);
    }

    private boolean trimsAcknowledged() {
        try {
            redis.ask("XTRIM", "log", "MAXLEN", "30", "ACKED");
            return true;
        } catch (UncheckedIOException unknown) {
            return false;
        }
    }

    private void group() {
        redis.ask("XGROUP", "CREATE", "log", "g", "0", "MKSTREAM");
    }
}
