package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.follow.GapRules.Memory;
import dev.eventlog.follow.Window.Found;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The window alone. Events have the ids 1-0, 2-0, and so on. */
class WindowTests {

    private static final int CAPACITY = 3;

    @Test
    void ranksIncreaseWithDroppedEvents() {
        Window window = new Window(CAPACITY, counted(0, 10), List.of(), null);
        append(window, 1, 5);
        assertThat(window.after(uncounted(0), 9).found()).isEqualTo(Found.BEHIND);
        assertThat(window.after(uncounted(1), 9).point()).isEqualTo(point(2, new Rank(12, id(0)), 0));
        assertThat(rankAfter(window, 2)).isEqualTo(new Rank(12, id(0)));
        assertThat(rankAfter(window, 3)).isEqualTo(new Rank(13, id(0)));
        assertThat(rankAfter(window, 5)).isEqualTo(new Rank(15, id(0)));
        assertThat(ids(window.after(uncounted(2), 9))).containsExactly(3L, 4L, 5L);
        assertThat(ids(window.after(uncounted(3), 1))).containsExactly(4L);
    }

    @Test
    void unknownRankStaysUnknown() {
        Window window = new Window(CAPACITY, uncounted(0), List.of(), null);
        append(window, 1, 5);
        assertThat(List.of(rankAfter(window, 2), rankAfter(window, 4), rankAfter(window, 5)))
                .containsOnly(Rank.UNKNOWN);
    }

    /** A follower that asked Redis for its start knows its rank, even if the feed has lost its own. */
    @Test
    void followerKeepsItsRankIfTheWindowKnowsNone() {
        Window window = new Window(CAPACITY, uncounted(0), List.of(), null);
        append(window, 1, 2);
        assertThat(window.after(counted(1, 101), 9).point()).isEqualTo(counted(1, 101));
        assertThat(window.after(counted(2, 102), 9).point()).as("at the end").isEqualTo(counted(2, 102));
    }

    @Test
    void countInTheMiddleDefinesLaterRanks() {
        Window window = new Window(4, uncounted(0), List.of(), null);
        append(window, 1, 2);
        window.append(events(3, 3), counted(3, 103), null);
        append(window, 4, 4);
        assertThat(rankAfter(window, 0)).as("before it").isEqualTo(Rank.UNKNOWN);
        assertThat(rankAfter(window, 2)).isEqualTo(Rank.UNKNOWN);
        assertThat(rankAfter(window, 3)).isEqualTo(new Rank(103, id(3)));
        assertThat(rankAfter(window, 4)).isEqualTo(new Rank(104, id(3)));
    }

    @Test
    void droppedCountBecomesTheRankOfTheBase() {
        Window window = new Window(CAPACITY, uncounted(0), List.of(), null);
        append(window, 1, 2);
        window.append(events(3, 3), counted(3, 103), null);
        append(window, 4, 6);
        assertThat(window.after(uncounted(1), 9).point()).as("the base").isEqualTo(counted(3, 103));
        append(window, 7, 7);
        assertThat(rankAfter(window, 4)).isEqualTo(new Rank(104, id(3)));
        assertThat(rankAfter(window, 6)).isEqualTo(new Rank(106, id(3)));
    }

    /** Redis counted at an id whose event was deleted before the read: no event of the window has that id. */
    @Test
    void countBetweenTwoEventsDefinesTheRanksAfterIt() {
        Window window = new Window(CAPACITY, uncounted(0), List.of(), null);
        append(window, 1, 2);
        window.append(List.of(), counted(4, 104), null);
        append(window, 5, 7);
        assertThat(rankAfter(window, 5)).isEqualTo(new Rank(105, id(4)));
        assertThat(window.after(uncounted(1), 9).point()).as("the base").isEqualTo(point(2, Rank.UNKNOWN, 0));
        append(window, 8, 8);
        assertThat(rankAfter(window, 5)).as("the base").isEqualTo(new Rank(105, id(4)));
        append(window, 9, 9);
        assertThat(rankAfter(window, 6)).isEqualTo(new Rank(106, id(4)));
    }

    @Test
    void laterCountIsUsedAfterTheEarlierOneBecameTheBase() {
        Window window = new Window(CAPACITY, uncounted(0), List.of(), null);
        window.append(events(1, 1), counted(1, 101), null);
        append(window, 2, 4);
        window.append(events(5, 5), counted(5, 110), null); // four events were retracted
        assertThat(rankAfter(window, 5)).as("at the end").isEqualTo(new Rank(110, id(5)));
        append(window, 6, 6);
        assertThat(rankAfter(window, 5)).isEqualTo(new Rank(110, id(5)));
    }

