package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventPositions;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.ChildJvm;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.FlakyPositions;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** Named followers and their leases when Redis, the network, or the process fails. */
@Tag("faults")
class NamedFollowerFaultTests extends ClosingTests {

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.onDisk());

    /** Another process that follows the log and is killed. */
    static final class Other {

        public static void main(String[] arguments) throws IOException {
            ConfigurableApplicationContext application = start(URI.create(arguments[0]));
            TestApplication.factory(application)
                    .create("log")
                    .follow(
                            Tail.all(),
                            batch -> numbers(batch).forEach(n -> System.out.println("took " + n)),
                            options -> options.named("invoices"));
            System.out.println("follows");
            int unused = System.in.read();
        }
    }

    @Test
    void anotherProcessTakesOverFromAKilledOne() {
        ConfigurableApplicationContext application = closeLater(start(redis.uri()));
        EventLog log = TestApplication.factory(application).create("log");
        ChildJvm other =
                closeLater(new ChildJvm("128m", Other.class, redis.uri().toString()));
        log.addAll(events(0, 10));
        other.await("took 9");
        Collected<Event> listener = Collected.events();
        follow(application, listener);
        log.add(event(10));
        other.await("took 10");
        assertThat(listener.calls()).isEmpty();
        other.close();
        log.addAll(events(11, 20));
        await().until(() -> numbers(listener.all()).contains(19));
        // it may have died before it stored the last position
        assertThat(numbers(listener.all())).isSubsetOf(range(10, 20)).containsAll(range(11, 20));
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void disconnectedFollowerStopsAndAnotherTakesOver() throws Exception {
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        ConfigurableApplicationContext cutOff = closeLater(start(proxy.uri()));
        ConfigurableApplicationContext application = closeLater(start(redis.uri()));
        EventLog log = TestApplication.factory(application).create("log");
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> first = Collected.and(batch -> go.await());
        follow(cutOff, first);
        log.addAll(events(0, 20));
        await().until(() -> first.count() == 5);
        proxy.refuse();
        proxy.cut();
        Collected<Event> second = Collected.events();
        follow(application, second);
        await().until(() -> second.count() == 20);
        assertThat(numbers(second.all())).as("the first batch was not stored").isEqualTo(range(0, 20));
        go.countDown(); // allows the disconnected follower to continue if it wants to
        proxy.accept();
        log.addAll(events(20, 25));
        await().until(() -> second.count() == 25);
        assertThat(numbers(first.all())).as("no batch except the running one").isEqualTo(range(0, 5));
        application.close();
        log = TestApplication.factory(closeLater(start(redis.uri()))).create("log");
        log.addAll(events(25, 30));
        await().until(() -> first.count() == 10);
        assertThat(numbers(first.all().subList(5, 10))).isEqualTo(range(25, 30));
        assertThat(first.overlapped()).isFalse();
    }

    /** The request for its lock gets no answer, so nobody reports that it lost the lease. */
    @Test
    void followerWithoutRepliesDeliversNothingAfterItsLease() throws Exception {
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        EventPositions elsewhere = new FlakyPositions();
        ConfigurableApplicationContext deaf = closeLater(TestApplication.startOn(
                proxy.uri(),
                EventPositions.class,
                elsewhere,
                "spring.data.redis.timeout=20s",
                "eventlog.follow.batch-size=5",
                "eventlog.follow.lease=500ms"));
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> listener = Collected.and(batch -> go.await());
        Follower follower = follow(deaf, listener);
        await().until(() -> listener.caughtUp() == 1);
        EventLog log = TestApplication.factory(closeLater(start(redis.uri()))).create("log");
        log.addAll(events(0, 20));
        await().until(() -> listener.count() == 5);
        proxy.swallow();
        await().pollDelay(Duration.ofSeconds(1)).until(() -> true);
        go.countDown();
        await().until(() -> follower.position().equals(listener.all().get(4).id()));
        await().during(Duration.ofMillis(300)).until(() -> listener.count() == 5);
        proxy.pass();
        proxy.cut();
        await().until(() -> listener.count() == 20);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 20));
    }

    @Test
    void followerEndsAndGivesUpItsLeaseAlthoughItsPositionsThrowAnError() {
        BrokenPositions positions = new BrokenPositions();
        ConfigurableApplicationContext application = closeLater(TestApplication.startOn(
                redis.uri(), EventPositions.class, positions, "eventlog.follow.recovery.delay=30ms"));
        EventLog log = TestApplication.factory(application).create("log");
        Collected<Event> listener = Collected.events();
        Follower follower = follow(application, listener);
        await().until(() -> listener.caughtUp() == 1);
        positions.flaky.away = true;
        log.add(event(0));
        await().until(() -> positions.flaky.refused.get() > 0); // so the position must be stored at the end
        positions.broken = true;
        follower.close();
        assertThat(follower.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(5))
                .isEqualTo(Follower.EndReason.CLOSED);
        assertThat(redis.ask("EXISTS", "eventlog:lock:invoices@log")).isEqualTo(0L);
    }

    /** Positions that can throw an error. */
    private static final class BrokenPositions implements EventPositions {

        private final FlakyPositions flaky = new FlakyPositions();
        private volatile boolean broken;

        @Override
        public Optional<EventId> load(String name, String log) {
            return flaky.load(name, log);
        }

        @Override
        public boolean store(String name, String log, @Nullable EventId before, EventId position) {
            if (broken) {
                throw new NoClassDefFoundError("on purpose");
            }
            return flaky.store(name, log, before, position);
        }
    }

    @Test
    void followersRepeatNothingAfterARestartWithTheData() {
        ConfigurableApplicationContext application = closeLater(start(redis.uri()));
        EventLog log = TestApplication.factory(application).create("log");
        Collected<Event> listener = Collected.events();
        Collected<Event> waiting = Collected.events();
        Follower follower = follow(application, listener);
        await().until(() -> listener.caughtUp() == 1);
        follow(application, waiting);
        for (int round = 0; round < 2; round++) {
            int first = 10 * round;
            log.addAll(events(first, first + 10));
            await().until(() -> listener.count() + waiting.count() == first + 10);
            redis.kill();
            redis.start();
            await().ignoreExceptions().until(() -> log.size() >= first + 10);
        }
        await().ignoreExceptions().until(() -> !log.add(event(20)).equals(EventId.MIN));
        await().until(() -> listener.count() + waiting.count() == 21);
        assertThat(Stream.of(listener, waiting)
                        .flatMap(each -> numbers(each.all()).stream())
                        .sorted())
                .isEqualTo(range(0, 21));
        assertThat(listener.gaps()).isEmpty();
        assertThat(follower.isRunning()).isTrue();
    }

    @Test
    void followersContinueAfterARestartWithoutTheData() {
        ConfigurableApplicationContext application = closeLater(start(redis.uri()));
        EventLog log = TestApplication.factory(application).create("log");
        Collected<Event> listener = Collected.events();
        follow(application, listener);
        log.addAll(events(0, 10));
        await().until(() -> listener.count() == 10);
        redis.kill();
        redis.deleteData();
        redis.start();
        await().ignoreExceptions().until(() -> log.addAll(events(10, 20)).size() == 10);
        await().until(() -> listener.count() == 20);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 20));
    }

    private static ConfigurableApplicationContext start(URI redis) {
        return TestApplication.startOn(
                redis,
                "spring.data.redis.timeout=500ms",
                "spring.data.redis.connect-timeout=500ms",
                "eventlog.follow.batch-size=5",
                "eventlog.follow.poll-timeout=300ms",
                "eventlog.follow.recovery.delay=30ms",
                "eventlog.follow.recovery.max-delay=300ms",
                "eventlog.follow.lease=1s");
    }

    private Follower follow(ConfigurableApplicationContext application, EventBatchListener<Event> listener) {
        return closeLater(TestApplication.factory(application)
                .create("log")
                .follow(Tail.all(), listener, options -> options.named("invoices")));
    }
}
