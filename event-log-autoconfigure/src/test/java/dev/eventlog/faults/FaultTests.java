package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.eventLogThreads;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.Deliveries;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.RecordId;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Followers during and after outages of Redis. Each test has its own Redis to break. */
@Tag("faults")
class FaultTests extends ClosingTests {

    private EmbeddedRedis redis = closeLater(EmbeddedRedis.onDisk());
    private ConfigurableApplicationContext application = start();
    private EventLog log = TestApplication.factory(application).create("log");

    @BeforeEach
    void begin() {
        log.addAll(events(0, 10));
    }

    @Test
    void followersMissNothingAfterARestartWithTheData() {
        Collected<Event> listener = Collected.events();
        Collected<Event> only = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        closeLater(log.follow(Tail.last(0), only));
        await().until(() -> listener.count() == 10 && only.caughtUp() == 1);
        for (int round = 1; round <= 3; round++) {
            redis.kill();
            assertNotAnswered(() -> log.add(event(0)));
            assertThat(follower.isRunning()).isTrue();
            redis.start();
            int first = 10 * round;
            eventually(() -> log.addAll(events(first, first + 10)));
            long size = log.size();
            await().until(() -> listener.count() >= size && only.count() >= size - 10);
        }
        assertThat(listener.all()).isEqualTo(log.read(Tail.all()));
        assertThat(only.all()).isEqualTo(log.read(Tail.all()).subList(10, listener.count()));
        assertThat(listener.gaps()).isEmpty();
        assertThat(only.gaps()).isEmpty();
        assertThat(listener.caughtUp()).isEqualTo(1);
        assertThat(listener.failure()).isNull();
    }

    @Test
    void followerContinuesAfterARestartWithoutTheData() {
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        EventId last = listener.all().get(9).id();
        redis.kill();
        redis.deleteData();
        redis.start();
        eventually(() -> log.addAll(events(100, 130)));
        long size = log.size();
        await().until(() -> listener.count() >= 10 + size);

        assertThat(listener.all().subList(10, listener.count())).isEqualTo(log.read(Tail.all()));
        if (redis.isAtLeast(7)) {
            assertThat(listener.gaps()).hasSize(1);
            assertThat(listener.gaps().get(0).kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
            assertThat(listener.gaps().get(0).lastSeen()).isEqualTo(last);
        }
    }

    @Test
    void restartWithOnlyLowerIdsIsAGap() {
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        redis.kill();
        redis.deleteData();
        redis.start();
        StringRedisTemplate template = application.getBean(StringRedisTemplate.class);
        eventually(() -> template.hasKey("log"));
        template.opsForStream().add(MapRecord.create("log", Map.of("n", "77")).withId(RecordId.of("7-7")));
        await().until(() -> listener.count() == 11);
        assertThat(listener.all().get(10).id()).isEqualTo(new EventId(7, 7));
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
        log.addAll(events(11, 20));
        await().until(() -> listener.count() == 20);
        assertThat(listener.gaps()).hasSize(1);
    }

    /** The data is that of a replica that lagged behind before a failover. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void followerReceivesNewEventsOnceAfterARestartWithOlderData(boolean olderThanTheFollow) {
        redis.kill();
        redis.keepData();
        redis.start();
        if (olderThanTheFollow) {
            eventually(() -> log.addAll(events(10, 15)));
        }
        Collected<Event> listener = Collected.events();
        closeLater(eventually(() -> log.follow(Tail.all(), listener)));
        await().until(() -> listener.caughtUp() == 1);
        int count = listener.count();
        eventually(() -> log.addAll(events(count, 20)));
        await().until(() -> listener.count() == 20);
        redis.kill();
        redis.restoreData();
        redis.start();
        long size = eventually(log::size);
        assertThat(size).isEqualTo(10);
        eventually(() -> log.addAll(events(20, 25)));
        await().until(() -> numbers(listener.all()).contains(24));

        assertThat(numbers(listener.all())).as("new events, and no repeats").isEqualTo(range(0, 25));
    }

    /** The data is that of a second master, which accepted other events while both were masters. */
    @Tag("long")
    @ParameterizedTest
    @CsvSource({"0, 3, 3", "0, 3, 1", "0, 3, 6", "200, 500, 3"})
    void followerReceivesAGapAfterARestartWithOtherData(int common, int lost, int instead) {
        EventLog following = TestApplication.factory(
                        start("eventlog.follow.recovery.delay=1s", "eventlog.follow.window-size=100"))
                .create("log");
        Collected<Event> listener = Collected.events();
        closeLater(following.follow(Tail.all(), listener));
        if (common > 0) {
            log.addAll(events(0, common));
        }
        await().until(() -> listener.count() == 10 + common);
        redis.kill();
        redis.keepData();
        redis.start();
        long after = listener.all().get(9 + common).id().milliseconds();
        for (int i = 1; i <= lost; i++) {
            redis.ask("XADD", "log", after + 10L * i + "-0", "n", "1001");
        }
        await().until(() -> listener.count() == 10 + common + lost);
        redis.kill();
        redis.restoreData();
        redis.start();
        for (int i = 1; i <= instead; i++) { // every other event has the id of a lost one
            redis.ask("XADD", "log", after + 10L * i + "-" + (i + 1) % 2, "n", "1002");
        }
        redis.ask("XADD", "log", after + 10L * Math.max(lost, instead) + 1 + "-0", "n", "1003");
        await().until(() -> numbers(listener.all()).contains(1003));

        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
        int repeats = lost < 100 ? 0 : 10; // only every tenth event outside the window is remembered
        Deliveries.assertComplete("the follower", listener, eventually(() -> following.read(Tail.all())), repeats);
    }

    @Test
    void followersMissNothingWhenConnectionsAreKilled() {
        EventLog writing = TestApplication.factory(start()).create("log");
        List<Collected<Event>> listeners = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Collected<Event> listener = Collected.events();
            listeners.add(listener);
            closeLater(log.follow(i % 2 == 0 ? Tail.all() : Tail.last(5), listener));
        }
        for (int round = 1; round <= 10; round++) {
            int first = 10 * round;
            redis.killConnections();
            for (int i = first; i < first + 10; i++) {
                int number = i;
                eventually(() -> writing.add(event(number)));
            }
        }
        List<Event> expected = eventually(() -> log.read(Tail.all()));
        assertThat(expected).hasSizeGreaterThanOrEqualTo(110);
        for (int i = 0; i < 10; i++) {
            Collected<Event> listener = listeners.get(i);
            List<Event> theirs = i % 2 == 0 ? expected : expected.subList(5, expected.size());
            await().until(() -> listener.count() >= theirs.size());
            assertThat(listener.all()).isEqualTo(theirs);
            assertThat(listener.gaps()).isEmpty();
            assertThat(listener.failure()).isNull();
        }
    }