    @Test
    void windowHasNothingAtItsEndOrAheadOfIt() {
        Window window = new Window(CAPACITY, counted(0, 0), List.of(), null);
        append(window, 1, 2);
        assertThat(window.after(uncounted(2), 9).found()).isEqualTo(Found.NOTHING);
        assertThat(window.after(uncounted(2), 9).point()).isEqualTo(window.last());
        assertThat(window.after(uncounted(7), 9).point()).isEqualTo(uncounted(7));
    }

    @Test
    void windowPassesEventsThatWereDeletedBeforeTheRead() {
        Window window = new Window(CAPACITY, counted(0, 0), List.of(), null);
        append(window, 1, 2);
        window.append(List.of(), counted(4, 4), null);
        Window.Slice slice = window.after(uncounted(2), 9);
        assertThat(slice.found()).isEqualTo(Found.NOTHING);
        assertThat(slice.point()).isEqualTo(counted(4, 4));
        assertThat(window.end().event()).isNull();
    }

    @Test
    void windowHasThePointWhereTwoLogsDiverge() {
        Window window = new Window(CAPACITY, counted(0, 0), List.of(), null);
        append(window, 1, 5);
        window.part(counted(3, 3), null);
        append(window, 6, 7);
        Window.Slice slice = window.after(point(5, Rank.UNKNOWN, 0), 9);
        assertThat(slice.found()).isEqualTo(Found.PARTED);
        assertThat(slice.point()).as("the base, with its rank").isEqualTo(point(3, new Rank(3, id(3)), 1));
        assertThat(ids(window.after(slice.point(), 9))).containsExactly(6L, 7L);
    }

    @Test
    void olderEpochsDivergeAtTheEarliestPoint() {
        Window window = new Window(CAPACITY, counted(0, 0), List.of(), null);
        append(window, 1, 9);
        window.part(uncounted(7), null);
        window.part(uncounted(4), null);
        window.part(uncounted(6), null);
        assertThat(commonWith(window, 0)).isEqualTo(point(4, Rank.UNKNOWN, 3));
        assertThat(commonWith(window, 1)).isEqualTo(point(4, Rank.UNKNOWN, 3));
        assertThat(commonWith(window, 2)).as("the base").isEqualTo(point(6, Rank.UNKNOWN, 3));
    }

    @Test
    void rankIsKnownOnlyAtTheBase() {
        Window window = new Window(CAPACITY, counted(0, 0), List.of(), null);
        append(window, 1, 9);
        window.part(counted(4, 4), null);
        window.part(counted(7, 7), null);
        assertThat(commonWith(window, 1)).isEqualTo(point(7, new Rank(7, id(7)), 2));
        assertThat(commonWith(window, 0)).isEqualTo(point(4, Rank.UNKNOWN, 2));
    }

    @Test
    void unknownEpochHasNothingInCommon() {
        Window window = new Window(CAPACITY, counted(0, 0), List.of(), null);
        for (int i = 0; i < 17; i++) {
            window.part(uncounted(5), null);
        }
        assertThat(commonWith(window, 0)).isEqualTo(point(0, Rank.NOTHING_ADDED, 17));
        assertThat(commonWith(window, 1)).isEqualTo(point(5, Rank.UNKNOWN, 17));
    }

    @Test
    void windowRemembersItsEventsAndSamplesOfEarlierOnes() {
        Window window = new Window(20, counted(0, 0), List.of(), null);
        append(window, 1, 24);
        assertThat(window.memory(EventMark.of(event(24)))).isEqualTo(Memory.SAME);
        assertThat(window.memory(EventMark.of(new Event(id(24), Map.of("n", "another")))))
                .isEqualTo(Memory.OTHER);
        assertThat(window.memory(EventMark.of(new Event(new EventId(23, 1), Map.of()))))
                .isEqualTo(Memory.OTHER);
        assertThat(window.samples()).extracting(EventMark::id).containsExactly(id(4), id(2));
        assertThat(window.memory(EventMark.of(event(2)))).isEqualTo(Memory.SAME);
        assertThat(window.memory(EventMark.of(event(3)))).isEqualTo(Memory.LONG_AGO);
        window.part(uncounted(20), null);
        assertThat(window.samples())
                .as("an event of both logs")
                .extracting(EventMark::id)
                .startsWith(id(20), id(18))
                .endsWith(id(4), id(2));
        assertThat(window.memory(EventMark.of(event(24)))).isEqualTo(Memory.OTHER);
    }

