package dev.eventlog;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.Told;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A managed failover: new connections reach the new master, those that there are stay with the old one, which answers still. */
@ExtendWith(OutputCaptureExtension.class)
class FailoverWithLiveConnectionsTests extends ServerTests {

    private static final Pattern ERRORS = Pattern.compile("errorstat_[^:]+:count=(\\d+)");
    private static final Pattern CALLS = Pattern.compile("cmdstat_(?:xread|evalsha|eval|xinfo[^:]*):calls=(\\d+)");
    private static final int SECONDS = 3;
    private static final int FEW = 5; // a second: 100 ms or 200 ms of back-off between two tries
    private static final int POLLS = 20; // a second: one takes 300 ms, or brings something

    private final EmbeddedRedis next = closeLater(EmbeddedRedis.inMemory());
    private final Collected<Event> live = Collected.events();

    /** With what the feed has seen before: nothing, a small event, or large ones, of which it asks the state otherwise. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5_000})
    void followerGetsWhatIsWrittenAtTheNewMaster(int size, CapturedOutput output) {
        EventLog log = newFactory("eventlog.follow.recovery.delay=200ms").create("log");
        add("log", 1, 4);
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> live.caughtUp() == 1);
        if (size > 0) {
            redis.ask("XADD", "log", "*", "n", "4", "text", "x".repeat(size));
            await().until(() -> live.count() == 4);
        } else {
            add("log", 4, 5);
            await().until(() -> live.count() == 4);
        }
        failOver();
        redis.ask("REPLICAOF", "127.0.0.1", Integer.toString(next.port()));
        addAtNext(5, 8);
        await().until(() -> Told.has(live, 7));
        assertFewFailures();
        addAtNext(8, 11);
        await().until(() -> Told.has(live, 10));
        Told.to(live).assertIs("1..10");
        assertThat(output.getAll().lines().filter(line -> line.contains("is interrupted")))
                .hasSizeLessThanOrEqualTo(2);
    }

    /** One by one, as a firewall or an idle time-out ends them: each time another one of the application's is at the new master. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void followerGetsWhatIsWrittenWhicheverConnectionMovesFirst(boolean blockedOne) {
        EventLog log = newFactory("eventlog.follow.poll-timeout=5s").create("log");
        add("log", 1, 4);
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> live.caughtUp() == 1);
        await().until(() -> redis.info("clients", "blocked_clients").equals("1"));
        failOver();
        for (String line : clients()) {
            if (line.contains("cmd=xread") == blockedOne) {
                redis.ask("CLIENT", "KILL", "ID", line.replaceAll("^id=(\\d+).*", "$1"));
            }
        }
        if (!blockedOne) { // its connection is at the old master, which says so only when it follows the new one
            redis.ask("REPLICAOF", "127.0.0.1", Integer.toString(next.port()));
        }
        addAtNext(4, 31);
        await().until(() -> Told.has(live, 30));
        assertFewFailures();
        addAtNext(31, 34);
        await().until(() -> Told.has(live, 33));
        Told.to(live).assertIs("1..33");
    }

    /** Its pages come by another connection than what is new. */
    @Test
    void followerThatIsFarBehindGetsAllThatTheNewMasterHas() {
        EventLog log = newFactory().create("log");
        add("log", 1, 200);
        Collected<Event> slow = Collected.and(batch -> TimeUnit.MILLISECONDS.sleep(30));
        closeLater(log.follow(Tail.all(), live));
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> live.count() == 199 && slow.count() > 0);
        failOver();
        redis.ask("REPLICAOF", "127.0.0.1", Integer.toString(next.port()));
        addAtNext(200, 301);
        await().until(() -> Told.has(live, 300) && Told.has(slow, 300));
        Told.to(live).assertIs("1..300");
        Told.to(slow).assertIs("1..300");
    }

    /** Both take writes for a while; then the old one's are lost. */
    @Test
    void followerIsToldThatTheOldMastersLastEventsAreLost() {
        EventLog log = newFactory().create("log");
        add("log", 1, 11);
        closeLater(log.follow(Tail.all(), live));
        await().until(() -> live.count() == 10);
        failOver();
        add("log", 1001, 1004);
        await().until(() -> Told.has(live, 1003));
        addAtNext(11, 31);
        redis.ask("REPLICAOF", "127.0.0.1", Integer.toString(next.port()));
        await().until(() -> Told.has(live, 30));
        assertFewFailures();
        Told.to(live).assertIs("1..10, 1001..1003, BEGAN_AGAIN, 11..30").assertMissed(-1);
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

    /** Looks for three seconds. */
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