    @Test
    void trimDuringAnInterruptionIsOneGap() {
        EventLog writing = TestApplication.factory(start()).create("log", options -> options.maxLength(30));
        EventLog following = TestApplication.factory(start("eventlog.follow.recovery.delay=1s"))
                .create("log");
        Collected<Event> listener = Collected.events();
        closeLater(following.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        redis.killConnections();
        eventually(() -> writing.addAll(events(10, 500)));
        await().until(() -> numbers(listener.all()).contains(499));
        int lost = 500 - listener.count();
        assertThat(numbers(listener.all().subList(10, listener.count()))).isEqualTo(range(10 + lost, 500));
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.REMOVED);
        assertThat(listener.gaps().get(0).missed())
                .isEqualTo(redis.isAtLeast(7) ? OptionalLong.of(lost) : OptionalLong.empty());

        for (int i = 500; i < 600; i += 10) {
            int count = i + 10;
            writing.addAll(events(i, count));
            await().until(() -> listener.count() == count - lost);
        }
        List<Object> calls = listener.calls();
        Awaitility.await()
                .during(Duration.ofMillis(1_200)) // a few empty polls, after which the feed checks the stream
                .until(() -> listener.calls().equals(calls));
        writing.add(event(600));
        await().until(() -> listener.count() == 601 - lost);
        assertThat(numbers(listener.all().subList(10, listener.count()))).isEqualTo(range(10 + lost, 601));
        assertThat(listener.gaps()).hasSize(1);
    }

