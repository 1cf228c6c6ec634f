package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.script.DefaultRedisScript;

/** The gaps that a follower receives if events are gone before their delivery. */
@RedisTest(
        properties = {
            "eventlog.follow.batch-size=10",
            "eventlog.follow.window-size=20",
            "eventlog.follow.poll-timeout=100ms"
        })
class GapTests extends LogTests {

    @Test
    void slowFollowerReceivesTheGapBeforeTheNextEvent() {
        EventLog log = newLog();
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        Collected<Event> quick = Collected.events();
        List<EventId> first = log.addAll(events(0, 10));
        closeLater(log.follow(Tail.all(), slow));
        closeLater(log.follow(Tail.all(), quick));
        await().until(() -> slow.count() == 10 && quick.count() == 10);
        List<EventId> more = log.addAll(events(10, 500));
        await().until(() -> quick.count() == 500);
        redis.opsForStream().trim(log.name(), 30);
        go.countDown();

        await().until(() -> slow.count() == 40);
        assertThat(numbers(slow.all().subList(10, 40))).isEqualTo(range(470, 500));
        assertThat(slow.gaps())
                .containsExactly(new Gap(log.name(), Gap.Kind.REMOVED, first.get(9), more.get(460), ifCounted(460)));
        assertThat(indexOfGap(slow)).as("the gap comes before the next event").isEqualTo(indexOfEvent(slow, 470) - 1);
        assertThat(quick.gaps()).as("the quick follower received everything").isEmpty();

        log.addAll(events(500, 510));
        await().until(() -> slow.count() == 50 && quick.count() == 510);
        assertThat(slow.gaps()).hasSize(1);
        assertThat(slow.caughtUp()).isEqualTo(1);
    }

    @Test
    void busyFollowerReceivesAGapIfAllEventsWereTrimmed() {
        EventLog log = newLog();
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        Collected<Event> quick = Collected.events();
        EventId first = log.add(event(0));
        closeLater(log.follow(Tail.all(), slow));
        closeLater(log.follow(Tail.all(), quick));
        await().until(() -> slow.count() == 1 && quick.count() == 1);
        log.addAll(events(1, 101));
        await().until(() -> quick.count() == 101);
        redis.opsForStream().trim(log.name(), 0);
        EventId next = log.add(event(101));
        go.countDown();
        await().until(() -> quick.count() == 102
                && slow.all().stream().anyMatch(event -> event.id().equals(next)));

        List<Integer> got = numbers(slow.all());
        assertThat(got).startsWith(0).endsWith(101).isSorted().doesNotHaveDuplicates();
        Gap gap = slow.gaps().get(0);
        assertThat(gap.kind()).isEqualTo(Gap.Kind.REMOVED);
        assertThat(gap.lastSeen()).isEqualTo(first);
        assertThat(gap.missed()).isEqualTo(ifCounted(102 - got.size()));
        if (TestRedis.get().isAtLeast(7)) { // before Redis 7, the last event can look as if others preceded it
            assertThat(slow.gaps()).hasSize(1);
        }
    }

    @Test
    void busyFollowerReceivesAGapAndThenTheEventsThatAreLeft() {
        EventLog log = newFactory("eventlog.follow.batch-size=10", "eventlog.follow.window-size=20")
                .create(newName());
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        Collected<Event> quick = Collected.events();
        closeLater(log.follow(Tail.all(), slow));
        closeLater(log.follow(Tail.all(), quick));
        List<EventId> ids = new ArrayList<>(log.addAll(events(0, 10)));
        await().until(() -> slow.count() == 10 && quick.count() == 10);
        ids.addAll(log.addAll(events(10, 200)));
        await().until(() -> quick.count() == 200);
        redis.opsForStream().trim(log.name(), 100);
        go.countDown();
        await().until(() -> numbers(slow.all()).contains(199));

        assertThat(numbers(slow.all()))
                .containsExactlyElementsOf(Stream.concat(range(0, 10).stream(), range(100, 200).stream())
                        .toList());
        assertThat(slow.gaps())
                .containsExactly(new Gap(log.name(), Gap.Kind.REMOVED, ids.get(9), ids.get(100), ifCounted(90)));
        assertThat(indexOfGap(slow)).isEqualTo(indexOfEvent(slow, 100) - 1);
    }

