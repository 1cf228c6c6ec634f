package dev.eventlog.behaviour;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import dev.eventlog.LogPattern;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.test.Heard;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.ClassUtils;

/** Followers of many logs with one listener: the logs of a pattern, and the logs of a set of names. */
@ExtendWith(OutputCaptureExtension.class)
class ManyLogsTests extends ServerTests {

    private static final String SHARED = "eventlog.follow.dedicated-connections=0";
    private static final String DEDICATED = "eventlog.follow.dedicated-connections=100";
    private static final String SWEEP_SOON = "eventlog.follow.sweep-interval=200ms";
    private static final boolean LETTUCE = ClassUtils.isPresent("io.lettuce.core.RedisClient", null);

    @Test
    @Tag("server") // the server must list its clients with their flags
    void idleTrackingConnectionIsKept() {
        assumeTrue(LETTUCE);
        EventLogFactory factory = newFactory(); // checks the connection every 150 ms, and waits 2 s for an answer
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), new Heard()));
        List<String> first = linesThatListen();
        assertThat(first).hasSize(1);

        await().during(Duration.ofSeconds(4))
                .atMost(Duration.ofSeconds(30))
                .until(() -> linesThatListen().equals(first));
    }

    private List<String> linesThatListen() {
        return Stream.of(String.valueOf(redis.ask("CLIENT", "LIST")).split("\n"))
                .filter(line -> line.matches(".* flags=\\S*B.*"))
                .map(line -> line.substring(0, line.indexOf(' ')))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void eachLogOfAPatternIsFollowedWholeAndInOrder(String feeds) {
        EventLogFactory factory = newFactory(feeds);
        for (int i = 0; i < 40; i++) {
            add("orders:" + i, 0, 20);
        }
        add("others:1", 0, 5);
        redis.ask("HSET", "orders:none", "field", "value");
        Heard heard = new Heard();
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.last(10), heard));
        assertThat(follower.logs()).hasSize(40).doesNotContain("orders:none", "others:1");
        for (int i = 0; i < 60; i++) { // the last twenty logs begin now
            add("orders:" + i, 20, 40);
        }
        await().until(() -> heard.count() == 40 * 30 + 20 * 20);
        for (int i = 0; i < 60; i++) {
            assertThat(numbers(heard.of("orders:" + i))).isEqualTo(i < 40 ? range(10, 40) : range(20, 40));
        }
        await().until(() -> heard.caughtUp.size() == 60);
        assertThat(heard.overlapped).isFalse();
        assertThat(heard.gaps).isEmpty();
        assertThat(heard.failures).isEmpty();
        assertThat(heard.events).hasSize(60);
        assertThat(follower.positions())
                .hasSize(60)
                .containsEntry("orders:7", factory.create("orders:7").lastId().orElseThrow());
        follower.close();
        await().until(() -> follower.completion().toCompletableFuture().isDone());
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(Follower.EndReason.CLOSED);
    }

    @Test
    void newLogsAreFollowedFromTheirFirstEventWithinASecond() {
        EventLogFactory factory = newFactory(SHARED);
        add("orders:old", 0, 3);
        Heard heard = new Heard();
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard));
        for (int round = 0; round < 5; round++) {
            String log = "orders:" + round;
            add(log, 0, 3);
            await().atMost(Duration.ofMillis(LETTUCE ? 1_000 : 3_000))
                    .until(() -> heard.of(log).size() == 3);
        }
        add("orders:old", 3, 4);
        await().until(() -> heard.of("orders:old").size() == 1);
        assertThat(numbers(heard.of("orders:old"))).containsExactly(3);
    }

    @Test
    void keyPrefixIsNeitherAPatternNorPartOfAName() {
        EventLogFactory factory = newFactory("eventlog.key-prefix=a[b]*?\\:");
        add("a[b]*?\\:orders:1", 0, 1);
        add("ab-x\\:orders:2", 0, 1);
        add("a[b]*?\\:orders?2", 0, 1);
        Heard heard = new Heard();
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), heard));
        add("ab-x\\:orders:3", 0, 1);
        add("a[b]*?\\:orders:4", 0, 1);
        await().until(() -> heard.events.size() == 2);
        assertThat(heard.events).containsOnlyKeys("orders:1", "orders:4");
        try (Stream<String> names = factory.names("orders:*")) {
            assertThat(names).containsExactlyInAnyOrder("orders:1", "orders:4");
        }
        try (Stream<String> names = factory.names("orders?2")) {
            assertThat(names).containsExactly("orders?2");
        }
    }

    @Test
    void namesAreReadPageByPage() {
        EventLogFactory factory = newFactory();
        redis.ask(
                "EVAL",
                "for i = 1, 5000 do redis.call('XADD', 'orders:' .. i, '*', 'n', '1') redis.call('SET', 'x' .. i, '') end",
                "0");
        try (Stream<String> names = factory.names("orders:*")) {
            assertThat(names.distinct().count()).isEqualTo(5_000);
        }
        long before = scans();
        try (Stream<String> names = factory.names("*")) {
            assertThat(names.findFirst()).isPresent();
        }
        assertThat(scans() - before).isEqualTo(1);
        assertThatIllegalArgumentException().isThrownBy(() -> factory.names(" "));
    }

    private long scans() {
        Matcher calls = Pattern.compile("calls=(\\d+)").matcher(redis.info("commandstats", "cmdstat_scan"));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void deletedLogIsForgottenAndFoundWhenItBeginsAgain(String feeds) {
        EventLogFactory factory = newFactory(feeds, SWEEP_SOON);
        add("orders:1", 0, 3);
        add("orders:2", 0, 3);
        Heard heard = new Heard();
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), heard));
        await().until(() -> heard.count() == 6);
        for (int round = 1; round <= 3; round++) {
            int all = 3 * (round + 1);
            redis.ask("DEL", "orders:1");
            await().until(() -> follower.logs().equals(Set.of("orders:2")));
            add("orders:1", all - 3, all);
            await().until(() -> heard.of("orders:1").size() == all);
        }
        assertThat(numbers(heard.of("orders:1"))).isEqualTo(range(0, 12));
        assertThat(numbers(heard.of("orders:2"))).isEqualTo(range(0, 3));
        assertThat(heard.failures).isEmpty();
    }

    /** The finder notices the deletion before the feed. It closes the follower, and another follower then continues. */
    @Test
    void onCaughtUpIsNotRepeatedForALogDeletedDuringTheCall() {
        EventLogFactory factory = newFactory(DEDICATED, SWEEP_SOON, "eventlog.follow.poll-timeout=10s");
        add("orders:1", 0, 1);
        AtomicInteger events = new AtomicInteger();
        AtomicInteger caughtUp = new AtomicInteger();
        CountDownLatch mayReturn = new CountDownLatch(1);
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), new LogsListener<Event>() {
            @Override
            public void onBatch(String log, List<Event> batch) {
                events.addAndGet(batch.size());
            }

            @Override
            public void onCaughtUp(String log) throws InterruptedException {
                caughtUp.incrementAndGet();
                mayReturn.await();
            }
        }));
        await().until(() -> caughtUp.get() == 1);
        redis.ask("DEL", "orders:1");
        long before = scans();
        await().until(() -> scans() >= before + 2); // after the first scan, the finder closes the follower
        add("orders:1", 1, 2);
        mayReturn.countDown();
        await().until(() -> events.get() == 2);
        add("orders:1", 2, 3);
        await().until(() -> events.get() == 3);
        assertThat(caughtUp).hasValue(1);
    }

    @Test
    void completeLogIsForgottenWhenDeletedAndFoundAgain() {
        EventLogFactory factory = newFactory(SHARED, SWEEP_SOON);
        Heard heard = new Heard();
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), heard));
        for (int round = 0; round < 2; round++) {
            int added = round + 1;
            add("orders:1", round, added);
            factory.create("orders:1").complete();
            await().until(() -> heard.count() == added && heard.completions.get() == added);
            factory.create("orders:1").delete();
            await().until(() -> follower.logs().isEmpty());
        }
        assertThat(numbers(heard.of("orders:1"))).containsExactly(0, 1);
        assertThat(heard.gaps).isEmpty();
        assertThat(heard.failures).isEmpty();
    }

    @ParameterizedTest
    @Tag("server")
    @ValueSource(booleans = {true, false})
    void completeLogThatBeginsAgainIsFollowedFromItsFirstEvent(boolean redisTells) {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", redisTells ? "+client" : "-client");
        EventLogFactory factory = newFactory(
                URI.create(redis.uri().toString().replace("redis://", "redis://app:secret@")),
                "eventlog.follow.scan-interval=100ms",
                redisTells && LETTUCE ? "eventlog.follow.sweep-interval=1h" : SWEEP_SOON);
        Heard heard = new Heard();
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), heard));
        EventLog log = factory.create("orders:1");
        for (int round = 0; round < 3; round++) {
            int first = 10 * round;
            add("orders:1", first, first + 3);
            await().until(() -> heard.count() == first + 3);
            log.complete();
            int completions = round + 1;
            await().until(() -> heard.completions.get() == completions);
            redis.ask(
                    "EVAL",
                    "redis.call('DEL', KEYS[1]) redis.call('XADD', KEYS[1], '*', 'n', ARGV[1])",
                    "1",
                    "orders:1",
                    Integer.toString(first + 3));
            await().until(() -> heard.count() == first + 4);
            add("orders:1", first + 4, first + 10);
            await().until(() -> heard.count() == first + 10);
        }
        assertThat(numbers(heard.of("orders:1"))).isEqualTo(range(0, 30));
        assertThat(heard.gaps).isEmpty();
        assertThat(heard.failures).isEmpty();
    }

    @Tag("long")
    @Test
    void logsThatComeAndGoLoseNoEvent() {
        EventLogFactory factory = newFactory(SHARED, "eventlog.follow.sweep-interval=100ms");
        Heard heard = new Heard();
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard));
        for (int i = 0; i < 100; i++) {
            int sum = i + 1;
            String log = "orders:" + i % 3;
            add(log, i, i + 1);
            await().until(() -> heard.count() == sum);
            redis.ask("DEL", log);
            if (i % 10 == 0) {
                await().until(() -> !follower.logs().contains(log));
            }
        }
        assertThat(heard.count()).isEqualTo(100);
    }

    @Test
    void failureAtOneLogDoesNotStopTheOthers() {
        EventLogFactory factory = newFactory(SHARED);
        Heard heard = new Heard((log, batch) -> {
            if (log.equals("orders:bad")) {
                throw new IllegalStateException("on purpose");
            }
        });
        add("orders:bad", 0, 1);
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), heard));
        await().until(() -> heard.failures.containsKey("orders:bad"));
        add("orders:good", 0, 3);
        await().until(() -> heard.of("orders:good").size() == 3);
        await().until(() -> follower.failures().containsKey("orders:bad"));
        assertThat(follower.failures().get("orders:bad")).hasMessage("on purpose");
        assertThat(follower.logs()).containsExactly("orders:good");
        assertThat(follower.isRunning()).isTrue();
    }

    @Test
    void blockedListenerOfOneLogDelaysNoOther() {
        EventLogFactory factory = newFactory(SHARED);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        Heard heard = new Heard((log, batch) -> {
            if (log.equals("orders:slow")) {
                mayGoOn.await();
            }
        });
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard, options -> options.concurrency(3)));
        add("orders:slow", 0, 1);
        await().until(() -> heard.busy.contains("orders:slow"));
        for (int i = 0; i < 30; i++) {
            add("orders:" + i, 0, 10);
        }
        await().until(() -> heard.count() == 301);
        assertThat(heard.mostAtOnce).hasValueBetween(2, 3);
        mayGoOn.countDown();
    }

    @Test
    void noCallbackIsCalledAfterClose() {
        EventLogFactory factory = newFactory(SHARED);
        AtomicReference<LogsFollower> follower = new AtomicReference<>();
        Heard heard = new Heard((log, batch) -> {
            LogsFollower itself = follower.get();
            if (itself != null) {
                itself.close();
            }
        });
        LogsFollower follows = closeLater(
                factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard, options -> options.concurrency(1)));
        follower.set(follows);
        for (int i = 0; i < 20; i++) {
            add("orders:" + i, 0, 1);
        }
        await().until(() -> follows.completion().toCompletableFuture().isDone());
        assertThat(heard.count()).isEqualTo(1);
        assertThat(follows.isRunning()).isFalse();
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("eventlog-feed-")));
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void setOfLogsGrowsAndShrinks(String feeds) {
        EventLogFactory factory = newFactory(feeds);
        Heard heard = new Heard();
        LogSetFollower follower = closeLater(factory.follow(List.of("a", "b"), Tail.all(), heard));
        add("a", 0, 2);
        add("c", 0, 2);
        await().until(() -> heard.count() == 2);
        assertThat(follower.add("c")).isTrue();
        assertThat(follower.add("c")).isFalse();
        await().until(() -> heard.count() == 4);
        assertThat(follower.remove("a")).isTrue();
        assertThat(follower.remove("a")).isFalse();
        add("a", 2, 4);
        add("b", 0, 2);
        await().until(() -> heard.of("b").size() == 2);
        assertThat(follower.logs()).containsExactlyInAnyOrder("b", "c");
        assertThat(heard.events).containsOnlyKeys("a", "b", "c");
        assertThat(heard.of("a")).hasSize(2);
        follower.close();
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> follower.add("d"));
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void callbacksOfALogThatIsAddedAgainDoNotOverlap(String feeds) {
        EventLogFactory factory = newFactory(feeds);
        CountDownLatch continues = new CountDownLatch(1);
        Heard heard = new Heard((log, batch) -> {
            if (log.equals("a")) {
                continues.await();
            }
        });
        LogSetFollower follower = closeLater(factory.follow(List.of("a", "b"), Tail.newOnly(), heard));
        add("a", 0, 3);
        await().until(() -> heard.busy.contains("a"));
        CompletableFuture<Boolean> removed = CompletableFuture.supplyAsync(() -> follower.remove("a"));
        await().until(() -> !follower.logs().contains("a"));
        assertThat(follower.add("a")).isTrue();
        add("a", 3, 5);
        add("b", 0, 1);
        await().until(() -> heard.of("b").size() == 1);
        assertThat(heard.of("a")).hasSize(3);
        continues.countDown();
        assertThat(removed).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(true);
        await().until(() -> heard.of("a").size() == 5);
        assertThat(heard.overlapped).isFalse();
    }

    record Reading(String sensor, double celsius) {}

    @Test
    void typedEventsAreDeliveredAsTheirType() {
        EventLogFactory factory = newFactory(SHARED);
        factory.create("readings:1", Reading.class).add(new Reading("a", 1.5));
        List<String> heard = new CopyOnWriteArrayList<>();
        closeLater(factory.follow(
                LogPattern.of("readings:*"),
                Reading.class,
                Tail.all(),
                (log, batch) -> batch.forEach(event -> heard.add(log + event.value()))));
        await().until(() -> heard.size() == 1);
        assertThat(heard).containsExactly("readings:1Reading[sensor=a, celsius=1.5]");
    }

    @Test
    void nextFollowerContinuesAtThePositions() {
        EventLogFactory factory = newFactory(SHARED);
        add("orders:1", 0, 3);
        Heard first = new Heard();
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), first));
        await().until(() -> first.count() == 3);
        follower.close();
        add("orders:1", 3, 5);
        add("orders:2", 0, 2);
        Heard second = new Heard();
        closeLater(factory.follow(
                LogPattern.of("orders:*"), Tail.newOnly(), second, options -> options.resume(follower.positions())));
        await().until(() -> second.count() == 4);
        assertThat(numbers(second.of("orders:1"))).containsExactly(3, 4);
        assertThat(numbers(second.of("orders:2"))).containsExactly(0, 1);
        assertThat(second.gaps).isEmpty();
    }

    @Test
    void severalLogsCannotStartAtAnId() {
        EventLogFactory factory = newFactory();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> factory.follow(LogPattern.of("a*"), Tail.after(EventId.parse("1-1")), new Heard()))
                .withMessageContaining("options.resume(positions)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LogPattern.of("orders"))
                .withMessageContaining("must contain an asterisk");
    }

    @Test
    @Tag("server")
    void followFailsIfRedisIsDown() {
        EventLogFactory factory = newFactory(SHARED);
        redis.kill();
        assertThatExceptionOfType(EventLogUnavailableException.class)
                .isThrownBy(() -> factory.follow(LogPattern.of("orders:*"), Tail.all(), new Heard()));
        redis.start();
        add("orders:1", 0, 1);
        Heard heard = new Heard();
        closeLater(eventually(() -> factory.follow(LogPattern.of("orders:*"), Tail.all(), heard)));
        await().until(() -> heard.count() == 1);
    }

    @Test
    @Tag("server")
    void outageIsLoggedOnceAndNoNewLogIsMissed(CapturedOutput output) {
        EventLogFactory factory = newFactory(SHARED, "eventlog.follow.sweep-interval=500ms");
        for (int i = 0; i < 100; i++) {
            add("orders:" + i, 0, 1);
        }
        Heard heard = new Heard();
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), heard));
        await().until(() -> heard.count() == 100);
        redis.kill();
        await().until(() -> !LETTUCE || output.getOut().contains("failed; next attempt in"));
        redis.deleteData();
        redis.start(); // without its data
        add("orders:0", 0, 1);
        add("orders:new", 0, 1);
        await().until(() ->
                heard.of("orders:new").size() == 1 && heard.of("orders:0").size() == 2);
        await().untilAsserted(() -> assertThat(follower.logs()).containsExactlyInAnyOrder("orders:0", "orders:new"));
        assertThat(output.getOut().split("failed; next attempt in", -1).length - 1)
                .isLessThanOrEqualTo(1);
        assertThat(heard.failures).isEmpty();
    }

    @Test
    @Tag("server")
    void killedConnectionMissesNoNewLog() {
        EventLogFactory factory = newFactory(SHARED, "eventlog.follow.sweep-interval=1h");
        Heard heard = new Heard();
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard));
        for (int i = 0; i < 60; i++) {
            if (i % 20 == 10) {
                redis.killConnections();
            }
            redis.ask("XADD", "orders:" + i, "*", "n", "0");
            redis.ask("XADD", "orders:" + i, "*", "n", "1");
        }
        await().until(() -> heard.count() == 120);
        heard.events.forEach(
                (log, events) -> assertThat(numbers(events)).as(log).containsExactly(0, 1));
    }

    @Test
    @Tag("server")
    void namesAreScannedWithoutThePermissionToTrack(CapturedOutput output) {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-client");
        URI app = URI.create(redis.uri().toString().replace("redis://", "redis://app:secret@"));
        EventLogFactory factory = newFactory(app, "eventlog.follow.scan-interval=100ms");
        Heard heard = new Heard();
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard));
        add("orders:1", 0, 3);
        await().until(() -> heard.count() == 3);
        if (LETTUCE) {
            assertThat(output.getOut()).containsOnlyOnce("eventlog.follow.scan-interval");
        }
    }

    @Test
    void shutdownEndsTheFollower() throws Exception {
        ConfigurableApplicationContext application = TestApplication.startOn(redis.uri(), SHARED);
        Heard heard = new Heard();
        add("orders:1", 0, 1);
        LogsFollower follower =
                TestApplication.factory(application).follow(LogPattern.of("orders:*"), Tail.all(), heard);
        await().until(() -> heard.count() == 1);
        application.close();
        await().until(() -> follower.completion().toCompletableFuture().isDone());
        assertThat(follower.completion().toCompletableFuture()).isCompletedWithValue(Follower.EndReason.SHUTDOWN);
        add("orders:2", 0, 1);
        assertThat(heard.count()).isEqualTo(1);
    }

    @Test
    @Tag("server")
    @Tag("long")
    void tenThousandLogsShareAFewThreads() {
        org.junit.jupiter.api.Assumptions.assumeTrue(LETTUCE, "Jedis has a connection for each log");
        EventLogFactory factory = newFactory(SHARED, "eventlog.follow.batch-size=500");
        factory.create("x").add(LogTests.event(1));
        redis.ask("EVAL", "for i = 1, 10000 do redis.call('XADD', 'orders:' .. i, '*', 'n', '1') end", "0");
        Heard heard = new Heard();

        long heapBefore = heap();
        long begun = System.nanoTime();
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard));
        said("follow returned after "
                + Duration.ofNanos(System.nanoTime() - begun).toMillis() + " ms");
        await().atMost(Duration.ofSeconds(60)).until(() -> heard.caughtUp.size() == 10_000);
        said("all caught up after "
                + Duration.ofNanos(System.nanoTime() - begun).toMillis() + " ms");
        said("heap a log: " + (heap() - heapBefore) / 10_000 + " bytes");
        said("threads: " + LogTests.eventLogThreads(Set.of()).size());
        said("connections: " + redis.info("clients", "connected_clients"));
        begun = System.nanoTime();
        redis.ask("EVAL", "for i = 1, 10000 do redis.call('XADD', 'orders:' .. i, '*', 'n', '2') end", "0");
        await().atMost(Duration.ofSeconds(60)).until(() -> heard.count() == 10_000);
        said("one event of each after "
                + Duration.ofNanos(System.nanoTime() - begun).toMillis() + " ms");
        begun = System.nanoTime();
        redis.killConnections();
        redis.ask("EVAL", "for i = 1, 10000 do redis.call('XADD', 'orders:' .. i, '*', 'n', '3') end", "0");
        await().atMost(Duration.ofSeconds(60)).until(() -> heard.count() == 20_000);
        said("connections killed, all read after "
                + Duration.ofNanos(System.nanoTime() - begun).toMillis() + " ms");
        assertThat(LogTests.eventLogThreads(Set.of())).hasSizeLessThan(64);
        begun = System.nanoTime();
        follower.close();
        said("closed after " + Duration.ofNanos(System.nanoTime() - begun).toMillis() + " ms");
    }

    private static void said(String figure) {
        System.out.println("FIGURE " + figure);
    }

    private static long heap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
