package dev.eventlog.follow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.follow.Cursor.Found;
import dev.eventlog.follow.GapRules.Judgement;
import dev.eventlog.follow.GapRules.Memory;
import dev.eventlog.follow.GapRules.Verdict;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.Line;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.connection.stream.RecordId;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Cases in which a follower and its feed meet at one moment. The cursor looks when the test tells it to, and its feed
 * has read only what the test made it read.
 */
class CursorTests extends LogTests {

    private static final int BATCH = 10;
    private static final Trimming NOTHING_TRIMMED = new Trimming(Long.MAX_VALUE, false);

    private EventLog log;
    private Connections connections;
    private LogStream stream;
    private @Nullable Runnable afterTheNextQuestion;

    @BeforeEach
    void begin() {
        log = newLog();
        connections =
                closeLater(new Watched(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofSeconds(1))));
        stream = new LogStream(log.name(), log.name(), connections, 100, log.options());
    }

    @Test
    void feedReportsALogThatBeganAgainBeforeAPage() {
        List<EventId> ids = log.addAll(events(0, 20));
        IdleFeed feed = new IdleFeed(ids.get(19));
        Cursor cursor = cursor(feed, Tail.after(ids.get(4)));
        replaceLog();
        assertLater(cursor);
        feed.findsAnotherLog();
        assertThat(numbers(next(cursor))).isEqualTo(range(100, 103));
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, ids.get(4));
    }

    @Test
    void feedReportsALogThatBeganAgainBetweenTwoQuestions() {
        List<EventId> ids = log.addAll(events(0, 20));
        IdleFeed feed = new IdleFeed(ids.get(19));
        Cursor cursor = cursor(feed, Tail.after(ids.get(4)));
        redis.opsForStream().delete(log.name(), ids.get(4).toString()); // so that one question is not sufficient
        afterTheNextQuestion = this::replaceLog;
        assertLater(cursor);
        feed.findsAnotherLog();
        assertThat(numbers(next(cursor))).isEqualTo(range(100, 103));
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, ids.get(4));
    }

    @Test
    void completionThatWasNotDeliveredIsNotTheEventSeenLast() {
        EventId last = log.addAll(events(0, 3)).get(2);
        log.complete();
        for (Tail tail : List.of(Tail.after(last), Tail.newOnly(), Tail.after(EventId.MAX))) {
            IdleFeed feed = new IdleFeed(EventId.MAX);
            Cursor cursor = cursor(feed, tail);
            EventId seen = tail.equals(Tail.after(EventId.MAX)) ? EventId.MAX : last;
            assertThat(cursor.position()).as(tail.toString()).isEqualTo(seen);
            replaceLog();
            feed.findsAnotherLog();
            assertThat(numbers(next(cursor))).isEqualTo(range(100, 103));
            assertTold(cursor, Gap.Kind.BEGAN_AGAIN, seen);
            last = log.lastId().orElseThrow();
            log.complete();
        }
    }

    /** The page of the old log is delivered, and the gap comes before the events of the new log. */
    @Test
    void gapIsReportedAfterThePageThatWasAlreadyRead() {
        List<EventId> ids = log.addAll(events(0, 30));
        IdleFeed feed = new IdleFeed(ids.get(29));
        Cursor cursor = cursor(feed, Tail.after(ids.get(4)));
        afterTheNextQuestion = () -> {
            replaceLog();
            feed.findsAnotherLog();
        };
        List<Event> page = next(cursor);
        assertThat(numbers(page)).isEqualTo(range(5, 15));
        assertThat(cursor.loss()).isNull();
        assertThat(numbers(next(cursor))).isEqualTo(range(100, 103));
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, ids.get(14));
        assertThat(cursor.isPastWhatExisted()).isTrue();
    }

    /** The reply is from the old log, but the feed already knows the new one when the reply is judged. */
    @Test
    void gapIsReportedBeforeTheEventsOfTheNewLog() {
        List<EventId> ids = log.addAll(events(0, 30));
        IdleFeed feed = new IdleFeed(ids.get(29));
        Cursor cursor = cursor(feed, Tail.after(ids.get(4)));
        redis.opsForStream().delete(log.name(), ids.get(4).toString()); // so that one question is not sufficient
        afterTheNextQuestion = () -> afterTheNextQuestion = () -> {
            replaceLog();
            feed.findsAnotherLog();
        };
        List<Integer> told = new ArrayList<>(numbers(next(cursor)));
        while (cursor.loss() == null) {
            told.addAll(numbers(next(cursor)));
        }
        assertThat(loss(cursor).kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
        assertThat(told).endsWith(100, 101, 102).doesNotHaveDuplicates();
        assertThat(told.subList(0, told.size() - 3)).isEqualTo(range(5, 15).subList(0, told.size() - 3));
    }

    /** A server with older data may come back, so followers must not receive events that their feed has not read. */
    @Test
    void noFollowerOvertakesItsFeed() {
        List<EventId> ids = log.addAll(events(0, 5));
        IdleFeed feed = new IdleFeed(ids.get(4));
        log.addAll(events(5, 10));
        Cursor first = cursor(feed, Tail.all());
        Cursor atTheEnd = cursor(feed, Tail.after(ids.get(4)));
        assertThat(numbers(next(first))).isEqualTo(range(0, 5));
        assertThat(first.look()).isEqualTo(Found.NOTHING);
        assertThat(atTheEnd.look()).isEqualTo(Found.NOTHING);
        assertThat(List.of(first, atTheEnd)).noneMatch(Cursor::isPastWhatExisted);

        feed.reads();
        assertThat(numbers(next(first))).isEqualTo(range(5, 10));
        assertThat(numbers(next(atTheEnd))).isEqualTo(range(5, 10));
        assertThat(List.of(first, atTheEnd)).allMatch(Cursor::isPastWhatExisted);
        assertThat(first.loss()).isNull();
        assertThat(atTheEnd.loss()).isNull();
    }

    @Test
    void eventsReadWithTheStartDoNotOvertakeTheFeed() {
        List<EventId> ids = log.addAll(events(0, 5));
        IdleFeed feed = new IdleFeed(ids.get(4));
        log.addAll(events(5, 10));
        Cursor cursor = cursor(feed, Tail.all(), BATCH);
        assertThat(numbers(next(cursor))).isEqualTo(range(0, 5));
        assertThat(cursor.look()).isEqualTo(Found.NOTHING);
        feed.reads();
        assertThat(numbers(next(cursor))).isEqualTo(range(5, 10));
    }

    @Test
    void cursorCatchesUpAlthoughTheNewestEventIsGone() {
        List<EventId> ids = log.addAll(events(0, 5));
        IdleFeed feed = new IdleFeed(ids.get(4));
        EventId newest = log.add(event(5));
        Cursor cursor = cursor(feed, Tail.after(ids.get(4)));
        redis.opsForStream().delete(log.name(), newest.toString());
        assertThat(cursor.look()).isEqualTo(Found.NOTHING);
        assertThat(cursor.isPastWhatExisted()).isFalse();
        feed.reads();
        assertThat(next(cursor)).isEmpty();
        assertThat(cursor.isPastWhatExisted()).isTrue();
        assertThat(cursor.loss()).isNull();
        assertThat(cursor.position()).isEqualTo(ids.get(4));
        log.add(event(6));
        feed.reads();
        assertThat(numbers(next(cursor))).containsExactly(6);
    }

    /**
     * Existing events come from Redis. A new follower does not receive an event that was deleted after the feed read
     * it.
     */
    @Test
    void eventDeletedBeforeTheStartIsNotDeliveredFromTheWindow() {
        List<EventId> ids = log.addAll(events(0, 10));
        IdleFeed feed = new IdleFeed(ids.get(4));
        feed.reads();
        redis.opsForStream().delete(log.name(), ids.get(9).toString());
        Cursor cursor = cursor(feed, Tail.from(ids.get(8)));
        log.add(event(10));
        feed.reads();
        assertThat(numbers(next(cursor))).containsExactly(8);
        assertThat(numbers(next(cursor))).containsExactly(10);
        assertThat(cursor.loss()).isNull();
    }

    /** A feed that unknowingly passed a deleted event counts one event less than a follower that starts after it. */
    @Test
    void feedThatCountedLessCausesNoWrongNumber() {
        assumeThatRedisCounts();
        List<EventId> ids = log.addAll(events(0, 10));
        IdleFeed feed = new IdleFeed(ids.get(9));
        List<EventId> more = log.addAll(events(10, 20));
        redis.opsForStream().delete(log.name(), more.get(3).toString());
        feed.passes(log.read(Tail.after(ids.get(9))));
        assertThat(feed.window().last().rank().number()).isEqualTo(19);
        Cursor cursor = cursor(feed, Tail.newOnly());
        assertThat(cursor.look()).isEqualTo(Found.NOTHING);
        assertThat(cursor.isPastWhatExisted()).isTrue();

        log.addAll(events(20, 40));
        redis.opsForStream().trim(log.name(), 5);
        feed.reads();
        assertThat(numbers(next(cursor))).isEqualTo(range(35, 40));
        assertTold(cursor, Gap.Kind.REMOVED, more.get(9));
        assertThat(loss(cursor).missed().orElse(15)).as("exact or absent").isEqualTo(15);
    }

    @Test
    void trimBeforeAPageIsAGap() {
        List<EventId> ids = log.addAll(events(0, 30));
        IdleFeed feed = new IdleFeed(ids.get(29));
        Cursor cursor = cursor(feed, Tail.after(ids.get(4)));
        assertThat(numbers(next(cursor))).isEqualTo(range(5, 15));
        redis.opsForStream().trim(log.name(), 10);
        assertThat(numbers(next(cursor))).isEqualTo(range(20, 30));
        assertTold(cursor, Gap.Kind.REMOVED, ids.get(14));
        assertThat(loss(cursor).missed())
                .as("it started in the middle, where the rank is unknown")
                .isEmpty();
    }

    /** Pages show no rank, but the last event that existed at the start has a known one. */
    @Test
    void trimUpToTheEventsThatExistedIsNoGap() {
        assumeThatRedisCounts();
        List<EventId> ids = log.addAll(events(0, 20));
        IdleFeed feed = new IdleFeed(ids.get(19));
        Cursor cursor = cursor(feed, Tail.after(ids.get(9)));
        assertThat(numbers(next(cursor))).isEqualTo(range(10, 20));
        log.addAll(events(20, 40));
        feed.reads();
        redis.opsForStream().trim(log.name(), 20);
        assertThat(numbers(next(cursor))).isEqualTo(range(20, 30));
        assertThat(cursor.loss()).isNull();
    }

    /** All events before the window are gone, and the window has all that are left for the follower. */
    @Test
    void trimUpToTheWindowIsAGapBeforeItsFirstEvent() {
        List<EventId> ids = log.addAll(events(0, 20));
        IdleFeed feed = new IdleFeed(ids.get(19));
        Cursor cursor = cursor(feed, Tail.after(ids.get(4)));
        log.addAll(events(20, 25));
        feed.reads();
        redis.opsForStream().trim(log.name(), 5);
        assertThat(numbers(next(cursor))).isEqualTo(range(20, 25));
        assertTold(cursor, Gap.Kind.REMOVED, ids.get(4));
    }

    @Test
    void cursorWaitsForItsFeedAfterAnInterruption() {
        List<EventId> ids = log.addAll(events(0, 20));
        IdleFeed feed = new IdleFeed(ids.get(19));
        Cursor cursor = cursor(feed, Tail.after(ids.get(4)));
        redis.opsForStream().delete(log.name(), ids.get(4).toString());
        feed.interrupted = true;
        assertLater(cursor);
        feed.interrupted = false;
        assertThat(numbers(next(cursor))).isEqualTo(range(5, 15));
    }

    /** Even if the new log has had as many events or more. */
    @Test
    void logThatLostFewerEventsThanWereReadIsAnotherLog() {
        assumeThatRedisCounts();
        log.addAll(events(0, 20));
        List<EventId> read = log.addAll(events(20, 23));
        ReadPoint at = new ReadPoint(read.get(2), new Rank(23, read.get(2)), 0);
        Event seen = log.read(Tail.last(1)).get(0);
        delete(log);
        log.addAll(events(100, 124));
        redis.opsForStream().trim(log.name(), 5);
        assertThat(judge(at, seen).verdict()).isEqualTo(Verdict.BEGAN_AGAIN);
    }

    /** No event has the id that a command raised. Only the last id that a complete log remembers shows that it is another log. */
    @Test
    void completeLogThatNeverHadTheRaisedIdIsAnotherLog() {
        EventId raised = raiseLastId(log.add(event(0)).milliseconds() + 3_600_000);
        ReadPoint at = new ReadPoint(raised, Rank.UNKNOWN, 0);
        assertThat(judge(at, null).verdict()).isEqualTo(Verdict.WHOLE);
        log.complete();
        assertThat(judge(at, null).verdict()).isEqualTo(Verdict.WHOLE);
        log.delete();
        log.addAll(events(100, 103));
        log.complete();
        assertThat(judge(at, null).verdict()).isEqualTo(Verdict.BEGAN_AGAIN);
    }

    /** The entry that ends a log never comes back, so another log has it if the reader found none there. */
    @Test
    void completeLogWhoseClosingEntryWasGoneIsAnotherLogIfItHasOne() {
        log.addAll(events(0, 3));
        log.complete();
        redis.opsForStream().delete(log.name(), EventId.MAX.toString());
        ReadPoint at = new ReadPoint(EventId.MAX, Rank.UNKNOWN, 0);
        assertThat(judge(at, null).verdict()).isEqualTo(Verdict.WHOLE);
        replaceLog();
        log.complete();
        assertThat(judge(at, null).verdict()).isEqualTo(Verdict.BEGAN_AGAIN);
    }

    /** Each complete log has the same last id. The feed knows that no event was there that is now before its end. */
    @Test
    void completeLogThatLostItsEndIsAnotherLogIfItsEventsAreUnknown() {
        log.add(event(0));
        IdleFeed feed = new IdleFeed(log.lastId().orElseThrow());
        log.add(event(1));
        log.complete();
        feed.reads();
        feed.reads();
        Window.End end = feed.window().end();
        assertThat(end.point().id()).isEqualTo(EventId.MAX);
        assertThat(judge(end.point(), end.event(), feed).verdict()).isEqualTo(Verdict.WHOLE);
        redis.opsForStream().delete(log.name(), EventId.MAX.toString());
        assertThat(judge(end.point(), end.event(), feed).verdict())
                .as("retracted")
                .isEqualTo(Verdict.WHOLE);

        log.delete();
        log.addAll(events(100, 104));
        log.complete();
        redis.opsForStream().delete(log.name(), EventId.MAX.toString());
        assertThat(judge(end.point(), end.event(), feed).verdict()).isEqualTo(Verdict.BEGAN_AGAIN);
    }

    private Judgement judge(ReadPoint at, @Nullable EventMark seen, IdleFeed feed) {
        Answer answer = stream.look(connections.line(), at.id(), EventId.MAX, 100, false);
        return GapRules.judge(at, seen, answer, NOTHING_TRIMMED, feed.window()::memory);
    }

    /** The feed has no event at its end. But it knows that no event was there that is now before its end. */
    @Test
    void logWithAnUnknownEventBeforeARaisedIdIsAnotherLog() {
        EventId first = log.add(event(0));
        IdleFeed feed = new IdleFeed(first);
        EventId raised = raiseLastId(first.milliseconds() + 3_600_000);
        feed.reads();
        log.delete();
        log.addAll(events(100, 103));
        raiseLastId(raised.milliseconds() + 1);
        log.add(event(103));
        Window.End end = feed.window().end();
        assertThat(end)
                .isEqualTo(new Window.End(end.point(), null))
                .matches(at -> at.point().id().equals(raised));
        Answer answer = stream.look(connections.line(), raised, EventId.MAX, 100, false);
        ReadPoint at = new ReadPoint(raised, Rank.UNKNOWN, 0);
        assertThat(GapRules.judge(at, null, answer, NOTHING_TRIMMED, feed.window()::memory)
                        .verdict())
                .isEqualTo(Verdict.BEGAN_AGAIN);
    }

    /** Raises the last id of the log, without an event. */
    private EventId raiseLastId(long milliseconds) {
        EventId raised = new EventId(milliseconds, 0);
        redis.execute((RedisCallback<@Nullable Object>) connection -> connection.execute(
                "XSETID", log.name().getBytes(UTF_8), raised.toString().getBytes(UTF_8)));
        return raised;
    }

    /** The last event of the feed may be gone when it comes back, so the feed must treat the log as another one. */
    @Test
    void cursorReportsNoGapWhileItsOwnEventExists() {
        List<EventId> ids = log.addAll(events(0, 30));
        IdleFeed feed = new IdleFeed(ids.get(4));
        Cursor cursor = cursor(feed, Tail.after(ids.get(9)));
        feed.findsAnotherLog(); // reads from the beginning, beyond the cursor
        assertThat(numbers(next(cursor))).isEqualTo(range(10, 20));
        assertThat(cursor.loss()).isNull();

        delete(log);
        log.addAll(events(100, 103));
        feed.findsAnotherLog();
        assertThat(numbers(next(cursor))).isEqualTo(range(100, 103));
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, ids.get(19));
    }

    /** The events that existed at the start are still to come, up to the end of the log if it has lost the newest ones. */
    @Test
    void cursorIsNotCaughtUpBecauseItsFeedWentBack() {
        addNumbered(1, 31, 0);
        IdleFeed feed = new IdleFeed(new EventId(5, 30));
        Cursor cursor = cursor(feed, Tail.all());
        assertThat(numbers(next(cursor))).isEqualTo(range(1, 11));
        log.delete();
        addNumbered(1, 26, 0);
        feed.partsAt(new EventId(5, 3));
        assertThat(next(cursor)).as("its feed must come here first").isEmpty();
        assertThat(cursor.isPastWhatExisted()).isFalse();
        feed.reads();
        assertThat(numbers(next(cursor))).isEqualTo(range(11, 21));
        assertThat(cursor.isPastWhatExisted()).isFalse();
        assertThat(numbers(next(cursor))).isEqualTo(range(21, 26));
        assertThat(cursor.isPastWhatExisted()).isTrue();
        assertThat(cursor.loss()).isNull();
    }

    /** The log was trimmed and lost its newest events: most of what existed at the start is still to come after the gap. */
    @Test
    void cursorIsNotCaughtUpWhenALogThatWasTrimmedLosesEvents() {
        addNumbered(1, 51, 0);
        IdleFeed feed = new IdleFeed(new EventId(5, 50));
        Cursor cursor = cursor(feed, Tail.all());
        assertThat(numbers(next(cursor))).isEqualTo(range(1, 11));
        log.delete();
        addNumbered(15, 46, 0);
        feed.partsAt(new EventId(5, 45));
        assertThat(numbers(next(cursor))).isEqualTo(range(15, 25));
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, new EventId(5, 10));
        cursor.told();
        assertThat(cursor.isPastWhatExisted()).isFalse();
        assertThat(numbers(next(cursor))).isEqualTo(range(25, 35));
        assertThat(cursor.isPastWhatExisted()).isFalse();
        assertThat(numbers(next(cursor))).isEqualTo(range(35, 45));
        assertThat(cursor.isPastWhatExisted()).isFalse();
        assertThat(numbers(next(cursor))).isEqualTo(range(45, 46));
        assertThat(cursor.isPastWhatExisted()).isTrue();
        assertThat(cursor.loss()).isNull();
    }

    /** The shared connection for commands can lead to the old master for longer than the connection of the feed. */
    @Test
    void cursorReadsAllEventsOfTheNewMasterAfterTheOldOneAnswered() {
        addNumbered(1, 11, 0);
        IdleFeed feed = new IdleFeed(new EventId(5, 10));
        Cursor cursor = cursor(feed, Tail.after(new EventId(5, 8)));
        assertThat(numbers(next(cursor))).containsExactly(9, 10);
        feed.partsAt(new EventId(5, 3));
        assertThat(next(cursor)).as("its own event seems to exist").isEmpty();

        log.delete();
        addNumbered(1, 4, 0);
        addNumbered(4, 21, 100);
        feed.reads();
        List<Integer> told = new ArrayList<>(numbers(next(cursor)));
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, new EventId(5, 10));
        while (told.get(told.size() - 1) < 120) {
            told.addAll(numbers(next(cursor)));
        }
        assertThat(told).isEqualTo(range(104, 121));
    }

    /** Nothing shows whether the next events existed when a server without the newest events took over. */
    @Test
    void cursorAheadOfItsFeedReportsAGapIfItsStartHadNoEvent() {
        addNumbered(1, 11, 0);
        IdleFeed feed = new IdleFeed(new EventId(5, 4));
        redis.opsForStream().delete(log.name(), "5-9");
        Cursor cursor = cursor(feed, Tail.after(new EventId(5, 9)));

        log.delete();
        addNumbered(1, 5, 0);
        addNumbered(12, 14, 0);
        feed.comebacks++;
        feed.reads();
        assertThat(numbers(next(cursor))).containsExactly(12, 13);
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, new EventId(5, 9));
    }

    /** Redis 6.2 does not report that the log began again: to the feed, its earlier events may have been trimmed. */
    @Test
    void cursorAheadOfItsFeedReportsTheGapBeforeTheEndOfAnotherLog() {
        assumeThatRedisDoesNotCount();
        EventId first = log.add(event(0));
        IdleFeed feed = new IdleFeed(first);
        EventId last = log.add(event(1));
        log.completeExceptionally("the first log");
        Cursor cursor = cursor(feed, Tail.newOnly());
        assertThat(cursor.look()).isEqualTo(Found.NOTHING);

        replaceLog();
        log.complete();
        feed.reads(new Trimming(1, false));
        feed.reads(); // the end of the log
        assertThat(numbers(next(cursor))).isEqualTo(range(100, 103));
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, last);
        assertThat(look(cursor)).isEqualTo(Found.COMPLETE);
        assertThat(cursor.completion().kind()).isEqualTo(Completion.Kind.DONE);
    }

    /** The feed has passed the position of the follower before the follower looks. */
    @Test
    void cursorPassedByItsFeedReportsTheGapBeforeTheEndOfAnotherLog() {
        assumeThatRedisDoesNotCount();
        addNumbered(1, 9, 0);
        IdleFeed feed = new IdleFeed(new EventId(5, 2));
        Cursor cursor = cursor(feed, Tail.newOnly());
        log.delete();
        addNumbered(4, 7, 100);
        log.complete();
        feed.reads(new Trimming(1, false));
        feed.reads(); // the end of the log
        assertThat(numbers(next(cursor))).containsExactly(104, 105, 106);
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, new EventId(5, 8));
        assertThat(look(cursor)).isEqualTo(Found.COMPLETE);
    }

    @Test
    void cursorPassedByItsFeedReportsNoGapIfOnlyItsStartWasDeleted() {
        addNumbered(1, 9, 0);
        IdleFeed feed = new IdleFeed(new EventId(5, 2));
        Cursor cursor = cursor(feed, Tail.newOnly());
        redis.opsForStream().delete(log.name(), "5-8");
        addNumbered(9, 11, 0);
        log.complete();
        feed.reads();
        feed.reads(); // the end of the log
        assertThat(numbers(next(cursor))).containsExactly(9, 10);
        assertThat(cursor.loss()).isNull();
        assertThat(look(cursor)).isEqualTo(Found.COMPLETE);
    }

    /** The new log is not complete, so the feed never gets as far as the follower. */
    @Test
    void cursorAheadOfItsFeedReportsTheGapBeforeTheEventsOfAnotherLog() {
        assumeThatRedisDoesNotCount();
        EventId first = log.add(event(0));
        IdleFeed feed = new IdleFeed(first);
        EventId last = log.add(event(1));
        log.complete();
        Cursor cursor = cursor(feed, Tail.newOnly());
        replaceLog();
        feed.reads(new Trimming(1, false));
        assertThat(numbers(next(cursor))).isEqualTo(range(100, 103));
        assertTold(cursor, Gap.Kind.BEGAN_AGAIN, last);
        assertThat(cursor.isPastWhatExisted()).isTrue();
    }

    /** The answer of the feed is older than the start of the follower. */
    @Test
    void cursorAheadOfItsFeedWaitsForIt() {
        EventId first = log.add(event(0));
        IdleFeed feed = new IdleFeed(first);
        log.addAll(events(1, 3));
        List<Event> answer = log.read(Tail.after(first));
        log.addAll(events(3, 5));
        Cursor cursor = cursor(feed, Tail.newOnly());
        feed.passes(answer);
        assertThat(cursor.look()).isEqualTo(Found.NOTHING);
        log.add(event(5));
        feed.reads();
        assertThat(numbers(next(cursor))).containsExactly(5);
        assertThat(cursor.loss()).isNull();
    }

    /** No event was at the position, which is just before the requested id. */
    @Test
    void cursorFromAnIdAheadOfItsFeedWaitsForIt() {
        addNumbered(1, 2, 0);
        IdleFeed feed = new IdleFeed(new EventId(5, 1));
        addNumbered(3, 4, 0);
        List<Event> answer = log.read(Tail.after(new EventId(5, 1)));
        addNumbered(6, 7, 0);
        Cursor cursor = cursor(feed, Tail.from(new EventId(5, 6)));
        feed.passes(answer);
        assertThat(cursor.look()).isEqualTo(Found.NOTHING);
        feed.reads();
        assertThat(numbers(next(cursor))).containsExactly(6);
        assertThat(cursor.loss()).isNull();
    }

    /** The new log has had fewer events than the old one when the follower began. */
    @Test
    @Timeout(30) // it asked the same question without end
    void cursorReadsOnInAnotherLogThatWasTrimmed() {
        assumeThatRedisCounts();
        List<EventId> ids = log.addAll(events(0, 3));
        IdleFeed feed = new IdleFeed(ids.get(1));
        Cursor cursor = cursor(feed, Tail.all());
        delete(log);
        log.add(event(100));
        redis.opsForStream().trim(log.name(), 0);
        log.add(event(101));
        feed.reads();
        assertThat(numbers(next(cursor))).containsExactly(101);
        assertThat(loss(cursor).kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
    }

    @Test
    void endThatWasFoundIsReportedAlthoughTheLogBeginsAgain() {
        log.add(event(0));
        log.completeExceptionally("the first log");
        IdleFeed feed = new IdleFeed(EventId.MAX);
        Cursor cursor = cursor(feed, Tail.newOnly());
        assertThat(cursor.look()).isEqualTo(Found.COMPLETE);
        replaceLog();
        feed.findsAnotherLog();
        assertThat(cursor.completion().reason()).isEqualTo("the first log");
    }

    @Test
    void firstEventsThatWereAddedAfterTheStartAreDelivered() {
        IdleFeed feed = new IdleFeed(EventId.MIN);
        Cursor cursor = cursor(feed, Tail.all());
        log.addAll(events(0, 3));
        feed.reads();
        assertThat(numbers(next(cursor))).isEqualTo(range(0, 3));
        assertThat(cursor.loss()).isNull();
    }

    private void addNumbered(int from, int to, int more) {
        for (int n = from; n < to; n++) {
            redis.opsForStream()
                    .add(StreamRecords.newRecord()
                            .in(log.name())
                            .ofMap(Map.of("n", Integer.toString(n + more)))
                            .withId(RecordId.of("5-" + n)));
        }
    }

    /** Redis 6.2 does not report whether an event was retracted. */
    @Test
    void logWithTooManyMissingEventsIsAnotherLog() {
        StreamState silent =
                new StreamState(true, 3, new EventId(9, 0), new EventId(1, 0), -1, EventId.MIN, false, null);
        ReadPoint at = new ReadPoint(new EventId(5, 0), Rank.UNKNOWN, 0);
        Event seen = new Event(at.id(), Map.of("n", "5"));
        Event before = new Event(new EventId(3, 0), Map.of("n", "3"));
        Answer answer = new Answer(silent, "", null, before, List.of());
        assertThat(GapRules.judge(at, EventMark.of(seen), answer, NOTHING_TRIMMED, event -> Memory.LONG_AGO)
                        .verdict())
                .isEqualTo(Verdict.BEGAN_AGAIN);
        assertThat(GapRules.judge(at, EventMark.of(seen), answer, NOTHING_TRIMMED, event -> Memory.FORGOTTEN)
                        .verdict())
                .isEqualTo(Verdict.WHOLE);
    }

    private Judgement judge(ReadPoint at, @Nullable Event seen) {
        Answer answer = stream.look(connections.line(), at.id(), EventId.MAX, 100, false);
        return GapRules.judge(at, EventMark.ofNullable(seen), answer, NOTHING_TRIMMED, event -> Memory.FORGOTTEN);
    }

    private void assumeThatRedisCounts() {
        assumeTrue(counts(), "Redis 6.2 cannot count");
    }

    /** Otherwise Redis tells the feed that the log began again. */
    private void assumeThatRedisDoesNotCount() {
        assumeFalse(counts(), "Redis 7 counts");
    }

    private boolean counts() {
        log.add(event(-1));
        boolean counts = stream.state().counts();
        log.delete();
        return counts;
    }

    private void replaceLog() {
        delete(log);
        log.addAll(events(100, 103));
    }

    private Cursor cursor(Feed feed, Tail tail) {
        return cursor(feed, tail, 0);
    }

    /** A new cursor that received this many events with its start. */
    private Cursor cursor(Feed feed, Tail tail, int shown) {
        StartPoint start = StartPoint.find(stream, TailRange.of(tail, log.options()), null, shown);
        return new Cursor(stream, Feeds.Place.of(feed), start, BATCH);
    }

    /** {@return the next events, which the follower has then taken; none if it must wait} */
    private static List<Event> next(Cursor cursor) {
        if (look(cursor) == Found.NOTHING) {
            return List.of();
        }
        List<Event> events = cursor.takeFound();
        cursor.taken(events);
        return events;
    }

    private static Found look(Cursor cursor) {
        Found found = cursor.look();
        while (found == Found.MOVED) {
            found = cursor.look();
        }
        return found;
    }

    private static void assertLater(Cursor cursor) {
        EventId before = cursor.position();
        assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(cursor::look);
        assertThat(cursor.position()).isEqualTo(before);
        assertThat(cursor.loss()).isNull();
    }

    private static void assertTold(Cursor cursor, Gap.Kind kind, EventId lastSeen) {
        assertThat(loss(cursor)).extracting(Loss::kind, Loss::lastSeen).containsExactly(kind, lastSeen);
    }

    private static Loss loss(Cursor cursor) {
        Loss loss = cursor.loss();
        assertThat(loss).isNotNull();
        return Objects.requireNonNull(loss);
    }

    /** A feed that reads only on command. */
    private final class IdleFeed implements Feed {

        private final Window window;
        private final PageSize pages = new PageSize("log", 100);
        private final SameQuestions questions = new SameQuestions();
        private boolean interrupted;
        private boolean atTheEnd;
        private int comebacks;

        /** Creates a feed that has read up to a read point. */
        IdleFeed(EventId end) {
            List<Event> read = log.read(Tail.all()).stream()
                    .filter(event -> !event.id().isAfter(end))
                    .toList();
            StreamState state = stream.state();
            Rank rank = state.counts() && state.lastId().equals(end) ? state.rankOfLast() : Rank.UNKNOWN;
            Event closing = end.equals(EventId.MAX) ? state.closing() : null;
            List<Event> newest = read.isEmpty() ? List.of() : List.of(read.get(read.size() - 1));
            this.window = new Window(BATCH, new ReadPoint(end, rank, 0), newest, closing);
        }

        /** Reads and judges all available events, like {@link LogFeed}. */
        void reads() {
            reads(NOTHING_TRIMMED);
        }

        void reads(Trimming trimming) {
            Window.End end = window.end();
            Answer answer = stream.look(connections.line(), end.point().id(), EventId.MAX, 100, false);
            Judgement judgement = GapRules.judge(end.point(), end.event(), answer, trimming, window::memory);
            assertThat(judgement.verdict()).isNotEqualTo(Verdict.BEGAN_AGAIN);
            if (judgement.verdict() == Verdict.REMOVED) {
                window.skipTo(judgement.next());
            }
            append(judgement.next(), answer);
        }

        private void append(ReadPoint from, Answer answer) {
            ReadPoint end = GapRules.afterReading(from, answer.events(), answer.state());
            atTheEnd = !answer.state().lastId().isAfter(end.id());
            window.append(answer.events(), end, answer.state().closing());
        }

        /** Reads events without the state, as the last ones of the log. */
        void passes(List<Event> events) {
            atTheEnd = true;
            window.append(
                    events, window.last().after(events.get(events.size() - 1).id(), events.size()), null);
        }

        /** Detects another log that has this event in common with the events that it read. */
        void partsAt(EventId common) {
            Event there = log.read(Tail.from(common)).get(0);
            window.part(new ReadPoint(common, Rank.UNKNOWN, window.last().epoch()), EventMark.of(there));
        }

        /** Detects that the log has no event in common with the events that it read, and reads it. */
        void findsAnotherLog() {
            window.part(
                    new ReadPoint(EventId.MIN, Rank.NOTHING_ADDED, window.last().epoch()), null);
            Answer answer = stream.look(connections.line(), EventId.MIN, EventId.MAX, 100, false);
            append(window.last(), answer);
        }

        @Override
        public SameQuestions questions() {
            return questions;
        }

        @Override
        public Window window() {
            return window;
        }

        @Override
        public int pageSize() {
            return pages.next();
        }

        @Override
        public void pageWorked(int events, long bytes) {
            pages.worked(events, bytes);
        }

        @Override
        public void pageFailed() {
            pages.failed();
        }

        @Override
        public boolean isInterrupted() {
            return interrupted;
        }

        @Override
        public boolean isAway() {
            return interrupted;
        }

        @Override
        public boolean isAtTheEnd() {
            return atTheEnd;
        }

        @Override
        public int comebacks() {
            return comebacks;
        }

        @Override
        public boolean isShared() {
            return false;
        }

        @Override
        public boolean mayReadFrom(String other) {
            return true;
        }

        @Override
        public void look() {}

        @Override
        public boolean join(LogFollower follower, @Nullable ReadPoint before) {
            return true;
        }

        @Override
        public boolean leave(LogFollower follower) {
            return true;
        }

        @Override
        public CompletableFuture<Void> stop() {
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Runs an action right after a reply. */
    private final class Watched implements Connections {

        private final Connections connected;
        private final Line line;

        Watched(Connections connected) {
            this.connected = connected;
            this.line = commands -> {
                List<@Nullable Object> replies = connected.line().send(commands);
                Runnable then = afterTheNextQuestion;
                afterTheNextQuestion = null;
                if (then != null) {
                    then.run();
                }
                return replies;
            };
        }

        @Override
        public StringRedisTemplate commands() {
            return connected.commands();
        }

        @Override
        public Line line() {
            return line;
        }

        @Override
        public boolean pipelines() {
            return connected.pipelines();
        }

        @Override
        public FeedConnection open(String key) {
            return connected.open(key);
        }

        @Override
        public void stop() {
            connected.stop();
        }

        @Override
        public void close() {
            connected.close();
        }
    }
}
