package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EachKindOfFollower;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.SentinelSetup;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.Writer;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** Logs on a master that its replica replaces. The application finds the master through a sentinel. */
@Tag("faults")
class SentinelTests extends ClosingTests {

    private static final int LONG = 5_000;

    private static final Duration SOON = Duration.ofNanos(300_000);

    private final SentinelSetup setup = closeLater(SentinelSetup.start());

    @Test
    void followersReceiveEveryEventOrAGapAfterAKilledMaster() {
        EachKindOfFollower followers = closeLater(new EachKindOfFollower(longLog(start())));
        Writer writer = closeLater(Writer.start(log(start()), LONG, SOON));
        writer.awaitMore(100);
        followers.catchUp();
        EmbeddedRedis killed = setup.killMaster();
        writer.awaitMore(100);
        killed.start();
        writer.awaitMore(100);
        writer.close();

        List<Integer> lost = writer.assertNoneTwice(followers.assertNothingMissedInSilence(0));
        System.out.println("Redis lost " + lost.size() + " events");
    }

    /** The old master learns of the failover ten seconds later. Adds of its clients until then are lost. */
    @Tag("long")
    @Test
    void followersReceiveEveryEventOrAGapAfterAFailover() {
        EachKindOfFollower followers =
                closeLater(new EachKindOfFollower(longLog(start("eventlog.follow.window-size=1000"))));
        Writer before = closeLater(Writer.start(log(start()), LONG, Duration.ofMillis(4)));
        before.awaitMore(100);
        followers.catchUp();
        EmbeddedRedis old = setup.master();
        setup.failover();
        Writer after = closeLater(Writer.start(log(start()), 1_000_000, Duration.ofMillis(3)));
        await().atMost(Duration.ofSeconds(20))
                .ignoreExceptions() // the demotion closes all connections, including the one of this question
                .until(() -> old.info("replication", "role").equals("slave"));
        before.awaitMore(100);
        after.awaitMore(100);
        before.close();
        after.close();

        // The point where the logs diverge is known to a tenth of a window if it is not in the window.
        List<Event> inTheEnd = followers.assertNothingMissedInSilence(100);
        assertThat(after.assertNoneTwice(inTheEnd)).isEmpty();
        System.out.println("Redis lost " + before.assertNoneTwice(inTheEnd).size() + " events");
    }

    @Test
    void followersReceiveAGapIfAFailoverLosesTheNewestEvents() {
        EventLog log = log(start());
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        setup.stopReplication();
        EventId last = log.addAll(events(10, 15)).get(4);
        await().until(() -> listener.count() == 15);
        setup.killMaster();
        await().ignoreExceptions().until(() -> log.size() == 10);
        await().until(() -> !log.read(Tail.all()).isEmpty());
        log.addAll(events(15, 25));
        await().until(() -> listener.count() >= 25);

        assertThat(numbers(log.read(Tail.all()))).hasSize(20);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 25));
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
        assertThat(listener.gaps()).extracting(Gap::lastSeen).containsExactly(last);
    }

    @Tag("long")
    @Test
    void logsAreReadFromTheMasterDespiteReplicaReads() {
        EventLog log = log(start("spring.data.redis.lettuce.read-from=replica-preferred"));
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        setup.stopReplication();
        EventLog writing = log(start());
        writing.addAll(events(10, 2_000));
        await().until(() -> listener.count() == 2_000);
        Collected<Event> second = Collected.events();
        closeLater(log.follow(Tail.all(), second));
        await().until(() -> second.caughtUp() == 1);
        writing.add(event(2_000));
        await().until(() -> second.count() == 2_001 && listener.count() == 2_001);

        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 2_001));
        for (Collected<Event> each : List.of(listener, second)) {
            assertThat(numbers(each.all())).isEqualTo(range(0, 2_001));
            assertThat(each.gaps()).isEmpty();
        }
    }

    private EventLog longLog(ConfigurableApplicationContext application) {
        EventLog log = log(application);
        for (int i = 0; i < LONG; i += 1_000) {
            log.addAll(events(i, i + 1_000));
        }
        return log;
    }

    private static EventLog log(ConfigurableApplicationContext application) {
        return TestApplication.factory(application).create("log");
    }

    private ConfigurableApplicationContext start(String... properties) {
        return closeLater(TestApplication.startElsewhere(Stream.of(
                        setup.properties().stream(),
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
                .toArray(String[]::new)));
    }
}