    /**
     * Neither the last id nor the count shows the loss, because the log has grown beyond its old length. The missing
     * newest event does not show it either, because it may have been retracted like a later one.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void restartWithOlderDataThatGrewIsAGap(boolean alsoDeleted) {
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        EventLog following = TestApplication.factory(closeLater(TestApplication.startOn(
                        proxy.uri(),
                        "eventlog.follow.batch-size=5",
                        "eventlog.follow.poll-timeout=500ms",
                        "eventlog.follow.recovery.delay=50ms")))
                .create("log");
        Collected<Event> listener = Collected.events();
        closeLater(following.follow(Tail.all(), listener));
        log.addAll(events(10, 12));
        await().until(() -> listener.count() == 12);
        redis.kill();
        redis.keepData();
        redis.start();
        eventually(() -> log.addAll(events(12, 20)));
        await().until(() -> listener.count() == 20);
        proxy.refuse();
        redis.kill();
        redis.restoreData();
        redis.start();
        List<EventId> grown = eventually(() -> log.addAll(events(20, 60)));
        assertThat(log.size()).isEqualTo(52);
        List<Integer> expected = new ArrayList<>(range(0, 60));
        if (alsoDeleted) {
            redis.ask("XDEL", "log", grown.get(30).toString());
            expected.remove(50);
        }
        proxy.accept();

        await().until(() -> numbers(listener.all()).contains(59));
        assertThat(numbers(listener.all())).isEqualTo(expected);
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
        List<Object> calls = listener.calls();
        Object gap = listener.gaps().get(0);
        assertThat(calls.get(calls.indexOf(gap) + 1))
                .isInstanceOfSatisfying(
                        Collected.Batch.class,
                        batch -> assertThat(((Event) batch.events().get(0)).fields())
                                .containsEntry("n", "20"));
    }

    /** Events that existed when the follow began are delivered, although they are trimmed before the reply arrives. */
    @ParameterizedTest
    @ValueSource(ints = {5, 125})
    void trimDuringTheStartOfAFollowerIsAGapOrMissesNothing(int seen) {
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        EventLog slow = TestApplication.factory(closeLater(TestApplication.startOn(proxy.uri())))
                .create("short", options -> options.maxLength(30));
        EventLog quick = TestApplication.factory(application).create("short", options -> options.maxLength(30));
        List<EventId> ids = new ArrayList<>(quick.addAll(events(0, 150))); // 50 events are left
        assertThat(slow.size()).isEqualTo(50);
        assertThat(slow.lastId()).isPresent(); // loads the script that starts a follow
        Collected<Event> listener = Collected.events();
        String asked = redis.info("commandstats", "cmdstat_exists");
        proxy.delay(Duration.ofMillis(500));
        CompletableFuture<Follower> beginning =
                CompletableFuture.supplyAsync(() -> slow.follow(Tail.after(ids.get(seen)), listener));
        await().until(() -> !redis.info("commandstats", "cmdstat_exists").equals(asked));
        ids.addAll(quick.addAll(events(150, 450)));
        proxy.delay(Duration.ZERO);
        closeLater(beginning.join());
        ids.add(quick.add(event(450)));
        await().until(() -> numbers(listener.all()).contains(450));
        assertThat(numbers(listener.all())).doesNotHaveDuplicates().isSorted();
        int from = seen;
        Gap gap = null;
        for (Object call : listener.calls()) {
            if (call instanceof Gap told) {
                gap = told;
            } else if (call instanceof Collected.Batch<?> batch) {
                int first = ids.indexOf(((Event) batch.events().get(0)).id());
                int missed = first - from - 1;
                assertThat(gap != null).as("a gap before %d", first).isEqualTo(missed > 0);
                if (gap != null) {
                    assertThat(gap.lastSeen()).isEqualTo(ids.get(from));
                    assertThat(gap.firstAvailable()).isEqualTo(ids.get(first));
                    gap.missed().ifPresent(number -> assertThat(number).isEqualTo(missed));
                }
                from = first + batch.events().size() - 1;
                gap = null;
            }
        }
        assertThat(from).isEqualTo(450);
    }

