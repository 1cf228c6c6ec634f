package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.Told;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * A managed failover: new connections reach the new master, while existing ones stay with the old master, which still
 * answers.
 */
@ExtendWith(OutputCaptureExtension.class)
class FailoverWithLiveConnectionsTests extends ServerTests {

    private static final Pattern ERRORS = Pattern.compile("errorstat_[^:]+:count=(\\d+)");
    private static final Pattern CALLS = Pattern.compile("cmdstat_(?:xread|evalsha|eval|xinfo[^:]*):calls=(\\d+)");
    private static final int SECONDS = 3;
    private static final int FEW = 5; // per second: the back-off between two attempts is 100 ms or 200 ms
    private static final int POLLS = 20; // per second: a poll takes 300 ms or returns events
    private static final int LARGE = 5_000;

    private final EmbeddedRedis next = closeLater(EmbeddedRedis.inMemory());
    private final Collected<Event> live = Collected.events();

    /** The feed has read other events before: for large events, it asks for the state in another way. */
    @ParameterizedTest
    @ValueSource(ints = {1, LARGE})
    void followerReceivesEventsOfTheNewMaster(int size, CapturedOutput output) {
        EventLog log = newFactory("eventlog.follow.recovery.delay=200ms").create("log");
        follow(log, 3, size);
        failOver();
        demote();
        addAtNext(4, 7);
        assertFewFailures();
        Told.awaitLast(live, 6);
        addAtNext(7, 10);
        Told.awaitLast(live, 9);
        Told.to(live).assertIs("1..9");
        assertThat(output.getAll().lines().filter(line -> line.contains("is interrupted")))
                .hasSizeLessThanOrEqualTo(2);
    }

    /**
     * Ends connections one by one, like a firewall or an idle timeout, while others are still connected to the old
     * master.
     */
    @Tag("long")
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void followerReceivesEventsWhicheverConnectionMovesFirst(boolean blockedOne) {
        assumeTrue(LogTests.DEDICATED, "a shared feed blocks nowhere");
        EventLog log = newFactory("eventlog.follow.poll-timeout=1s").create("log");
        follow(log, 3, LARGE);
        await().until(() -> redis.info("clients", "blocked_clients").equals("1"));
        failOver();
        for (String line : clients()) {
            if (line.contains("cmd=xread") == blockedOne) {
                redis.ask("CLIENT", "KILL", "ID", line.replaceAll("^id=(\\d+).*", "$1"));
            }
        }
        if (!blockedOne) { // a blocked client learns of the new master only when its own server follows it
            demote();
        }
        addAtNext(4, 8);
        assertFewFailures();
        Told.awaitLast(live, 7);
        demote();
        addAtNext(8, 31);
        Told.awaitLast(live, 30);
        Told.to(live).assertIs("1..30");
    }

    /** Pages come from another connection than new events. */
    @Test
    void farBehindFollowerReceivesAllEventsOfTheNewMaster() {
        EventLog log = newFactory().create("log");
        Collected<Event> slow = Collected.and(batch -> TimeUnit.MILLISECONDS.sleep(30));
        closeLater(log.follow(Tail.all(), slow));
        follow(log, 199, 1);
        failOver();
        demote();
        addAtNext(200, 301);
        Told.awaitLast(live, 300);
        Told.awaitLast(slow, 300);
        Told.to(live).assertIs("1..300");
        Told.to(slow).assertIs("1..300");
    }

    /** Both masters accept writes for a while. Then the writes of the old one are lost. */
    @Tag("long")
    @ParameterizedTest
    @ValueSource(ints = {1, LARGE})
    void followerReceivesOneGapForTheLostEventsOfTheOldMaster(int size) {
        EventLog log = newFactory().create("log");
        follow(log, 10, size);
        failOver();
        add("log", 1001, 1004);
        Told.awaitLast(live, 1003);
        addAtNext(11, 31);
        demote();
        Told.awaitLast(live, 30);
        assertFewFailures();
        Told.to(live).assertIs("1..10, 1001..1003, BEGAN_AGAIN, 11..30").assertMissed(-1);
    }

