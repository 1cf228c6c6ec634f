package dev.eventlog.behaviour;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowedLog;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.ServerTests;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.util.ClassUtils;

/** Followers of many logs on one connection. */
@ExtendWith(OutputCaptureExtension.class)
class SharedFollowTests extends ServerTests {

    private static final String NONE_DEDICATED = "eventlog.follow.dedicated-connections=0";
    private static final String RARE_POLLS = "eventlog.follow.poll-timeout=1h"; // so that no poll finds an event

    @BeforeEach
    void onLettuce() {
        assumeTrue(
                ClassUtils.isPresent("io.lettuce.core.RedisClient", null), "Jedis cannot have Redis tell what changes");
    }

    @Test
    void hundredsOfLogsShareOneConnectionWithoutAThread() {
        assumeTrue(LogTests.DEDICATED, "all of them share one");
        EventLogFactory factory = newFactory("eventlog.follow.dedicated-connections=3");
        List<EventLog> logs = logs(factory, 300);
        logs.get(0).add(Map.of("n", "0")); // opens the connections
        long connections = connections();
        Map<EventLog, Collected<Event>> listeners = follow(logs);
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.caughtUp() == 1));

        for (int n = 1; n <= 3; n++) {
            for (EventLog log : logs) {
                log.add(Map.of("n", Integer.toString(n)));
            }
        }
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() >= 3));
        listeners.forEach(
                (log, listener) -> assertThat(listener.all()).as(log.name()).isEqualTo(log.read(Tail.all())));
        assertThat(connections() - connections).isEqualTo(4);
        assertThat(threads("eventlog-feed-")).isLessThanOrEqualTo(3 + 1 + 4);
        assertThat(followed(factory))
                .hasSize(300)
                .satisfies(all -> assertThat(
                                all.stream().mapToInt(FollowedLog::shared).sum())
                        .isEqualTo(297));
    }

    @Test
    void eventIsDeliveredAtOnce() {
        EventLog log = newFactory(NONE_DEDICATED, RARE_POLLS).create("log");
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        for (int n = 1; n <= 50; n++) {
            int count = n;
            log.add(Map.of("n", Integer.toString(n)));
            await().atMost(Duration.ofSeconds(5)).until(() -> listener.count() == count);
        }
        redis.ask("XADD", "log", "*", "n", "51");
        redis.ask("EVAL", "return redis.call('XADD', KEYS[1], '*', 'n', '52')", "1", "log");
        await().until(() -> listener.count() == 52);
        assertThat(listener.all()).isEqualTo(log.read(Tail.all()));
    }

    @Test
    void logThatBeginsAgainIsDetectedAtOnce() {
        EventLog log = newFactory(NONE_DEDICATED, RARE_POLLS).create("log");
        log.add(Map.of("n", "1"));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        redis.ask("DEL", "log");
        redis.ask("XADD", "log", "1-1", "n", "2");
        await().until(() -> listener.count() == 2);
        redis.ask("PEXPIRE", "log", "1");
        await().until(() -> Long.valueOf(0).equals(redis.ask("EXISTS", "log")));
        redis.ask("XADD", "log", "1-1", "n", "3");
        await().until(() -> listener.count() == 3);
        redis.ask("FLUSHALL");
        redis.ask("XADD", "log", "1-1", "n", "4");
        await().until(() -> listener.count() == 4);
        assertThat(listener.gaps())
                .extracting(Gap::kind)
                .containsOnly(Gap.Kind.BEGAN_AGAIN)
                .hasSize(3);
    }

    @Test
    void sweepFindsChangesThatRedisDoesNotReport() {
        EventLog log = newFactory(NONE_DEDICATED, RARE_POLLS, "eventlog.follow.sweep-interval=200ms")
                .create("log");
        log.add(Map.of("n", "1"));
        redis.ask("COPY", "log", "log", "DB", "1");
        redis.ask("EVAL", "redis.call('SELECT', 1) redis.call('XADD', KEYS[1], '*', 'n', '2')", "1", "log");
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        redis.ask("SWAPDB", "0", "1");
        await().until(() -> listener.count() == 2);
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void killedConnectionsLoseNoEvent() {
        EventLogFactory factory = newFactory(NONE_DEDICATED);
        List<EventLog> logs = logs(factory, 50);
        Map<EventLog, Collected<Event>> listeners = follow(logs);
        for (int n = 1; n <= 20; n++) {
            int number = n;
            logs.forEach(log -> redis.ask("XADD", log.name(), "*", "n", Integer.toString(number)));
            if (n % 4 == 0) {
                redis.killConnections();
            }
        }
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 20));
        listeners.forEach((log, listener) -> {
            assertThat(listener.all()).as(log.name()).isEqualTo(eventually(() -> log.read(Tail.all())));
            assertThat(listener.gaps()).isEmpty();
        });
    }

    @Test
    void deadConnectionIsReplaced() {
        EventLogFactory factory = newFactory(NONE_DEDICATED, "eventlog.follow.poll-timeout=1s");
        EventLog log = factory.create("log");
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        proxy.swallow(); // connections stay open but silent
        await().until(() -> followed(factory).get(0).interrupted() == 1);
        redis.ask("XADD", "log", "*", "n", "1");
        proxy.pass();
        await().until(() -> listener.count() == 1);
    }

    @Test
    void blockedListenerDelaysNoOtherLog() {
        EventLogFactory factory = newFactory(NONE_DEDICATED);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        Collected<Event> blocked = Collected.and(batch -> mayGoOn.await());
        closeLater(factory.create("slow").follow(Tail.all(), blocked));
        Collected<Event> listener = Collected.events();
        closeLater(factory.create("quick").follow(Tail.all(), listener));
        for (int n = 1; n <= 30; n++) {
            redis.ask("XADD", "slow", "*", "n", Integer.toString(n));
            redis.ask("XADD", "quick", "*", "n", Integer.toString(n));
        }
        await().until(() -> listener.count() == 30);
        mayGoOn.countDown();
        await().until(() -> blocked.count() == 30);
    }

    @Test
    void logsHaveTheirOwnConnectionsWithoutThePermissionToTrack(CapturedOutput output) {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-client");
        URI app = URI.create(redis.uri().toString().replace("redis://", "redis://app:secret@"));
        EventLogFactory factory = newFactory(app, NONE_DEDICATED);
        List<EventLog> logs = logs(factory, 5);
        Map<EventLog, Collected<Event>> listeners = follow(logs);
        logs.forEach(log -> redis.ask("XADD", log.name(), "*", "n", "1"));
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 1));
        assertThat(followed(factory)).allSatisfy(log -> assertThat(log.shared()).isZero());
        assertThat(output.getOut())
                .containsOnlyOnce("Each followed log has its own connection")
                .doesNotContain("Connection is already closed");
    }

    @Tag("long")
    @Test
    void firstEventsOfManyLogsAreDelivered(CapturedOutput output) {
        EventLogFactory factory = newFactory(NONE_DEDICATED, "eventlog.follow.poll-timeout=200ms");
        List<EventLog> logs = logs(factory, 1_100);
        Map<EventLog, Collected<Event>> listeners = follow(logs);
        for (EventLog log : logs) {
            log.add(Map.of("n", "0"));
        }
        await().atMost(Duration.ofMinutes(1))
                .until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 1));
        await().during(Duration.ofSeconds(1)).until(() -> !output.getOut().contains("cannot track so many"));
    }

    /** Each read key then evicts another one, which Redis reports as a change, without end. */
    @Test
    void logsBeyondTheTrackingLimitHaveTheirOwnConnections(CapturedOutput output) {
        redis.ask("CONFIG", "SET", "tracking-table-max-keys", "40");
        EventLogFactory factory = newFactory(NONE_DEDICATED);
        List<EventLog> logs = logs(factory, 60);
        Map<EventLog, Collected<Event>> listeners = follow(logs);
        await().atMost(Duration.ofSeconds(30)).until(() -> output.getOut().contains("cannot track so many"));
        await().atMost(Duration.ofSeconds(30))
                .until(() ->
                        followed(factory).stream().mapToInt(FollowedLog::shared).sum() <= 40);
        logs.forEach(log -> redis.ask("XADD", log.name(), "*", "n", "1"));
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 1));
        assertThat(output.getOut()).containsOnlyOnce("cannot track so many");
    }

    @Tag("long")
    @Test
    void reportedExpiriesGiveNoLogItsOwnConnection(CapturedOutput output) {
        EventLogFactory factory = newFactory(NONE_DEDICATED);
        List<EventLog> logs = logs(factory, 30);
        logs.forEach(log -> redis.ask("XADD", log.name(), "*", "n", "1"));
        Map<EventLog, Collected<Event>> listeners = follow(logs);
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 1));
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            logs.forEach(log -> redis.ask("EXPIRE", log.name(), "3600"));
            // then the library suspects that Redis forgets keys, and looks at the limit
            return String.valueOf(redis.ask("INFO", "commandstats")).contains("cmdstat_config");
        });
        logs.forEach(log -> redis.ask("XADD", log.name(), "*", "n", "2"));
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 2));
        assertThat(followed(factory).stream().mapToInt(FollowedLog::shared).sum())
                .isEqualTo(30);
        assertThat(output.getOut()).doesNotContain("cannot track so many");
    }

    @Test
    void connectionIsClosedWithTheLastFollower() {
        EventLogFactory factory = newFactory(NONE_DEDICATED);
        List<EventLog> logs = logs(factory, 3);
        logs.get(0).add(Map.of("n", "1"));
        long before = connections();
        for (int round = 0; round < 3; round++) {
            List<Follower> followers = logs.stream()
                    .map(log -> log.follow(Tail.all(), Collected.events()))
                    .toList();
            await().until(() -> connections() == before + 1);
            followers.forEach(Follower::close);
            await().until(() -> connections() == before);
        }
        await().until(() -> threads("eventlog-feed-") == 0);
    }

    @Test
    void restartWithoutTheNewestEventsIsAGap() {
        EventLogFactory factory = newFactory(NONE_DEDICATED);
        List<EventLog> logs = logs(factory, 20);
        Map<EventLog, Collected<Event>> listeners = follow(logs);
        logs.forEach(log -> redis.ask("XADD", log.name(), "1-1", "n", "1"));
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 1));
        redis.keepData();
        logs.forEach(log -> redis.ask("XADD", log.name(), "2-1", "n", "lost"));
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 2));
        redis.kill();
        redis.restoreData();
        redis.start();
        logs.forEach(log -> redis.ask("XADD", log.name(), "2-1", "n", "another"));
        await().until(() -> listeners.values().stream().allMatch(listener -> listener.count() == 3));
        listeners.forEach((log, listener) -> {
            assertThat(listener.gaps()).as(log.name()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
            assertThat(listener.all().get(2)).isEqualTo(log.read(Tail.last(1)).get(0));
        });
    }

    private static List<EventLog> logs(EventLogFactory factory, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> factory.create("log:" + i))
                .toList();
    }

    private Map<EventLog, Collected<Event>> follow(List<EventLog> logs) {
        return logs.stream().collect(toMap(Function.identity(), log -> {
            Collected<Event> listener = Collected.events();
            closeLater(log.follow(Tail.all(), listener));
            return listener;
        }));
    }

    private static List<FollowedLog> followed(EventLogFactory factory) {
        return ((RedisEventLogFactory) factory).followedLogs();
    }

    private long connections() {
        return Long.parseLong(redis.info("clients", "connected_clients").strip());
    }

    private static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(name))
                .count();
    }
}
