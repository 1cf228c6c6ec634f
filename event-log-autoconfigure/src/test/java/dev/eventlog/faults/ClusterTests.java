package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Gap;
import dev.eventlog.LogPattern;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.ClusterSetup;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EachKindOfFollower;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.ClassUtils;

/**
 * Logs on a Redis Cluster whose slots move and whose masters change. The application has no special settings for it.
 */
@Tag("faults")
class ClusterTests extends ClosingTests {

    private static final int LONG = 5_000;

    private static final int DEDICATED = 8; // the number of logs with their own connection

    private static final Duration SOON = Duration.ofNanos(300_000);

    private static final ClusterSetup cluster = ClusterSetup.start();
    private static final ConfigurableApplicationContext following = start("spring.data.redis.client-name=follows");
    private static final ConfigurableApplicationContext writing = start();

    private final EventLogFactory factory = TestApplication.factory(following);
    private final EventLogFactory elsewhere = TestApplication.factory(writing);
    private String name = "";

    @AfterAll
    static void closeAll() {
        writing.close();
        following.close();
        cluster.close();
    }

    @BeforeEach
    void begin(TestInfo test) {
        name = test.getDisplayName();
        cluster.awaitComplete();
        await().ignoreExceptions().until(() -> reachesAllMasters(factory) && reachesAllMasters(elsewhere));
    }

    /** After a test that killed a master, an application may not have found its successor yet. */
    private static boolean reachesAllMasters(EventLogFactory factory) {
        return Stream.iterate(0, i -> i + 1)
                .limit(10)
                .noneMatch(i -> factory.create("absent" + i).exists());
    }

    record Reading(String sensor, double celsius) {}