    /** A server that becomes a replica keeps its connections, and its data is replaced with that of its master. */
    @Test
    void followerReceivesAGapIfItsServerBecomesAReplicaOfAnother() {
        EventLog log = newFactory("spring.data.redis.timeout=20s").create("log");
        addWithId("log", "4-1", 1);
        addWithId("log", "5-1", 2);
        next.ask("XADD", "log", "4-1", "n", "1");
        next.ask("XADD", "log", "4-5", "n", "1004"); // nobody would look for this event
        next.ask("XADD", "log", "9-1", "n", "1009");
        next.ask("XADD", "log", "9-2", "n", "1010");
        next.ask("XDEL", "log", "9-2"); // so that the event at 5-1 might have been retracted, too
        closeLater(log.follow(Tail.all(), live));
        Told.awaitLast(live, 2);
        proxy.delay(Duration.ofSeconds(4));
        await().until(() ->
                redis.info("clients", "blocked_clients").equals("0")); // otherwise its clients would be notified
        demote();
        await().until(() -> redis.info("replication", "master_link_status").equals("up"));
        proxy.delay(Duration.ZERO);
        Told.awaitLast(live, 1009);
        Told.to(live).assertIs("1..2, BEGAN_AGAIN, 1004, 1009");
    }

    /** All kinds of adds, and although no other part of the application detects the failover. */
    @Test
    void addsReachTheNewMasterWithoutTooManyConnections() {
        EventLogFactory factory = newFactory();
        EventLog log = factory.create("log");
        EventLog expiring = factory.create("log", options -> options.ttlAfterLastAdd(Duration.ofHours(1)));
        log.add(event(0));
        expiring.add(event(1));
        next.ask("REPLICAOF", "127.0.0.1", Integer.toString(redis.port()));
        await().until(() -> next.info("replication", "master_link_status").equals("up"));
        await().until(() -> String.valueOf(next.ask("XLEN", "log")).equals("2"));
        next.ask("REPLICAOF", "NO", "ONE");
        demote();
        long connectionsBefore = Long.parseLong(redis.info("stats", "total_connections_received"));
        for (int attempt = 0; attempt < 200; attempt++) { // while the connection still leads to the old master
            assertThatExceptionOfType(EventLogUnavailableException.class)
                    .isThrownBy(() -> log.add(event(2)))
                    .withMessageContaining("READONLY");
        }
        assertThat(Long.parseLong(redis.info("stats", "total_connections_received")) - connectionsBefore)
                .as("connections for 200 failed adds, and of this test")
                .isLessThan(20);
        proxy.leadTo(next.uri());
        eventually(() -> expiring.addAll(events(2, 4)));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1, 2, 3);
        assertThat(next.ask("XLEN", "log")).isEqualTo(4L);
    }

    /** Adds events of the same size, and follows them. */
    private void follow(EventLog log, int count, int size) {
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> live.caughtUp() == 1);
        for (int n = 1; n <= count; n++) {
            redis.ask("XADD", "log", "*", "n", Integer.toString(n), "text", "x".repeat(size));
        }
        Told.awaitLast(live, count);
    }

    private void demote() {
        redis.ask("REPLICAOF", "127.0.0.1", Integer.toString(next.port()));
    }

    private void failOver() {
        next.ask("REPLICAOF", "127.0.0.1", Integer.toString(redis.port()));
        await().until(() -> next.info("replication", "master_link_status").equals("up"));
        await().until(() -> String.valueOf(next.ask("XLEN", "log")).equals(String.valueOf(redis.ask("XLEN", "log"))));
        next.ask("REPLICAOF", "NO", "ONE");
        proxy.leadTo(next.uri());
    }

    private void addAtNext(int from, int to) {
        for (int n = from; n < to; n++) {
            next.ask("XADD", "log", "*", "n", Integer.toString(n));
        }
    }

    private List<String> clients() {
        return String.valueOf(redis.ask("CLIENT", "LIST"))
                .lines()
                .filter(line ->
                        !line.contains("cmd=client") && !line.contains("cmd=psync") && !line.contains("cmd=replconf"))
                .toList();
    }

    /** Observes for three seconds. */
    private void assertFewFailures() {
        long failures = sum(ERRORS, "errorstats");
        long calls = sum(CALLS, "commandstats");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        Awaitility.await().atMost(Duration.ofSeconds(SECONDS + 2)).until(() -> System.nanoTime() > end);
        assertThat(sum(ERRORS, "errorstats") - failures)
                .as("failures in %d s", SECONDS)
                .isLessThanOrEqualTo(FEW * SECONDS);
        assertThat(sum(CALLS, "commandstats") - calls)
                .as("calls in %d s, while nothing is added", SECONDS)
                .isLessThanOrEqualTo(POLLS * SECONDS);
    }

    private long sum(Pattern pattern, String section) {
        return Stream.of(redis, next)
                .flatMap(server -> pattern.matcher(String.valueOf(server.ask("INFO", section)))
                        .results())
                .map(match -> match.group(1))
                .mapToLong(Long::parseLong)
                .sum();
    }
}