    @Test
    void resumedFollowerReceivesAGapBeforeTheFirstEvent() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 100));
        redis.opsForStream().trim(log.name(), 40);
        Collected<Event> behind = Collected.events();
        Collected<Event> atTheEdge = Collected.events();
        Collected<Event> within = Collected.events();
        closeLater(log.follow(Tail.after(ids.get(20)), behind));
        closeLater(log.follow(Tail.after(ids.get(59)), atTheEdge));
        closeLater(log.follow(Tail.after(ids.get(70)), within));
        await().until(() -> behind.caughtUp() + atTheEdge.caughtUp() + within.caughtUp() == 3);

        assertThat(numbers(behind.all())).isEqualTo(range(60, 100));
        assertThat(behind.gaps()).hasSize(1);
        assertThat(behind.gaps().get(0).kind()).isEqualTo(Gap.Kind.REMOVED);
        assertThat(behind.gaps().get(0).lastSeen()).isEqualTo(ids.get(20));
        assertThat(behind.gaps().get(0).firstAvailable()).isEqualTo(ids.get(60));
        assertThat(indexOfGap(behind)).isZero();
        assertThat(numbers(within.all())).isEqualTo(range(71, 100));
        assertThat(within.gaps()).isEmpty();
        assertThat(numbers(atTheEdge.all())).isEqualTo(range(60, 100));
    }

    @Test
    void gapIsReportedAgainAfterAFailedOnGap() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 20));
        redis.opsForStream().trim(log.name(), 5);
        Follower deaf = closeLater(log.follow(Tail.after(ids.get(2)), new EventBatchListener<Event>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onGap(Gap gap) {
                throw new IllegalStateException("not heard");
            }
        }));
        await().until(() -> !deaf.isRunning());
        assertThat(deaf.position()).isEqualTo(ids.get(2));
        Collected<Event> resumed = Collected.events();
        closeLater(log.follow(Tail.after(deaf.position()), resumed));
        await().until(() -> resumed.count() == 5);
        assertThat(resumed.gaps()).extracting(Gap::lastSeen).containsExactly(ids.get(2));
    }

    @Test
    void deletedLogThatBeginsAgainIsAGap() {
        EventLog log = newLog();
        List<EventId> before = log.addAll(events(0, 5));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        delete(log);
        EventId again = log.add(event(100));
        log.addAll(events(101, 150));

        await().until(() -> listener.count() >= 55);
        assertThat(numbers(listener.all().subList(5, 55))).isEqualTo(range(100, 150));
        if (TestRedis.get().isAtLeast(7)) { // before Redis 7, a log that began again looks like a trimmed one
            assertThat(listener.gaps()).hasSize(1);
            assertThat(listener.gaps().get(0).kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
            assertThat(listener.gaps().get(0).lastSeen()).isEqualTo(before.get(4));
            assertThat(listener.gaps().get(0).firstAvailable()).isEqualTo(again);
            assertThat(indexOfGap(listener)).isEqualTo(indexOfEvent(listener, 100) - 1);
        }
    }

    /** Also if a poll returns few events of a long log, so that none of them can have been trimmed. */
    @Test
    void liveFollowerReceivesAGapIfTheLogBeganAgainBetweenPolls() {
        EventLog log = newFactory("eventlog.follow.poll-timeout=5s").create(newName());
        log.addAll(events(0, 300));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.last(0), listener));
        EventId seen = log.add(event(300));
        await().until(() -> listener.count() == 1);
        redis.execute(
                new DefaultRedisScript<>(
                        "redis.call('XADD', KEYS[1], '*', 'n', '301') redis.call('DEL', KEYS[1])"
                                + " redis.call('XADD', KEYS[1], '*', 'n', '302')",
                        Void.class),
                List.of(log.name()));
        await().until(() -> listener.count() == 2);
        assertThat(numbers(listener.all())).containsExactly(300, 302);
        assertThat(listener.gaps()).hasSize(1);
        Gap gap = listener.gaps().get(0);
        assertThat(gap.lastSeen()).isEqualTo(seen);
        assertThat(gap.kind()).isEqualTo(TestRedis.get().isAtLeast(7) ? Gap.Kind.BEGAN_AGAIN : Gap.Kind.REMOVED);
        assertThat(indexOfGap(listener)).isEqualTo(indexOfEvent(listener, 302) - 1);
    }

    /** Redis 6.2 cannot count, but a log this short cannot have been trimmed. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shortLogThatBeginsAgainIsAGapOnEveryRedis(boolean feedHasReadSome) {
        EventLog log = newLog(options -> options.maxLength(100));
        log.addAll(events(0, 5));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        int before = feedHasReadSome ? 6 : 5;
        log.addAll(events(5, before));
        await().until(() -> listener.count() == before);
        delete(log);
        EventId again = log.add(event(100));
        await().until(() -> listener.count() == before + 1);
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
        assertThat(listener.gaps().get(0).firstAvailable()).isEqualTo(again);
        log.add(event(101));
        await().until(() -> listener.count() == before + 2);
        assertThat(listener.gaps()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void logThatWasGoneForAWhileIsAGap(boolean smallEvents) {
        EventLog log = newLog();
        String text = smallEvents ? "" : "x".repeat(2_000);
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        log.add(Map.of("number", "0", "text", text));
        await().until(() -> listener.count() == 1);
        delete(log);
        redis.execute((RedisCallback<Boolean>) connection -> {
            connection.scriptingCommands().scriptFlush(); // as if Redis had been restarted
            return true;
        });
        Awaitility.await().pollDelay(Duration.ofMillis(350)).until(() -> !log.exists());
        EventId again = log.add(Map.of("number", "1", "text", text));
        await().until(() -> listener.count() == 2);
        assertThat(listener.gaps()).extracting(Gap::firstAvailable).containsExactly(again);
        assertThat(listener.failure()).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void logThatBeginsAgainWithLowerIdsIsAGap(boolean atOnce) {
        EventLog log = newLog();
        List<EventId> before = log.addAll(events(0, 5));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        Collected<Event> onlyNew = Collected.events();
        closeLater(log.follow(Tail.last(0), onlyNew));
        await().until(() -> listener.caughtUp() == 1 && onlyNew.caughtUp() == 1);
        delete(log);
        if (!atOnce) {
            Awaitility.await().pollDelay(Duration.ofMillis(350)).until(() -> !log.exists());
        }
        List<EventId> ids = List.of(EventId.parse("5-1"), EventId.parse("5-2"), EventId.parse("7-0"));
        ids.forEach(id -> addWithId(log, id.toString()));

        for (Collected<Event> each : List.of(listener, onlyNew)) {
            int skip = each == listener ? 5 : 0;
            await().until(() -> each.count() >= skip + 3);
            assertThat(ids(each.all().subList(skip, skip + 3))).isEqualTo(ids);
            assertThat(each.gaps()).hasSize(1);
            Gap gap = each.gaps().get(0);
            assertThat(gap.kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
            assertThat(gap.firstAvailable()).isEqualTo(ids.get(0));
            assertThat(each.calls().indexOf(gap)).isEqualTo(each.calls().indexOf(Collected.CAUGHT_UP) + 1);
        }
        assertThat(listener.gaps().get(0).lastSeen()).isEqualTo(before.get(4));

        addWithId(log, "8-0");
        log.add(event(8));
        await().until(() -> listener.count() == 10 && onlyNew.count() == 5);
        assertThat(listener.gaps()).hasSize(1);
    }

    @Test
    void farBehindFollowerReceivesAGapIfTheLogBeganAgain() {
        EventLog log = newLog();
        log.addAll(events(0, 200));
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        Collected<Event> quick = Collected.events();
        closeLater(log.follow(Tail.all(), slow));
        closeLater(log.follow(Tail.all(), quick));
        await().until(() -> slow.count() == 10 && quick.count() == 200);
        log.delete();
        addWithId(log, "5-1");
        addWithId(log, "5-2");
        go.countDown();
        EventId last = EventId.parse("5-2");
        await().until(() -> ids(slow.all()).contains(last) && ids(quick.all()).contains(last));

        assertThat(ids(quick.all().subList(200, 202))).containsExactly(EventId.parse("5-1"), last);
        assertThat(ids(slow.all())).endsWith(EventId.parse("5-1"), last).doesNotHaveDuplicates();
        assertThat(slow.gaps()).extracting(Gap::kind).endsWith(Gap.Kind.BEGAN_AGAIN);
        assertThat(quick.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
    }

    @Test
    void resumedFollowerReceivesAGapIfTheLogBeganAgainWithLowerIds() {
        EventLog log = newLog();
        List<EventId> before = log.addAll(events(0, 5));
        log.delete();
        addWithId(log, "5-1");
        addWithId(log, "5-2");
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.after(before.get(4)), listener));
        await().until(() -> listener.caughtUp() == 1);
        addWithId(log, "5-3");
        await().until(() -> ids(listener.all()).contains(EventId.parse("5-3")));
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
    }

    @Test
    void resumedFollowerReceivesAGapIfTheLogBeganAgainWithHigherIds() {
        EventLog log = newLog();
        EventId seen = new EventId(5, 1); // far below, because ids of the same millisecond could be equal
        addWithId(log, seen.toString());
        addWithId(log, "5-2");
        delete(log);
        EventId again = log.addAll(events(5, 8)).get(0);
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.after(seen), listener));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(numbers(listener.all())).isEqualTo(range(5, 8));
        assertThat(listener.gaps())
                .containsExactly(new Gap(
                        log.name(),
                        TestRedis.get().isAtLeast(7) ? Gap.Kind.BEGAN_AGAIN : Gap.Kind.REMOVED,
                        seen,
                        again,
                        OptionalLong.empty()));
        assertThat(indexOfGap(listener)).isZero();
    }

    @Test
    void followerContinuesAfterItsLogExpired() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofMinutes(1)));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        log.addAll(events(0, 3));
        await().until(() -> listener.count() == 3);
        redis.expire(log.name(), Duration.ofMillis(1));
        await().until(() -> !log.exists());
        assertThat(follower.isRunning()).isTrue();
        log.addAll(events(3, 6));
        await().until(() -> listener.count() >= 6);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 6));
    }

    @Test
    void eventDeletedInTheMiddleIsNotDelivered() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 30));
        redis.opsForStream().delete(log.name(), ids.get(15).toString());
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(numbers(listener.all())).hasSize(29).doesNotContain(15).isSorted();
        log.add(event(30));
        await().until(() -> listener.count() == 30);
        assertThat(listener.gaps()).as("deleted before the follower started").isEmpty();
    }

    @Test
    void eventRetractedAheadOfASlowFollowerIsNoGap() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 100));
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() == 10);
        redis.opsForStream().delete(log.name(), ids.get(50).toString());
        go.countDown();
        await().until(() -> slow.count() == 99);
        log.add(event(100));
        await().until(() -> slow.count() == 100);
        assertThat(numbers(slow.all()))
                .containsExactlyElementsOf(Stream.concat(range(0, 50).stream(), range(51, 101).stream())
                        .toList());
        assertThat(slow.gaps()).as("retracted is not lost").isEmpty();
    }

    @Test
    void eventRetractedBehindTheFeedCostsASlowFollowerNoOther() {
        EventLog log = newLog();
        log.addAll(events(0, 300)); // enough that the feed does not check the stream after each poll
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        closeLater(log.follow(Tail.last(0), slow));
        log.add(event(300));
        await().until(() -> slow.count() == 1);
        redis.execute(
                new DefaultRedisScript<>(
                        "redis.call('XADD', KEYS[1], '*', 'n', '301')"
                                + " local gone = redis.call('XADD', KEYS[1], '*', 'n', '302')"
                                + " redis.call('XDEL', KEYS[1], gone)"
                                + " redis.call('XADD', KEYS[1], '*', 'n', '303')",
                        Void.class),
                List.of(log.name()));
        Awaitility.await() // a few empty polls, after which the feed checks the stream
                .during(Duration.ofMillis(600))
                .until(() -> slow.count() == 1);
        go.countDown();
        await().until(() -> slow.count() == 3);
        log.add(event(304));
        await().until(() -> slow.count() == 4);
        assertThat(slow.all()).extracting(event -> event.fields().get("n")).containsExactly("300", "301", "303", "304");
        assertThat(slow.gaps()).as("retracted is not lost").isEmpty();
    }

    @Test
    void addOfMoreEventsThanTheLogKeepsIsAGap() {
        EventLog log = newLog(options -> options.maxLength(50));
        List<EventId> ids = log.addAll(events(0, 60));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.from(ids.get(55)), listener));
        await().until(() -> listener.caughtUp() == 1);
        log.addAll(events(60, 560));
        await().until(() -> numbers(listener.all()).contains(559));

        int lost = 505 - listener.count();
        assertThat(lost).isPositive();
        assertThat(listener.gaps()).hasSize(1);
        assertThat(listener.gaps().get(0).kind()).isEqualTo(Gap.Kind.REMOVED);
        assertThat(listener.gaps().get(0).lastSeen()).isEqualTo(ids.get(59));
        assertThat(listener.gaps().get(0).missed()).isEqualTo(ifCounted(lost));
    }

    /**
     * Writers add in bursts that are slightly too large for the log. Listeners have all speeds, and many polls are
     * empty.
     */
    @ParameterizedTest
    @ValueSource(strings = {"1ms", "10ms", "100ms"})
    void followersNeverLoseEventsSilentlyOrReceiveThemTwice(String pollTimeout) throws Exception {
        EventLogFactory own = newFactory(
                "eventlog.max-length=30",
                "eventlog.follow.batch-size=10",
                "eventlog.follow.window-size=20",
                "eventlog.follow.poll-timeout=" + pollTimeout);
        EventLog log = own.create(newName());
        List<EventId> added = new CopyOnWriteArrayList<>();
        List<Collected<Event>> listeners = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int pause = i;
            Collected<Event> listener = Collected.and(batch -> {
                if (pause > 0) {
                    TimeUnit.MICROSECONDS.sleep(ThreadLocalRandom.current().nextInt(pause * pause * 500));
                }
            });
            listeners.add(listener);
            closeLater(log.follow(Tail.all(), listener));
        }
        await().until(() -> listeners.stream().allMatch(listener -> listener.caughtUp() == 1));
        for (int i = 0; i < 300; i++) {
            int burst = ThreadLocalRandom.current().nextInt(1, 40);
            added.addAll(log.addAll(events(i, i + burst)));
            if (i % 3 == 0) {
                TimeUnit.MICROSECONDS.sleep(ThreadLocalRandom.current().nextInt(3_000));
            }
        }
        TimeUnit.MILLISECONDS.sleep(20); // so that most followers are idle before the last event
        added.add(log.add(event(0)));

        EventId last = added.get(added.size() - 1);
        for (Collected<Event> listener : listeners) {
            await().until(() -> ids(listener.all()).contains(last));
            assertWholeButForGaps(added, listener.calls());
        }
    }

    /** Checks each added event: it is delivered, or a gap in its place reports it. */
    private static void assertWholeButForGaps(List<EventId> added, List<Object> calls) {
        int next = 0;
        Gap gap = null;
        for (Object call : calls) {
            if (call instanceof Gap told) {
                assertThat(gap).as("two gaps in a row").isNull();
                gap = told;
            } else if (call instanceof Collected.Batch<?> batch) {
                for (Object each : batch.events()) {
                    EventId id = ((Event) each).id();
                    int at = added.subList(next, added.size()).indexOf(id);
                    assertThat(at).as("%s was not delivered before", id).isNotNegative();
                    if (gap == null) {
                        assertThat(at)
                                .as("events missing before %s without a gap", id)
                                .isZero();
                    } else {
                        assertThat(gap.kind()).isEqualTo(Gap.Kind.REMOVED);
                        assertThat(gap.firstAvailable()).isEqualTo(id);
                        assertThat(gap.lastSeen()).isEqualTo(next == 0 ? EventId.MIN : added.get(next - 1));
                        if (TestRedis.get().isAtLeast(7)) {
                            assertThat(at)
                                    .as("a gap without missing events before %s", id)
                                    .isPositive();
                            assertThat(gap.missed()).as("missed before %s", id).hasValue(at);
                        }
                        gap = null;
                    }
                    next += at + 1;
                }
            }
        }
        assertThat(next).isEqualTo(added.size());
    }

    @Test
    void keyOfAnotherTypeCannotBeFollowed() {
        EventLog log = newLog();
        redis.opsForValue().set(log.name(), "text");
        for (Tail tail : List.of(Tail.all(), Tail.last(0), Tail.last(5), Tail.after(new EventId(5, 5)))) {
            assertThatExceptionOfType(EventLogException.class)
                    .as(tail.toString())
                    .isThrownBy(() -> closeLater(log.follow(tail, Collected.events())))
                    .satisfies(ex -> assertThat(ex.log()).isEqualTo(log.name()));
        }
    }

    @Test
    void followersEndIfTheirKeyChangesItsType() {
        EventLog log = newLog();
        log.addAll(events(0, 5));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 5);
        EventId last = log.lastId().orElseThrow();
        redis.delete(log.name());
        redis.opsForValue().set(log.name(), "text");

        await().until(() -> listener.failure() != null);
        assertThat(listener.failure())
                .isInstanceOf(EventLogException.class)
                .isNotInstanceOf(EventLogUnavailableException.class);
        await().until(() -> !follower.isRunning());
        assertThat(follower.completion().toCompletableFuture()).isCompletedExceptionally();
        assertThat(follower.position()).isEqualTo(last);
        assertThat(listener.calls().get(listener.calls().size() - 1)).isInstanceOf(Collected.Failure.class);

        redis.delete(log.name());
        Collected<Event> next = Collected.events();
        closeLater(log.follow(Tail.all(), next));
        log.addAll(events(5, 7));
        await().until(() -> next.count() == 2);
    }

    private static OptionalLong ifCounted(long missed) {
        return TestRedis.get().isAtLeast(7) ? OptionalLong.of(missed) : OptionalLong.empty();
    }

    private static int indexOfGap(Collected<Event> listener) {
        return listener.calls().indexOf(listener.gaps().get(0));
    }

    private static int indexOfEvent(Collected<Event> listener, int number) {
        List<Object> calls = listener.calls();
        for (int i = 0; i < calls.size(); i++) {
            if (calls.get(i) instanceof Collected.Batch<?> batch
                    && batch.events().get(0) instanceof Event event
                    && Integer.toString(number).equals(event.fields().get("n"))) {
                return i;
            }
        }
        throw new AssertionError("No batch begins with " + number + ": " + calls);
    }
}