    @Test
    void followerReceivesAGapBeforeItsFirstEvent() {
        EventLog begun =
                TestApplication.factory(start("eventlog.follow.window-size=10")).create("begun");
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(new EventBatchListener<>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onCaughtUp() throws Exception {
                go.await();
            }
        });
        Collected<Event> quick = Collected.events();
        closeLater(begun.follow(Tail.all(), slow));
        closeLater(begun.follow(Tail.all(), quick));
        await().until(() -> slow.caughtUp() == 1 && quick.caughtUp() == 1);
        begun.addAll(events(0, 50));
        await().until(() -> quick.count() == 50);
        redis.ask("XTRIM", "begun", "MAXLEN", "5");
        go.countDown();
        await().until(() -> numbers(slow.all()).contains(49));
        assertThat(numbers(slow.all()))
                .as("the events in the window of its feed")
                .isEqualTo(range(40, 50));
        assertThat(slow.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.REMOVED);
        assertThat(slow.gaps().get(0).missed())
                .as("before Redis 7, one of them may have been retracted")
                .isEqualTo(redis.isAtLeast(7) ? OptionalLong.of(40) : OptionalLong.empty());
    }

    @Test
    void retractedNewestEventIsNoGapAfterAnInterruption() {
        assumeTrue(redis.isAtLeast(7), "Redis 6.2 does not know what was deleted");
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.last(0), listener));
        EventId newest = log.add(event(10));
        await().until(() -> listener.count() == 1);
        redis.ask("XDEL", "log", newest.toString());
        redis.killConnections();
        eventually(() -> log.add(event(11)));
        await().until(() -> numbers(listener.all()).contains(11));
        assertThat(numbers(listener.all())).startsWith(10, 11).doesNotContain(9);
        assertThat(listener.gaps()).isEmpty();
    }

    /** The feed has read the event, which is gone when the feed asks for the count. */
    @Test
    void eventRetractedRightAfterItsReadIsNoGap() {
        assumeTrue(redis.isAtLeast(7), "Redis 6.2 cannot count");
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        EventLog slow = TestApplication.factory(closeLater(TestApplication.startOn(proxy.uri())))
                .create("log");
        Collected<Event> listener = Collected.events();
        closeLater(slow.follow(Tail.last(0), listener));
        await().until(() -> listener.caughtUp() == 1);
        log.add(event(10));
        await().until(() -> listener.count() == 1);
        redis.ask("XTRIM", "log", "MAXLEN", "0");
        LogTests.awaitThatAFeedWaits(redis);
        proxy.delay(Duration.ofMillis(500));
        List<EventId> ids = log.addAll(events(11, 14));
        redis.ask("XDEL", "log", ids.get(1).toString());
        log.add(event(14));
        await().until(() -> listener.count() >= 4);
        proxy.delay(Duration.ZERO);
        log.add(event(15));
        await().until(() -> numbers(listener.all()).contains(15));
        List<Integer> withoutIt = new ArrayList<>(range(10, 16));
        withoutIt.remove(Integer.valueOf(12));
        assertThat(numbers(listener.all())).isIn(range(10, 16), withoutIt);
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void followerMissesNothingAfterAServerHangs() {
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        redis.freeze();
        try {
            assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(() -> log.read(Tail.all()));
            Awaitility.await()
                    .during(Duration.ofSeconds(3))
                    .atMost(Duration.ofSeconds(5))
                    .until(follower::isRunning);
        } finally {
            redis.thaw();
        }
        eventually(() -> log.addAll(events(10, 20)));
        List<Event> expected = log.read(Tail.all());
        await().until(() -> listener.count() >= expected.size());
        assertThat(listener.all()).isEqualTo(expected);
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void callsFailWhileRedisIsDownAndWorkAfterwards() {
        ConfigurableApplicationContext impatient = start("spring.data.redis.timeout=200ms");
        log = TestApplication.factory(impatient).create("log");
        assertThat(log.size()).isEqualTo(10);
        redis.kill();
        assertNotAnswered(() -> log.add(event(1)));
        assertNotAnswered(() -> log.addAll(events(0, 3)));
        List<Runnable> calls = List.of(
                () -> log.read(Tail.all()),
                () -> log.follow(Tail.all(), Collected.events()),
                () -> log.follow(Tail.last(0), Collected.events()),
                () -> log.follow(Tail.after(EventId.MIN), Collected.events()),
                log::size,
                log::lastId,
                log::exists,
                log::delete);
        for (Runnable call : calls) {
            assertThatExceptionOfType(EventLogUnavailableException.class)
                    .isThrownBy(call::run)
                    .withMessageContaining("log")
                    .satisfies(ex -> {
                        assertThat(ex.log()).isEqualTo("log");
                        assertThat(ex.getCause()).isNotNull();
                    });
        }
        assertThat(log.addAll(List.of())).as("nothing to send").isEmpty();
        assertThatIllegalArgumentException().as("before anything is sent").isThrownBy(() -> log.add(Map.of()));
        redis.start();
        Collected<Event> listener = Collected.events();
        closeLater(eventually(() -> log.follow(Tail.all(), listener)));
        await().until(() -> listener.count() == 10);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 10));
    }

    @Test
    void callsFailIfRedisWasNeverUp() {
        ConfigurableApplicationContext lonely =
                closeLater(TestApplication.startOn(URI.create("redis://127.0.0.1:" + EmbeddedRedis.freePort())));
        EventLog away = TestApplication.factory(lonely).create("log");
        assertThatExceptionOfType(EventLogUnavailableException.class)
                .isThrownBy(() -> away.follow(Tail.all(), Collected.events()));
        assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(() -> away.add(event(0)));
    }

    /** An add to a dying server may have been sent, unless the driver already knows that the connection is lost. */
    private static void assertNotAnswered(Runnable add) {
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(add::run)
                .withMessageContaining("log")
                .satisfies(ex -> {
                    assertThat(ex)
                            .isInstanceOfAny(EventLogUnavailableException.class, AddOutcomeUnknownException.class);
                    assertThat(ex.log()).isEqualTo("log");
                    assertThat(ex.getCause()).isNotNull();
                });
    }

    @Test
    void followersCloseAtOnceWhileRedisIsDown() {
        EventLog patient = TestApplication.factory(start(
                        "spring.data.redis.timeout=30s",
                        "spring.data.redis.connect-timeout=30s",
                        "eventlog.follow.poll-timeout=30s",
                        "eventlog.follow.close-timeout=30s"))
                .create("log");
        Collected<Event> listener = Collected.events();
        Follower follower = patient.follow(Tail.all(), listener);
        Follower other = patient.follow(Tail.all(), Collected.events());
        await().until(() -> listener.count() == 10);
        redis.kill();
        long begin = System.nanoTime();
        follower.close();
        other.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(Follower.EndReason.CLOSED);
    }

    @Test
    void applicationClosesInTimeWhileRedisIsDown() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Collected<Event> listener = Collected.events();
        Follower follower = log.follow(Tail.all(), listener);
        await().until(() -> listener.count() == 10);
        redis.kill();
        assertNotAnswered(() -> log.add(event(0)));
        long begin = System.nanoTime();
        application.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        assertThat(follower.isRunning()).isFalse();
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(Follower.EndReason.SHUTDOWN);
        await().untilAsserted(() -> assertThat(eventLogThreads(before)).isEmpty());
    }

    /** Lettuce waits for a connection without a limit once the client that opens it is shut down. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void factoryClosesInTimeWhileAFeedConnects(boolean withItsApplication) {
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        ConfigurableApplicationContext own = closeLater(TestApplication.startOn(proxy.uri()));
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Collected<Event> listener = Collected.events();
        Follower follower = TestApplication.factory(own).create("log").follow(Tail.all(), listener);
        await().until(() -> listener.caughtUp() == 1);
        proxy.swallow();
        proxy.cut();
        await().until(() -> proxy.swallowed() > 0);
        long begin = System.nanoTime();
        if (withItsApplication) {
            own.close();
        } else {
            own.getBean(RedisEventLogFactory.class).destroy();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(Follower.EndReason.SHUTDOWN);
        await().untilAsserted(() -> assertThat(eventLogThreads(before)).isEmpty());
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void applicationLogsNothingAfterItClosedDuringAnOutage(CapturedOutput output) {
        ConfigurableApplicationContext own = start(
                "logging.level.dev.eventlog.follow.LogFollower=debug",
                "eventlog.follow.recovery.delay=300ms",
                "eventlog.follow.batch-size=5");
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> listener = Collected.and(batch -> go.await());
        TestApplication.factory(own).create("log").follow(Tail.all(), listener);
        await().until(() -> listener.count() == 5);
        redis.kill();
        go.countDown();
        await().until(() -> output.getAll().contains("A follower of log 'log' waits "));
        own.close();
        Awaitility.await()
                .during(Duration.ofMillis(500))
                .until(() -> !output.getAll().contains("accepts no more tasks"));
    }

    private ConfigurableApplicationContext start(String... properties) {
        return closeLater(TestApplication.startOn(
                redis.uri(),
                Stream.concat(
                                Stream.of(
                                        "spring.data.redis.timeout=1s",
                                        "spring.data.redis.connect-timeout=1s",
                                        "eventlog.follow.poll-timeout=500ms",
                                        "eventlog.follow.recovery.delay=50ms",
                                        "eventlog.follow.recovery.max-delay=1s"),
                                Stream.of(properties))
                        .toArray(String[]::new)));
    }

    /** Repeats a call until it succeeds, because the first call after a fault can still fail. */
    private static <T> T eventually(Callable<T> call) {
        List<T> answer = new ArrayList<>();
        await().ignoreExceptions().until(() -> {
            answer.add(call.call());
            return true;
        });
        return answer.get(answer.size() - 1);
    }
}