    @Test
    void windowKnowsTheNewestEarlierEvents() {
        Window window = new Window(CAPACITY, counted(9, 9), List.of(event(9), event(7)), null);
        assertThat(window.end().event()).isEqualTo(EventMark.of(event(9)));
        assertThat(window.samples()).containsExactly(EventMark.of(event(9)), EventMark.of(event(7)));
        assertThat(window.memory(EventMark.of(event(8)))).isEqualTo(Memory.FORGOTTEN);
        assertThat(new Window(CAPACITY, counted(9, 9), List.of(event(7)), null)
                        .end()
                        .event())
                .as("the event at the end was retracted")
                .isNull();
    }

    /** An unknown event. It may be another event that received the id of a lost one. */
    @Test
    void windowRecognizesOlderEventsByTheClock() {
        long past = System.currentTimeMillis() - 60_000;
        Window window = new Window(CAPACITY, at(past), List.of(), null);
        assertThat(window.isOlder(new EventId(past - 1, 5))).isTrue();
        assertThat(window.isOlder(new EventId(past, 0)))
                .as("of the same millisecond")
                .isFalse();
        Window future = new Window(CAPACITY, at(past + 3_600_000), List.of(), null);
        assertThat(future.isOlder(new EventId(past, 0)))
                .as("ids ahead of the clock")
                .isFalse();
        assertThat(new Window(CAPACITY, at(9), List.of(), null).isOlder(new EventId(8, 0)))
                .as("ids that are not times")
                .isFalse();
    }

    private static ReadPoint at(long milliseconds) {
        return new ReadPoint(new EventId(milliseconds, 1), Rank.UNKNOWN, 0);
    }

    @Test
    void endMatchesALogWithItsEventOrNothingAfterIt() {
        Window window = new Window(CAPACITY, counted(0, 0), List.of(), null);
        append(window, 1, 2);
        Window.End end = window.end();
        assertThat(end.isOf(state(2, 2), event(2))).isTrue();
        assertThat(end.isOf(state(5, 5), event(2)))
                .as("the log has newer events")
                .isTrue();
        assertThat(end.isOf(state(2, 2), null)).as("the event was retracted").isTrue();
        assertThat(end.isOf(state(5, 5), null)).as("it may be another log").isFalse();
        assertThat(end.isOf(state(2, 9), null)).as("more events were added").isFalse();
        assertThat(end.isOf(state(2, 2), new Event(id(2), Map.of("n", "another"))))
                .isFalse();
    }

    @Test
    void windowHasTheLagOfAFollower() {
        Window window = new Window(CAPACITY, counted(0, 0), List.of(), null);
        append(window, 1, 5);
        assertThat(window.behind(uncounted(5))).isEqualTo(new Window.Behind(0, null));
        assertThat(window.behind(uncounted(3))).isEqualTo(new Window.Behind(2, id(4)));
        assertThat(window.behind(counted(1, 1))).as("from the rank").isEqualTo(new Window.Behind(4, id(1)));
        assertThat(window.behind(uncounted(1))).as("unknown rank").isEqualTo(new Window.Behind(-1, id(1)));
        window.part(uncounted(5), null);
        assertThat(window.behind(uncounted(5)))
                .as("a read point of another log")
                .isEqualTo(new Window.Behind(-1, null));
    }

    private static ReadPoint commonWith(Window window, int epoch) {
        Window.Slice slice = window.after(point(9, Rank.UNKNOWN, epoch), 9);
        assertThat(slice.found()).isEqualTo(Found.PARTED);
        return slice.point();
    }

    private static Rank rankAfter(Window window, long id) {
        return window.after(uncounted(id), 9).point().rank();
    }

    /** Appends events that the feed counted only by reading. */
    private static void append(Window window, long from, long to) {
        ReadPoint last = window.last();
        window.append(events(from, to), last.after(id(to), to - from + 1), null);
    }

    private static List<Event> events(long from, long to) {
        return LongStream.rangeClosed(from, to).mapToObj(WindowTests::event).toList();
    }

    private static Event event(long id) {
        return new Event(id(id), Map.of("n", Long.toString(id)));
    }

    private static List<Long> ids(Window.Slice slice) {
        assertThat(slice.found()).isEqualTo(Found.EVENTS);
        return slice.events().stream().map(event -> event.id().milliseconds()).toList();
    }

    private static EventId id(long id) {
        return new EventId(id, 0);
    }

    private static ReadPoint counted(long id, long rank) {
        return point(id, new Rank(rank, id(id)), 0);
    }

    private static ReadPoint uncounted(long id) {
        return point(id, Rank.UNKNOWN, 0);
    }

    private static ReadPoint point(long id, Rank rank, int epoch) {
        return new ReadPoint(id(id), rank, epoch);
    }

    private static StreamState state(long last, long added) {
        return new StreamState(true, added, id(last), id(1), added, EventId.MIN, false, null);
    }
}