    @Test
    void everyCallWorksOnLogsOfAllSlots() {
        Set<EmbeddedRedis> masters = new HashSet<>();
        for (int i = 0; i < 30; i++) {
            EventLog log = factory.create(name + i, options -> options.maxLength(100));
            masters.add(cluster.masterOf(log.name()));
            assertThat(log.exists()).isFalse();
            Collected<Event> listener = Collected.events();
            closeLater(log.follow(Tail.all(), listener));
            EventId first = log.add(event(0));
            EventId last = log.addAll(events(1, 5)).get(3);
            assertThat(log.lastId()).contains(last);
            assertThat(log.size()).isEqualTo(5);
            assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 5));
            assertThat(numbers(log.read(Tail.after(first)))).isEqualTo(range(1, 5));
            await().until(() -> listener.count() == 5);
            assertThat(listener.all()).isEqualTo(log.read(Tail.all()));
            assertThat(log.delete()).isTrue();
            assertThat(log.exists()).isFalse();
            TypedEventLog<Reading> typed = factory.create(name + i, Reading.class);
            typed.addAll(List.of(new Reading("a", 1), new Reading("b", 2)));
            assertThat(typed.read(Tail.last(1)).get(0).value()).isEqualTo(new Reading("b", 2));
        }
        assertThat(masters).hasSize(3);
    }

    @Test
    void logsOfAPatternAreFoundOnEveryMaster() {
        Set<EmbeddedRedis> masters = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            masters.add(cluster.masterOf(name + ':' + i));
            elsewhere.create(name + ':' + i).addAll(events(0, 3));
        }
        assertThat(masters).hasSize(3);
        try (Stream<String> names = factory.names(name + ":*")) {
            assertThat(names.distinct()).hasSize(20);
        }
        Map<String, List<Event>> heard = new ConcurrentHashMap<>();
        closeLater(factory.follow(
                LogPattern.of(name + ":*"),
                Tail.all(),
                (log, batch) -> heard.computeIfAbsent(log, any -> new CopyOnWriteArrayList<>())
                        .addAll(batch)));
        for (int i = 0; i < 40; i++) { // half of the logs begin now
            elsewhere.create(name + ':' + i).addAll(events(3, 6));
        }
        await().until(() -> heard.values().stream().mapToInt(List::size).sum() == 20 * 6 + 20 * 3);
        for (int i = 0; i < 40; i++) {
            assertThat(numbers(heard.getOrDefault(name + ':' + i, List.of()))).isEqualTo(range(i < 20 ? 0 : 3, 6));
        }
    }

    @Test
    void feedReadsFromTheMasterOfItsSlot() {
        assumeTrue(LogTests.DEDICATED, "a shared feed has no connection of its own");
        for (int i = 0; i < DEDICATED; i++) {
            closeLater(factory.create(name + i).follow(Tail.all(), Collected.events()));
        }
        for (EmbeddedRedis master : cluster.masters()) {
            long logs = Stream.iterate(0, i -> i + 1)
                    .limit(DEDICATED)
                    .filter(i -> cluster.masterOf(name + i) == master)
                    .count();
            await().untilAsserted(() -> assertThat(String.valueOf(master.ask("CLIENT", "LIST"))
                            .lines()
                            .filter(client -> client.contains(" name=follows ")
                                    && client.contains(" cmd=xread ")
                                    && client.contains(" flags=b ")))
                    .hasSize((int) logs));
        }
    }

    @Test
    void followersMissNothingWhileASlotMovesDuringWrites() {
        EachKindOfFollower followers = closeLater(longLog());
        Writer writer = closeLater(Writer.start(elsewhere.create(name), LONG, SOON));
        writer.awaitMore(100);
        followers.catchUp();
        for (int round = 0; round < 3; round++) {
            cluster.moveSlot(name, another(), () -> writer.awaitMore(100));
            writer.awaitMore(100);
        }
        writer.close();

        assertThat(writer.assertNoneTwice(followers.assertEachEventOnce())).isEmpty();
    }

    @Test
    void followersMissNothingAfterTheSlotOfAnIdleLogMoved() {
        EventLog log = factory.create(name);
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        for (int round = 1; round <= 3; round++) {
            int first = 10 * round;
            cluster.moveSlot(name, another(), () -> {});
            elsewhere.create(name).addAll(events(first, first + 10));
            await().until(() -> listener.count() == first + 10);
        }
        assertThat(numbers(listener.all())).isEqualTo(range(0, 40));
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void followersMissNothingInAPlannedFailover() {
        EachKindOfFollower followers = closeLater(longLog());
        Writer writer = closeLater(Writer.start(elsewhere.create(name), LONG, SOON));
        writer.awaitMore(100);
        followers.catchUp();
        for (int round = 0; round < 2; round++) { // to the replica, and back
            cluster.failover(cluster.masterOf(name));
            cluster.awaitComplete();
            writer.awaitMore(100);
        }
        writer.close();

        assertThat(writer.assertNoneTwice(followers.assertEachEventOnce())).isEmpty();
    }

    @Tag("long")
    @Test
    void followersReceiveEveryEventOrAGapAfterAKilledMaster() {
        List<EachKindOfFollower> followers = new ArrayList<>();
        List<Writer> writers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            EventLog log = longLog(name + i);
            followers.add(closeLater(new EachKindOfFollower(log)));
            writers.add(closeLater(Writer.start(elsewhere.create(log.name()), LONG, SOON)));
        }
        writers.forEach(writer -> writer.awaitMore(20));
        followers.forEach(EachKindOfFollower::catchUp);
        cluster.kill(cluster.masterOf(name + 0));
        writers.forEach(writer -> writer.awaitMore(20));
        writers.forEach(Writer::close);

        for (int i = 0; i < followers.size(); i++) {
            List<Integer> lost = writers.get(i).assertNoneTwice(followers.get(i).assertNothingMissedInSilence(0));
            System.out.println("Redis lost of log " + i + ": " + lost.size() + " events");
        }
    }

    @Test
    void followersReceiveAGapIfAFailoverLosesTheNewestEvents() {
        EventLog log = factory.create(name);
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        EmbeddedRedis master = cluster.masterOf(name);
        ClusterSetup.stopReplication(cluster.replicaOf(master));
        EventId last = log.addAll(events(10, 15)).get(4);
        await().until(() -> listener.count() == 15);
        cluster.kill(master);
        await().ignoreExceptions().until(() -> log.size() == 10);
        log.addAll(events(15, 25));
        await().until(() -> listener.count() >= 25);

        assertThat(numbers(listener.all())).isEqualTo(range(0, 25));
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
        assertThat(listener.gaps()).extracting(Gap::lastSeen).containsExactly(last);
    }

    @Test
    void followersReceiveTheCompletionDespiteAFailover() {
        List<EventLog> before = endingLogs("before");
        List<EventLog> after = endingLogs("after");
        Map<String, Collected<Event>> told = new ConcurrentHashMap<>();
        Stream.concat(before.stream(), after.stream()).forEach(log -> {
            Collected<Event> listener = Collected.events();
            told.put(log.name(), listener);
            closeLater(log.follow(Tail.all(), listener));
            await().until(() -> listener.count() == 3);
        });
        before.forEach(log -> elsewhere.create(log.name()).cancel("before"));
        for (EmbeddedRedis master : cluster.masters()) {
            cluster.failover(master);
            cluster.awaitComplete();
        }
        after.forEach(log -> await().ignoreExceptions().until(() -> {
            EventLog written = elsewhere.create(log.name());
            written.completeExceptionally("after"); // a repeated call is allowed
            return written.isComplete();
        }));

        assertThatAllReceiveTheCompletion(before, told, Completion.cancelled("before"));
        assertThatAllReceiveTheCompletion(after, told, Completion.failed("after"));
    }

    @Test
    void newFollowersStartAfterAReplacedMasterIsBack() {
        Collected<Event> before = Collected.events();
        closeLater(factory.create(name).follow(Tail.all(), before));
        await().ignoreExceptions().until(() -> elsewhere.create(name).add(event(0)) != null);
        await().until(() -> before.count() >= 1);
        cluster.kill(cluster.masterOf(name));
        cluster.awaitComplete(); // restarts the killed master
        cluster.failover(cluster.masterOf(name));
        cluster.awaitComplete();

        Collected<Event> after = Collected.events();
        EventLog another = factory.create(name + ":another");
        await().ignoreExceptions()
                .until(() -> closeLater(another.follow(Tail.all(), after)).isRunning());
        await().ignoreExceptions().until(() -> elsewhere.create(another.name()).add(event(0)) != null);
        await().until(() -> after.count() >= 1);
        assertThat(before.gaps()).isEmpty();
    }

    private List<EventLog> endingLogs(String when) {
        List<EventLog> logs = new ArrayList<>();
        for (int i = 0; i < DEDICATED; i++) { // so that further logs must share a connection
            EventLog log = factory.create(name + ':' + when + i);
            log.addAll(events(0, 3));
            logs.add(log);
        }
        assertThat(logs).extracting(log -> cluster.masterOf(log.name())).hasSizeGreaterThan(1);
        return logs;
    }

    private void assertThatAllReceiveTheCompletion(
            List<EventLog> logs, Map<String, Collected<Event>> told, Completion completion) {
        for (EventLog log : logs) {
            Collected<Event> early = Objects.requireNonNull(told.get(log.name()));
            Collected<Event> late = Collected.events();
            closeLater(log.follow(Tail.all(), late));
            for (Collected<Event> listener : List.of(early, late)) {
                await().until(() -> listener.calls().contains(completion));
                assertThat(numbers(listener.all())).isEqualTo(range(0, 3));
                assertThat(listener.calls()).endsWith(completion).containsOnlyOnce(completion);
            }
            assertThatExceptionOfType(EventLogCompletedException.class)
                    .isThrownBy(() -> elsewhere.create(log.name()).add(event(3)));
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void outcomeOfAnAddIsUnknownIfTheMasterHangs() {
        EventLog log = TestApplication.factory(closeLater(start("spring.data.redis.timeout=200ms", sentOnce())))
                .create(name);
        List<Writer> many = Stream.generate(() -> closeLater(Writer.start(log, 100, SOON)))
                .limit(5)
                .toList();
        many.forEach(writer -> writer.awaitMore(20)); // from now on, a driver with a pool has more than one connection
        many.forEach(Writer::close);
        EmbeddedRedis master = cluster.masterOf(name);
        master.freeze(); // for less time than the others need to declare it dead
        try {
            assertThatExceptionOfType(AddOutcomeUnknownException.class).isThrownBy(() -> log.add(event(1)));
        } finally {
            master.thaw();
        }
        await().ignoreExceptions().until(() -> !log.add(event(2)).equals(EventId.MIN));
        assertThat(numbers(log.read(Tail.all()))).containsOnlyOnce(1);
    }

    /** Jedis repeats commands without an answer, unless an application turns that off. */
    private static String sentOnce() {
        boolean lettuce = ClassUtils.isPresent("io.lettuce.core.RedisClient", null);
        return lettuce ? "spring.data.redis.client-type=lettuce" : "spring.data.redis.cluster.max-redirects=1";
    }

    @Test
    void logsAreReadFromTheMasterDespiteReplicaReads() {
        EventLog log = TestApplication.factory(
                        closeLater(start("spring.data.redis.lettuce.read-from=replica-preferred")))
                .create(name);
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        ClusterSetup.stopReplication(cluster.replicaOf(cluster.masterOf(name)));
        elsewhere.create(name).addAll(events(10, 500));
        Collected<Event> second = Collected.events();
        closeLater(log.follow(Tail.all(), second));
        await().until(() -> listener.count() == 500 && second.count() == 500);

        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 500));
        assertThat(listener.gaps()).isEmpty();
        assertThat(second.gaps()).isEmpty();
    }

    private EachKindOfFollower longLog() {
        return new EachKindOfFollower(longLog(name));
    }

    private EventLog longLog(String name) {
        EventLog log = factory.create(name);
        for (int i = 0; i < LONG; i += 1_000) {
            log.addAll(events(i, i + 1_000));
        }
        return log;
    }

    private EmbeddedRedis another() {
        EmbeddedRedis now = cluster.masterOf(name);
        return cluster.masters().stream()
                .filter(master -> master != now)
                .findFirst()
                .orElseThrow();
    }

    private static ConfigurableApplicationContext start(String... properties) {
        return TestApplication.startElsewhere(Stream.of(
                        cluster.properties().stream(),
                        Stream.of(
                                "spring.data.redis.timeout=2s",
                                "spring.data.redis.connect-timeout=2s",
                                "eventlog.follow.poll-timeout=500ms",
                                "eventlog.follow.batch-size=50",
                                "eventlog.follow.window-size=100",
                                "eventlog.follow.recovery.delay=50ms",
                                "eventlog.follow.recovery.max-delay=500ms"),
                        Stream.of(properties))
                .flatMap(each -> each)
                .toArray(String[]::new));
    }
}
