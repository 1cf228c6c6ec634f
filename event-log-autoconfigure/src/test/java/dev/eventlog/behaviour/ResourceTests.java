package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.ClassUtils;

/** The connections and threads that followers need. */
class ResourceTests extends LogTests {

    @Tag("long")
    @Test
    void thousandClosedFollowersLeaveNothingBehind() {
        String client = "test-" + newName();
        EventLogFactory own = newFactory("spring.data.redis.client-name=" + client);
        EventLog log = own.create(newName());
        log.addAll(events(0, 3));
        long connections = connectionsNamed(client);
        Set<Thread> threads = Thread.getAllStackTraces().keySet();

        follow(log, 1_000);
        await().untilAsserted(() -> assertThat(connectionsNamed(client)).isLessThanOrEqualTo(connections + POOLED));
        await().untilAsserted(() -> assertThat(eventLogThreads(threads))
                .as("feed threads end at once; a few listener threads wait half a minute for more work")
                .noneMatch(name -> name.contains("feed"))
                .hasSizeLessThanOrEqualTo(8));
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads.size() + 16);
    }

    private void follow(EventLog log, int times) {
        for (int i = 0; i < times; i++) {
            Collected<Event> listener = Collected.events();
            try (Follower follower = log.follow(Tail.all(), listener)) {
                assertThat(follower.isRunning()).isTrue();
                if (i % 10 == 0) {
                    await().until(() -> listener.caughtUp() == 1);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pollsShareAConnection(boolean pool) throws Exception {
        EventLogFactory own =
                newFactory("spring.data.redis.lettuce.pool.enabled=" + pool, "eventlog.follow.poll-timeout=50ms");
        EventLog busy = own.create(newName());
        EventLog idle = own.create(newName());
        busy.add(event(0));
        Collected<Event> listener = Collected.events();
        Collected<Event> none = Collected.events();
        long before = connectionsReceived();
        closeLater(busy.follow(Tail.all(), listener));
        closeLater(idle.follow(Tail.all(), none));
        int number = 1;
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3); System.nanoTime() < end; number++) {
            busy.add(event(number));
            TimeUnit.MILLISECONDS.sleep(2); // a pace, not a wait: polls return one event, many, or none
        }
        int added = number;
        await().until(() -> listener.count() == added);
        assertThat(numbers(listener.all())).isEqualTo(range(0, added));
        assertThat(none.count()).isZero();
        assertThat(connectionsReceived() - before).isLessThanOrEqualTo(8);
    }

    @Test
    void stateOfALogOfSmallEventsIsReadWithoutAScript() {
        assumeTrue(POOLED == 0, "Jedis asks for the state by itself");
        EventLog log = factory.create(newName());
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        addOneByOne(log, listener, "");
        long before = scriptsRun();
        addOneByOne(log, listener, "");
        assertThat(scriptsRun() - before).isLessThan(10);
    }

    @Test
    void largeEventsAreSentToAFeedOnce() {
        String large = "x".repeat(50_000);
        EventLog log = factory.create(newName());
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        addOneByOne(log, listener, "");
        long before = info("stats", "total_net_output_bytes", "");
        addOneByOne(log, listener, large);
        assertThat(info("stats", "total_net_output_bytes", "") - before)
                .isGreaterThan(50 * large.length())
                .isLessThan(60 * large.length());
    }

    @Test
    void followersThatJoinLaterShareTheConnection() throws Exception {
        String client = "test-" + newName();
        EventLogFactory own = newFactory("spring.data.redis.client-name=" + client);
        EventLog log = own.create(newName());
        List<Collected<Event>> listeners = new ArrayList<>();
        try (Writer writer = Writer.start(factory.create(log.name()), 10_000, Duration.ofNanos(1))) {
            writer.awaitMore(1);
            for (int i = 0; i < 300; i++) {
                Collected<Event> listener = Collected.events();
                listeners.add(listener);
                closeLater(log.follow(Tail.last(0), listener));
            }
            assertThat(connectionsNamed(client)).isLessThanOrEqualTo(4 + POOLED);
            writer.awaitMore(1);
        }
        EventId last = log.lastId().orElseThrow();
        await().until(() -> listeners.stream().allMatch(listener -> {
            List<Event> got = listener.all();
            return !got.isEmpty() && got.get(got.size() - 1).id().equals(last);
        }));
    }

    private static void addOneByOne(EventLog log, Collected<Event> listener, String text) {
        for (int i = 0; i < 50; i++) {
            int expected = listener.count() + 1;
            log.add(Map.of("number", Integer.toString(i), "text", text));
            await().until(() -> listener.count() == expected);
        }
    }

    private long scriptsRun() {
        return info("commandstats", "cmdstat_evalsha", "calls=");
    }

    @Test
    void followersOfOneLogShareAConnection() {
        String client = "test-" + newName();
        EventLogFactory own = newFactory("spring.data.redis.client-name=" + client);
        EventLog log = own.create(newName());
        log.add(event(0));
        List<Collected<Event>> listeners = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Collected<Event> listener = Collected.events();
            listeners.add(listener);
            closeLater(log.follow(Tail.all(), listener));
        }
        log.add(event(1));
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 2));
        assertThat(connectionsNamed(client)).isLessThanOrEqualTo(4 + POOLED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void moreFollowedLogsThanPooledConnectionsStarveNobody(boolean pool) {
        assumeTrue(
                ClassUtils.isPresent("org.apache.commons.pool2.ObjectPool", null),
                "commons-pool2 is not on the classpath");
        EventLogFactory own = newFactory(
                "spring.data.redis.lettuce.pool.enabled=" + pool,
                "spring.data.redis.lettuce.pool.max-active=8",
                "spring.data.redis.jedis.pool.max-active=8",
                "eventlog.follow.poll-timeout=5s");
        List<EventLog> logs = new ArrayList<>();
        List<Collected<Event>> listeners = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            EventLog log = own.create(newName());
            logs.add(log);
            Collected<Event> listener = Collected.events();
            listeners.add(listener);
            closeLater(log.follow(Tail.all(), listener));
        }
        await().until(() -> listeners.stream().allMatch(listener -> listener.caughtUp() == 1));
        for (int i = 1; i <= 3; i++) {
            int count = i;
            long begin = System.nanoTime();
            logs.forEach(log -> log.add(event(count)));
            await().until(() -> listeners.stream().allMatch(listener -> listener.count() == count));
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
        }
        assertThat(logs).allSatisfy(log -> assertThat(log.read(Tail.all())).hasSize(3));
    }

    @Test
    void threadsGrowWithBusyListenersUpToALimit() {
        EventLogFactory own = newFactory("eventlog.follow.max-threads=3");
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        EventLog log = own.create(newName());
        log.add(event(0));
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger busy = new AtomicInteger();
        List<Collected<Event>> listeners = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Collected<Event> listener = Collected.and(batch -> {
                busy.incrementAndGet();
                go.await();
            });
            listeners.add(listener);
            closeLater(log.follow(Tail.all(), listener));
        }
        await().until(() -> busy.get() == 3);
        log.add(event(1));
        assertThat(eventLogThreads(before).stream().filter(name -> name.contains("listener")))
                .hasSize(3);
        assertThat(busy).hasValue(3);
        go.countDown();
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 2));
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void anyNumberOfListenersCanBlockOnVirtualThreads() {
        EventLogFactory own = newFactory("spring.threads.virtual.enabled=true", "eventlog.follow.max-threads=1");
        EventLog log = own.create(newName());
        log.add(event(0));
        CountDownLatch go = new CountDownLatch(1);
        List<Collected<Event>> listeners = new ArrayList<>();
        List<Boolean> virtual = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 300; i++) {
            Collected<Event> listener = Collected.and(batch -> {
                virtual.add(Thread.currentThread().toString().startsWith("VirtualThread"));
                go.await();
            });
            listeners.add(listener);
            closeLater(log.follow(Tail.all(), listener));
        }
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 1));
        log.add(event(1));
        go.countDown();
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 2));
        assertThat(virtual).containsOnly(true);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(strings = {"100ms", "1s"})
    void followersWorkWithACommandTimeoutShorterThanAPoll(String timeout) {
        EventLogFactory own = newFactory("spring.data.redis.timeout=" + timeout, "eventlog.follow.poll-timeout=2s");
        EventLog log = own.create(newName());
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        Awaitility.await()
                .during(Duration.ofMillis(2_500))
                .atMost(Duration.ofSeconds(5))
                .until(follower::isRunning);
        long begin = System.nanoTime();
        log.add(event(0));
        await().until(() -> listener.count() == 1);
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isLessThan(Duration.ofMillis(1_500)); // a poll takes 2 s
        assertThat(listener.failure()).isNull();
        assertThat(listener.gaps()).isEmpty();
    }

    private long connectionsReceived() {
        return info("stats", "total_connections_received", "");
    }

    /** The leading number of a field in the INFO of the server. */
    private long info(String section, String field, String name) {
        Properties info =
                redis.execute(connection -> connection.serverCommands().info(section), true);
        assertThat(info).isNotNull();
        String value = info.getProperty(field);
        assertThat(value).startsWith(name);
        return Long.parseLong(value.substring(name.length()).replaceFirst("\\D.*", ""));
    }
}
