package dev.eventlog.behaviour;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.EventPositions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Gap;
import dev.eventlog.LogPattern;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.ChildJvm;
import dev.eventlog.test.Heard;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.retry.RetryPolicy;

/** Named followers of many logs: a position for each log, and one follower at a time. */
@ExtendWith(OutputCaptureExtension.class)
class NamedPatternTests extends ServerTests {

    private static final String SHARED = "eventlog.follow.dedicated-connections=0";
    private static final String DEDICATED = "eventlog.follow.dedicated-connections=100";
    private static final String LEASE = "eventlog.follow.lease=1s";
    private static final String LOCK = "eventlog:lock:invoices@@orders:*";
    private static final LogPattern ORDERS = LogPattern.of("orders:*");
    private static final Consumer<FollowOptions.Builder> NAMED = options -> options.named("invoices");

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void anotherApplicationContinuesAtThePositionOfEachLog(String feeds) {
        ConfigurableApplicationContext first = application(feeds);
        for (int i = 0; i < 40; i++) {
            add(order(i), 0, 20);
        }
        Heard before = new Heard();
        LogsFollower follower = follow(first, Tail.last(10), before);
        for (int i = 0; i < 50; i++) { // the last ten logs begin now
            add(order(i), 20, 30);
        }
        await().until(() -> before.count() == 40 * 20 + 10 * 10);
        first.close();
        assertThat(follower.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(5))
                .isEqualTo(EndReason.SHUTDOWN);
        for (int i = 0; i < 60; i++) { // the last ten logs begin while no follower runs
            add(order(i), 30, 40);
        }
        Heard after = new Heard();
        follow(application(feeds), Tail.newOnly(), after);
        await().until(() -> after.count() == 60 * 10);
        for (int i = 0; i < 60; i++) {
            assertThat(numbers(after.of(order(i)))).isEqualTo(range(30, 40));
        }
        assertThat(before.gaps).isEmpty();
        assertThat(after.gaps).isEmpty();
        assertThat(after.overlapped).isFalse();
        await().until(() -> stored(order(7)).equals(last(after, order(7))));
    }

    @Tag("long")
    @Test
    void startIsFixedEvenIfNoEventWasDelivered() {
        ConfigurableApplicationContext first = application(SHARED);
        add("orders:old", 0, 3);
        follow(first, Tail.newOnly(), new Heard());
        first.close();
        add("orders:old", 3, 5);
        add("orders:new", 0, 2);
        Heard after = new Heard();
        follow(application(SHARED), Tail.newOnly(), after);
        await().until(() -> after.count() == 4);
        assertThat(numbers(after.of("orders:old"))).containsExactly(3, 4);
        assertThat(numbers(after.of("orders:new"))).containsExactly(0, 1);
    }

    /** A failover can lose the first positions before a follower has the lease. */
    @Tag("long")
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void startIsKeptAlthoughItsPositionIsLost(boolean pattern) {
        String lock = pattern ? LOCK : "eventlog:lock:invoices@@";
        redis.ask("SET", lock, "another");
        add("orders:1", 0, 3);
        EventLogFactory factory = TestApplication.factory(application(SHARED));
        Heard heard = new Heard();
        closeLater(
                pattern
                        ? factory.follow(ORDERS, Tail.last(1), heard, NAMED)
                        : factory.follow(Set.of("orders:1"), Tail.last(1), heard, NAMED));
        assertThat(stored("orders:1")).isPresent();
        redis.ask("DEL", "eventlog:positions");
        redis.ask("DEL", lock);
        add("orders:1", 3, 4);
        await().until(() -> heard.count() >= 2);
        assertThat(numbers(heard.of("orders:1"))).containsExactly(2, 3);
        await().until(() -> stored("orders:1").equals(last(heard, "orders:1")));
    }

    @Test
    void gapIsReportedForEachTrimmedLog() {
        ConfigurableApplicationContext first = application(SHARED);
        add("orders:1", 0, 5);
        add("orders:2", 0, 5);
        Heard before = new Heard();
        follow(first, Tail.all(), before);
        await().until(() -> before.count() == 10);
        first.close();
        add("orders:1", 5, 30);
        add("orders:2", 5, 7);
        trim("orders:1", 10);
        Heard after = new Heard();
        follow(application(SHARED), Tail.newOnly(), after);
        await().until(() -> after.count() == 12);
        assertThat(after.gaps).extracting(Gap::log).containsExactly("orders:1");
        assertThat(after.gaps)
                .extracting(Gap::lastSeen)
                .containsExactly(before.of("orders:1").get(4).id());
        assertThat(numbers(after.of("orders:1"))).isEqualTo(range(20, 30));
    }

    @Test
    void followersOfALogAndOfItsPatternShareAPosition() {
        EventLogFactory factory = TestApplication.factory(application(SHARED));
        add("orders:1", 0, 3);
        List<Event> alone = new ArrayList<>();
        Follower single = closeLater(factory.create("orders:1").follow(Tail.all(), alone::addAll, NAMED));
        await().until(() -> stored("orders:1").equals(Optional.of(single.position())) && alone.size() == 3);
        single.close();
        add("orders:1", 3, 5);
        Heard heard = new Heard();
        LogsFollower follower = closeLater(factory.follow(ORDERS, Tail.all(), heard, NAMED));
        await().until(() -> heard.count() == 2);
        assertThat(numbers(heard.of("orders:1"))).containsExactly(3, 4);
        follower.close();
        add("orders:1", 5, 6);
        closeLater(factory.create("orders:1").follow(Tail.all(), alone::addAll, NAMED));
        await().until(() -> alone.size() == 4);
        assertThat(numbers(alone)).containsExactly(0, 1, 2, 5);
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void anotherInstanceWaitsAndTakesOver(String feeds) {
        ConfigurableApplicationContext one = application(feeds);
        Heard first = new Heard();
        Heard second = new Heard();
        follow(one, Tail.all(), first);
        add("orders:1", 0, 1);
        await().until(() -> first.count() == 1);
        LogsFollower waiting = follow(application(feeds), Tail.all(), second);
        for (int i = 0; i < 20; i++) {
            add(order(i), 0, 10);
        }
        await().until(() -> first.count() == 201);
        assertThat(waiting.isRunning()).isTrue();
        assertThat(waiting.logs()).isEmpty();
        assertThat(second.events).isEmpty();
        one.close();
        for (int i = 0; i < 30; i++) {
            add(order(i), 10, 20);
        }
        await().until(() -> second.count() == 300);
        for (int i = 0; i < 30; i++) {
            assertThat(numbers(second.of(order(i)))).isEqualTo(range(10, 20));
        }
        assertThat(waiting.logs()).hasSize(30);
        assertThat(second.gaps).isEmpty();
    }

    /** Another process that follows the logs and is killed. */
    static final class Other {

        public static void main(String[] arguments) throws IOException {
            TestApplication.factory(startOn(
                            URI.create(arguments[0]),
                            SHARED,
                            "spring.data.redis.timeout=10s",
                            "spring.data.redis.connect-timeout=10s"))
                    .follow(
                            ORDERS,
                            Tail.all(),
                            (log, batch) -> numbers(batch).forEach(n -> System.out.println("took " + log + ' ' + n)),
                            NAMED);
            System.out.println("follows");
            int unused = System.in.read();
        }
    }

    @Tag("long")
    @Test
    void anotherProcessTakesOverFromAKilledOne() {
        ChildJvm other =
                closeLater(new ChildJvm("128m", Other.class, redis.uri().toString()));
        add("orders:1", 0, 3);
        add("orders:2", 0, 3);
        other.await("took orders:2 2");
        Heard heard = new Heard();
        follow(application(SHARED), Tail.all(), heard);
        await().until(() -> stored("orders:1").isPresent() && stored("orders:2").isPresent());
        assertThat(heard.events).isEmpty();
        other.close();
        add("orders:1", 3, 6);
        add("orders:2", 3, 6);
        add("orders:3", 0, 3);
        await().until(() -> heard.count() >= 9);
        assertThat(numbers(heard.of("orders:1"))).endsWith(3, 4, 5);
        assertThat(numbers(heard.of("orders:2"))).endsWith(3, 4, 5);
        assertThat(numbers(heard.of("orders:3"))).containsExactly(0, 1, 2);
        assertThat(heard.gaps).isEmpty();
    }

    @Tag("long")
    @Test
    @Tag("server")
    void disconnectedFollowerStopsAndAnotherTakesOver() throws Exception {
        ConfigurableApplicationContext cutOff = closeLater(startOn(proxy.uri(), SHARED));
        CountDownLatch go = new CountDownLatch(1);
        Heard first = new Heard((log, batch) -> go.await());
        follow(cutOff, Tail.all(), first);
        for (int i = 0; i < 10; i++) {
            add(order(i), 0, 10);
        }
        await().until(() -> !first.events.isEmpty());
        proxy.refuse();
        proxy.cut();
        Heard second = new Heard();
        follow(application(SHARED), Tail.all(), second);
        await().until(() -> second.count() == 100);
        go.countDown(); // allows the disconnected follower to continue if it wants to
        proxy.accept();
        for (int i = 0; i < 10; i++) {
            add(order(i), 10, 12);
        }
        await().until(() -> second.count() == 120);
        for (int i = 0; i < 10; i++) {
            assertThat(numbers(second.of(order(i)))).isEqualTo(range(0, 12));
            assertThat(first.of(order(i))).as("no batch except the running one").hasSizeLessThanOrEqualTo(7);
        }
    }

    /** Another client takes its lock, as if its lease had expired during a pause. */
    @Test
    void batchThatLosesTheLeaseIsTheLastAndStoresNoPosition() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        Heard heard = new Heard((log, batch) -> {
            if (log.equals("orders:slow")) {
                go.await();
            }
        });
        LogsFollower follower = follow(application(SHARED), Tail.all(), heard);
        add("orders:slow", 0, 1);
        add("orders:1", 0, 1);
        await().until(() -> heard.count() == 2 && stored("orders:1").isPresent());
        redis.ask("SET", LOCK, "another");
        await().until(() -> follower.logs().isEmpty());
        EventId other = add("orders:slow", 1, 3).get(0);
        redis.ask("HSET", "eventlog:positions", "invoices@orders:slow", other.toString());
        add("orders:1", 1, 3);
        go.countDown();
        await().during(Duration.ofMillis(300)).until(() -> heard.count() == 2);
        assertThat(stored("orders:slow")).contains(other);
        redis.ask("DEL", LOCK);
        await().until(() -> heard.count() == 5);
        assertThat(numbers(heard.of("orders:slow"))).containsExactly(0, 2);
        assertThat(numbers(heard.of("orders:1"))).containsExactly(0, 1, 2);
        assertThat(follower.isRunning()).isTrue();
    }

    /** As if two followers ran without locks. */
    @Test
    void followerSupersededInOneLogPausesInAllLogs(CapturedOutput output) {
        Heard heard = new Heard();
        LogsFollower follower = follow(application(SHARED), Tail.all(), heard);
        add("orders:1", 0, 1);
        add("orders:2", 0, 1);
        await().until(() -> stored("orders:1").isPresent() && stored("orders:2").isPresent());
        EventId other = add("orders:1", 1, 3).get(1);
        await().until(() -> stored("orders:1").equals(Optional.of(other)));
        redis.ask(
                "HSET", "eventlog:positions", "invoices@orders:1", other.next().toString());
        add("orders:1", 3, 5);
        await().until(() -> output.getOut().contains("It pauses until"));
        add("orders:2", 1, 2);
        await().until(() -> numbers(heard.of("orders:2")).contains(1));
        assertThat(numbers(heard.of("orders:2"))).containsExactly(0, 1);
        await().until(() -> stored("orders:1").equals(last(heard, "orders:1")));
        assertThat(numbers(heard.of("orders:1"))).contains(3, 4);
        assertThat(follower.isRunning()).isTrue();
        assertThat(output.getOut()).containsOnlyOnce("has found a position that it did not store");
    }

    @Test
    void positionsAreLoadedInPages() {
        redis.ask("EVAL", "for i = 1, 1000 do redis.call('XADD', 'orders:' .. i, '*', 'n', '0') end", "0");
        ConfigurableApplicationContext first = application(SHARED);
        Heard before = new Heard();
        follow(first, Tail.all(), before);
        await().until(() -> before.count() == 1_000);
        first.close();
        redis.ask("EVAL", "for i = 1, 1000 do redis.call('XADD', 'orders:' .. i, '*', 'n', '1') end", "0");
        long pages = calls("hmget");
        long single = calls("hget");
        Heard after = new Heard();
        follow(application(SHARED), Tail.all(), after);
        await().until(() -> after.caughtUp.size() == 1_000);
        assertThat(after.count()).isEqualTo(1_000);
        assertThat(calls("hmget") - pages).as("5, plus repeated questions").isBetween(5L, 20L);
        assertThat(calls("hget") - single)
                .as("hardly more than one command for each position")
                .isLessThan(1_500);
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void deletedLogIsForgottenWithItsPositionAndIsANewLogLater(String feeds) {
        ConfigurableApplicationContext first = application(feeds, "eventlog.follow.sweep-interval=200ms");
        for (String log : List.of("orders:1", "orders:2", "orders:3")) {
            add(log, 0, 3);
        }
        TestApplication.factory(first).create("orders:3").complete();
        Heard heard = new Heard();
        LogsFollower follower = follow(first, Tail.all(), heard);
        await().until(() -> heard.count() == 9);
        await().until(() -> stored("orders:1").equals(last(heard, "orders:1")));
        await().until(() -> stored("orders:3").equals(Optional.of(EventId.MAX)));
        redis.ask("DEL", "orders:1", "orders:3");
        await().until(() -> follower.logs().equals(Set.of("orders:2")));
        await().until(() -> stored("orders:1").isEmpty() && stored("orders:3").isEmpty());
        assertThat(stored("orders:2")).isEqualTo(last(heard, "orders:2"));
        await().until(() -> follower.positions().keySet().equals(Set.of("orders:2")));
        add("orders:1", 3, 6);
        add("orders:3", 3, 6);
        await().until(() -> heard.count() == 15);
        first.close();
        add("orders:1", 6, 8);
        Heard after = new Heard();
        follow(application(feeds), Tail.newOnly(), after);
        await().until(() -> after.count() == 2);
        assertThat(numbers(after.of("orders:1"))).containsExactly(6, 7);
        assertThat(heard.gaps).isEmpty();
        assertThat(after.gaps).isEmpty();
    }

    @Test
    void logDeletedWithUnreadEventsIsForgottenAfterTheLossIsReported() {
        ConfigurableApplicationContext application =
                application(DEDICATED, "eventlog.follow.sweep-interval=200ms", "eventlog.follow.poll-timeout=100ms");
        CountDownLatch continues = new CountDownLatch(1);
        Heard heard = new Heard((log, batch) -> {
            if (numbers(batch).contains(2)) {
                await().until(() -> continues.getCount() == 0);
            }
        });
        add("orders:1", 0, 3);
        LogsFollower follower = follow(application, Tail.all(), heard);
        await().until(() -> heard.count() == 3);
        EventId last = last(heard, "orders:1").orElseThrow();
        Heard other = new Heard();
        closeLater(TestApplication.factory(application).follow(ORDERS, Tail.newOnly(), other));
        add("orders:1", 3, 6);
        await().until(() -> other.count() == 3); // so the feed has read them
        redis.ask("DEL", "orders:1");
        long polls = calls("xread");
        await().until(() -> calls("xread") > polls + 3); // so the feed knows that the log is gone
        long scans = calls("scan");
        await().until(() -> calls("scan") > scans + 5);
        assertThat(follower.logs()).containsExactly("orders:1");
        continues.countDown();
        await().until(() -> follower.logs().isEmpty() && stored("orders:1").isEmpty());
        assertThat(heard.gaps)
                .extracting(Gap::kind, Gap::lastSeen, Gap::firstAvailable)
                .containsExactly(tuple(Gap.Kind.BEGAN_AGAIN, last, EventId.MAX));

        add("orders:1", 6, 8);
        await().until(() -> heard.count() == 5);
        assertThat(heard.gaps).hasSize(1);
    }

    @Test
    void logReplacedWhileNobodyFollowsIsReportedBecauseItsPositionStays() {
        ConfigurableApplicationContext first = application(SHARED);
        add("orders:1", 0, 3);
        Heard heard = new Heard();
        follow(first, Tail.all(), heard);
        await().until(() -> heard.count() == 3);
        await().until(() -> stored("orders:1").equals(last(heard, "orders:1")));
        EventId last = last(heard, "orders:1").orElseThrow();
        first.close();
        redis.ask("DEL", "orders:1");
        Heard after = new Heard();
        ConfigurableApplicationContext second = application(SHARED, "eventlog.follow.sweep-interval=200ms");
        follow(second, Tail.all(), after);
        add("orders:1", 3, 6);
        await().until(() -> after.count() == 3);
        assertThat(after.gaps).extracting(Gap::lastSeen).containsExactly(last);
    }

    @Test
    void failureAtOneLogStopsNoOtherAndIsDeliveredAgainAfterARestart() {
        ConfigurableApplicationContext first = application(SHARED);
        add("orders:bad", 0, 1);
        Heard failing = new Heard((log, batch) -> {
            if (log.equals("orders:bad")) {
                throw new IllegalStateException("on purpose");
            }
        });
        LogsFollower follower = follow(first, Tail.all(), failing);
        await().until(() -> failing.failures.containsKey("orders:bad"));
        add("orders:good", 0, 3);
        await().until(() -> failing.of("orders:good").size() == 3);
        assertThat(follower.failures()).containsOnlyKeys("orders:bad");
        assertThat(follower.isRunning()).isTrue();
        first.close();
        Heard next = new Heard();
        follow(application(SHARED), Tail.newOnly(), next);
        await().until(() -> next.count() == 1);
        assertThat(numbers(next.of("orders:bad"))).containsExactly(0);
    }

    @Tag("long")
    @Test
    void positionIsStoredAfterRetriesAndRecovery() {
        add("orders:1", 0, 3);
        Heard failing = new Heard((log, batch) -> {
            throw new IllegalStateException("on purpose");
        });
        Map<String, Integer> recovered = new ConcurrentHashMap<>();
        EventLogFactory factory = TestApplication.factory(application(SHARED));
        closeLater(factory.follow(
                ORDERS,
                Tail.all(),
                failing,
                options -> options.named("invoices")
                        .retry(RetryPolicy.builder()
                                .maxRetries(2)
                                .delay(Duration.ofMillis(10))
                                .build())
                        .recoverer((log, batch, failure) -> recovered.put(log, batch.size()))));
        await().until(() -> recovered.containsKey("orders:1"));
        assertThat(failing.of("orders:1")).hasSize(9);
        await().until(() -> stored("orders:1").equals(last(failing, "orders:1")));
    }

    @Test
    void followerClosedByItsListenerCanRestartAtOnce() {
        EventLogFactory factory = TestApplication.factory(application(SHARED));
        AtomicReference<@Nullable LogsFollower> itself = new AtomicReference<>();
        Heard heard =
                new Heard((log, batch) -> Objects.requireNonNull(itself.get()).close());
        LogsFollower follower = closeLater(factory.follow(
                ORDERS, Tail.all(), heard, options -> options.named("invoices").concurrency(1)));
        itself.set(follower);
        for (int i = 0; i < 20; i++) {
            add(order(i), 0, 1);
        }
        assertThat(follower.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(10))
                .isEqualTo(EndReason.CLOSED);
        assertThat(heard.count()).isEqualTo(1);
        Heard next = new Heard();
        closeLater(factory.follow(ORDERS, Tail.newOnly(), next, NAMED));
        await().until(() -> next.count() == 19);
        assertThat(next.events).doesNotContainKeys(heard.events.keySet().toArray(String[]::new));
    }

    @Test
    void shutdownStoresThePositionsOfRunningBatches() {
        ConfigurableApplicationContext first = application(SHARED);
        CountDownLatch closing = new CountDownLatch(1);
        Heard heard = new Heard((log, batch) -> closing.await());
        follow(first, Tail.all(), heard);
        for (int i = 0; i < 50; i++) {
            add(order(i), 0, 1);
        }
        await().until(() -> heard.atOnce.get() > 3);
        RedisEventLogFactory eventLogs = (RedisEventLogFactory) TestApplication.factory(first);
        Thread stopping = new Thread(first::close);
        stopping.start();
        await().until(() -> !eventLogs.isRunning());
        closing.countDown();
        await().until(() -> !stopping.isAlive());
        Heard next = new Heard();
        follow(application(SHARED), Tail.newOnly(), next);
        await().until(() -> next.count() + heard.count() == 50);
        assertThat(next.events).doesNotContainKeys(heard.events.keySet().toArray(String[]::new));
    }

    @Test
    @Tag("server")
    void restartOfRedisWithItsDataRepeatsAndLosesNothing() {
        Heard heard = new Heard();
        LogsFollower follower = follow(application(SHARED), Tail.all(), heard);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 30; i++) {
                add(order(i + round), 10 * round, 10 * round + 10);
            }
            int expected = 300 * (round + 1);
            await().until(() -> heard.count() == expected);
            redis.kill();
            redis.start();
        }
        add("orders:5", 30, 31);
        await().until(() -> heard.count() == 901);
        assertThat(heard.overlapped).isFalse();
        assertThat(heard.gaps).isEmpty();
        assertThat(heard.failures).isEmpty();
        assertThat(follower.isRunning()).isTrue();
    }

    @Test
    @Tag("server")
    void newLogsAreDeliveredOnceAfterRedisLostItsData() {
        ConfigurableApplicationContext first = application(SHARED);
        Heard heard = new Heard();
        follow(first, Tail.all(), heard);
        for (int i = 0; i < 20; i++) {
            add(order(i), 0, 5);
        }
        await().until(() -> heard.count() == 100);
        redis.kill();
        redis.deleteData();
        redis.start();
        for (int i = 10; i < 30; i++) {
            add(order(i), 5, 10);
        }
        await().until(() -> heard.count() == 200);
        for (int i = 0; i < 30; i++) {
            assertThat(numbers(heard.of(order(i)))).isEqualTo(range(i < 20 ? 0 : 5, i < 10 ? 5 : 10));
        }
        await().until(() ->
                IntStream.range(10, 30).allMatch(i -> stored(order(i)).equals(last(heard, order(i)))));
        first.close();
        add("orders:later", 0, 2);
        Heard after = new Heard();
        follow(application(SHARED), Tail.newOnly(), after);
        await().until(() -> after.count() == 2);
        assertThat(numbers(after.of("orders:later")))
                .as("the log began before the restart")
                .containsExactly(0, 1);
    }

    @Test
    @Tag("server")
    void refusedPositionsPauseDeliveryAndAreLoggedOnce(CapturedOutput output) {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all");
        ConfigurableApplicationContext application = closeLater(
                startOn(URI.create(redis.uri().toString().replace("redis://", "redis://app:secret@")), SHARED));
        Heard heard = new Heard();
        follow(application, Tail.all(), heard);
        add("orders:0", 0, 1);
        await().until(() -> stored("orders:0").isPresent());
        redis.ask("ACL", "SETUSER", "app", "-hset");
        for (int i = 0; i < 30; i++) {
            add(order(i), 1, 8);
        }
        await().until(() -> heard.count() == 1 + 30 * 7);
        for (int i = 0; i < 30; i++) {
            add(order(i), 8, 9);
        }
        await().during(Duration.ofMillis(300)).until(() -> heard.count() == 1 + 30 * 7);
        redis.ask("ACL", "SETUSER", "app", "+hset");
        await().until(() -> heard.count() == 1 + 30 * 8);
        await().until(() ->
                IntStream.range(0, 30).allMatch(i -> stored(order(i)).equals(last(heard, order(i)))));
        assertThat(numbers(heard.of("orders:0"))).isEqualTo(range(0, 9));
        assertThat(heard.failures).isEmpty();
        await().until(() -> output.getOut().contains("are stored again after"));
        assertThat(output.getOut()).containsOnlyOnce("cannot be stored and will be retried");
        assertThat(output.getOut()).containsOnlyOnce("are stored again after");
        assertThat(output.getOut()).doesNotContain("Delivery of log");
    }

    @Test
    void malformedPositionStopsOnlyItsLog() {
        add("orders:1", 0, 2);
        add("orders:2", 0, 2);
        ConfigurableApplicationContext first = application(SHARED);
        follow(first, Tail.newOnly(), new Heard());
        first.close();
        redis.ask("HSET", "eventlog:positions", "invoices@orders:1", "nonsense");
        add("orders:2", 2, 3);
        Heard heard = new Heard();
        LogsFollower follower = follow(application(SHARED), Tail.all(), heard);
        await().until(() -> heard.of("orders:2").size() == 1 && heard.failures.containsKey("orders:1"));
        assertThat(heard.failures.get("orders:1")).hasMessageContainingAll("invoices@orders:1", "nonsense");
        assertThat(follower.failures()).containsOnlyKeys("orders:1");
    }

    @Test
    void customPositionStoreCanBeUnavailableForAWhile() {
        Elsewhere elsewhere = new Elsewhere();
        ConfigurableApplicationContext first =
                closeLater(TestApplication.startOn(redis.uri(), EventPositions.class, elsewhere, LEASE, SHARED));
        add("orders:1", 0, 2);
        add("orders:2", 0, 2);
        Heard before = new Heard();
        follow(first, Tail.last(1), before);
        await().until(() -> before.count() == 2);
        first.close();
        add("orders:1", 2, 3);
        Heard after = new Heard();
        ConfigurableApplicationContext second =
                closeLater(TestApplication.startOn(redis.uri(), EventPositions.class, elsewhere, LEASE, SHARED));
        elsewhere.away = true;
        assertThatIllegalStateException().isThrownBy(() -> follow(second, Tail.newOnly(), new Heard()));
        elsewhere.away = false;
        follow(second, Tail.newOnly(), after);
        await().until(() -> after.count() == 1);
        elsewhere.away = true;
        add("orders:3", 0, 3); // its position cannot be loaded
        await().until(() -> elsewhere.refused > 2);
        elsewhere.away = false;
        await().until(() -> after.count() == 4);
        assertThat(after.failures).isEmpty();
        assertThat(numbers(after.of("orders:3"))).containsExactly(0, 1, 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void setOfLogsKeepsItsPositions(String feeds) {
        ConfigurableApplicationContext one = application(feeds);
        add("a", 0, 2);
        Heard first = new Heard();
        LogSetFollower follower = follow(one, List.of("a", "b"), first);
        await().until(() -> first.count() == 2);
        add("c", 0, 2);
        Heard second = new Heard();
        LogSetFollower waiting = follow(application(feeds), List.of("a", "b", "c"), second);
        assertThat(follower.add("c")).isTrue();
        assertThat(follower.add("c")).isFalse();
        await().until(() -> first.count() == 4);
        await().until(() -> stored("c").equals(last(first, "c")));
        assertThat(follower.remove("b")).isTrue();
        assertThat(follower.remove("b")).isFalse();
        assertThat(follower.logs()).containsExactlyInAnyOrder("a", "c");
        assertThat(waiting.add("d")).isTrue();
        add("b", 0, 2);
        add("d", 0, 2);
        add("c", 2, 4);
        await().until(() -> first.of("c").size() == 4);
        assertThat(first.of("b")).isEmpty();
        assertThat(second.events).isEmpty();
        one.close();
        add("a", 2, 4);
        await().until(() -> second.count() == 6);
        assertThat(numbers(second.of("a"))).containsExactly(2, 3);
        assertThat(numbers(second.of("b"))).containsExactly(0, 1);
        assertThat(numbers(second.of("d"))).containsExactly(0, 1);
        assertThat(second.gaps).isEmpty();
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> follower.add("e"));
    }

    @Test
    void logAddedAgainDuringItsLastCallbackContinuesAfterIt() {
        CountDownLatch continues = new CountDownLatch(1);
        Heard heard = new Heard((log, batch) -> {
            if (numbers(batch).contains(0)) {
                continues.await();
            }
        });
        add("a", 0, 3);
        LogSetFollower follower = follow(application(SHARED), List.of("a", "b"), heard);
        await().until(() -> heard.busy.contains("a"));
        CompletableFuture<Boolean> removed = CompletableFuture.supplyAsync(() -> follower.remove("a"));
        await().until(() -> !follower.logs().contains("a"));
        assertThat(follower.add("a")).isTrue();
        assertThat(follower.add("a")).isFalse();
        add("a", 3, 6);
        add("b", 0, 1);
        await().until(() -> heard.of("b").size() == 1);
        assertThat(heard.of("a")).hasSize(3);
        continues.countDown();
        assertThat(removed).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(true);
        await().until(() -> heard.of("a").size() >= 6);
        assertThat(numbers(heard.of("a"))).isEqualTo(range(0, 6));
        assertThat(heard.overlapped).isFalse();
        assertThat(heard.failures).isEmpty();
        await().until(() -> stored("a").equals(last(heard, "a")));
    }

    @Test
    void logRemovedAndAddedAtTheSameTimeIsFollowedIfItIsInTheSet() {
        Heard heard = new Heard();
        LogSetFollower follower = follow(application(SHARED), List.of("a"), heard);
        for (int i = 0; i < 200; i++) {
            int sum = i + 1;
            CompletableFuture<Boolean> removed = CompletableFuture.supplyAsync(() -> follower.remove("a"));
            boolean added = follower.add("a");
            assertThat(removed).succeedsWithin(Duration.ofSeconds(10));
            if (!added && removed.join()) {
                assertThat(follower.logs()).doesNotContain("a");
                assertThat(follower.add("a")).isTrue();
            }
            assertThat(follower.logs()).contains("a");
            add("a", i, sum);
            await().until(() -> heard.count() >= sum);
        }
        assertThat(numbers(heard.of("a"))).isEqualTo(range(0, 200));
        assertThat(heard.overlapped).isFalse();
        assertThat(heard.failures).isEmpty();
    }

    @Tag("long")
    @Test
    @Tag("server")
    void setOfLogsStartsWhenRedisIsBack() {
        ConfigurableApplicationContext application = closeLater(startOn(proxy.uri(), SHARED));
        redis.ask("SET", "eventlog:lock:invoices@@", "another");
        add("a", 0, 2);
        Heard heard = new Heard();
        LogSetFollower follower = follow(application, List.of("a", "b"), heard);
        proxy.refuse();
        proxy.cut();
        redis.ask("DEL", "eventlog:lock:invoices@@");
        add("b", 0, 2);
        assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(() -> follower.add("c"));
        proxy.accept();
        await().until(() -> heard.count() == 4);
        assertThat(eventually(() -> follower.add("c"))).isTrue();
        add("c", 0, 1);
        await().until(() -> heard.count() == 5);
        assertThat(heard.failures).isEmpty();
    }

    @Test
    void secondFollowerOfANameIsRefusedWithoutLocks() {
        ConfigurableApplicationContext application = application(
                SHARED, "spring.autoconfigure.exclude=dev.eventlog.autoconfigure.NamedFollowerAutoConfiguration");
        Heard heard = new Heard();
        LogsFollower follower = follow(application, Tail.all(), heard);
        assertThatIllegalStateException()
                .isThrownBy(() -> follow(application, Tail.all(), new Heard()))
                .withMessageContaining("invoices@@orders:*");
        add("orders:1", 0, 1);
        await().until(() -> heard.count() == 1);
        follower.close();
        add("orders:1", 1, 2);
        Heard next = new Heard();
        follow(application, Tail.all(), next);
        await().until(() -> next.count() == 1);
    }

    @Test
    void waitingFollowerNeedsNoConnectionAndClosesAtOnce() {
        ConfigurableApplicationContext application = application(SHARED);
        redis.ask("SET", LOCK, "another");
        add("orders:1", 0, 1);
        LogsFollower waiting = follow(application, Tail.all(), new Heard());
        assertThat(((RedisEventLogFactory) TestApplication.factory(application)).followedLogs())
                .isEmpty();
        waiting.close();
        assertThat(waiting.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(5))
                .isEqualTo(EndReason.CLOSED);
    }

    @Test
    void nextFollowerDoesNotDeliverACompleteLogAgain() {
        ConfigurableApplicationContext first = application(SHARED);
        EventLog log = TestApplication.factory(first).create("orders:1");
        log.add(Map.of("n", 0));
        Heard heard = new Heard();
        follow(first, Tail.all(), heard);
        await().until(() -> heard.count() == 1);
        log.complete();
        await().until(() -> stored("orders:1").equals(Optional.of(EventId.MAX)));
        first.close();
        Heard after = new Heard();
        LogsFollower follower = follow(application(SHARED), Tail.all(), after);
        add("orders:2", 0, 1);
        await().until(() -> after.count() == 1 && follower.positions().size() == 2);
        assertThat(after.of("orders:1")).isEmpty();
        assertThat(after.gaps).isEmpty();
        assertThat(after.failures).isEmpty();
    }

    @Test
    @Tag("long")
    void tenThousandLogsContinueAtTheirPositions() {
        redis.ask("EVAL", "for i = 1, 10000 do redis.call('XADD', 'orders:' .. i, '*', 'n', '0') end", "0");
        ConfigurableApplicationContext first = application(SHARED);
        Heard before = new Heard();
        long begun = System.nanoTime();
        follow(first, Tail.all(), before);
        said("the first start returned", begun);
        await().atMost(Duration.ofSeconds(60)).until(() -> before.caughtUp.size() == 10_000);
        said("all delivered and stored", begun);
        first.close();
        ConfigurableApplicationContext second = application(SHARED);
        Heard after = new Heard();
        long again = System.nanoTime();
        follow(second, Tail.all(), after);
        said("the next start returned", again);
        await().atMost(Duration.ofSeconds(60)).until(() -> after.caughtUp.size() == 10_000);
        said("all followed", again);
        assertThat(after.count()).isZero();
        Heard third = new Heard();
        follow(application(SHARED), Tail.all(), third);
        long closed = System.nanoTime();
        second.close();
        said("closed", closed);
        await().atMost(Duration.ofSeconds(60)).until(() -> third.caughtUp.size() == 10_000);
        said("taken over", closed);
    }

    private static void said(String what, long since) {
        System.out.println("FIGURE " + what + " after "
                + Duration.ofNanos(System.nanoTime() - since).toMillis() + " ms");
    }

    private ConfigurableApplicationContext application(String... properties) {
        return closeLater(startOn(redis.uri(), properties));
    }

    private static ConfigurableApplicationContext startOn(URI uri, String... properties) {
        List<String> all = new ArrayList<>(List.of(
                LEASE,
                "spring.data.redis.timeout=2s",
                "spring.data.redis.connect-timeout=2s",
                "eventlog.follow.poll-timeout=300ms",
                "eventlog.follow.batch-size=7",
                "eventlog.follow.recovery.delay=50ms",
                "eventlog.follow.recovery.max-delay=200ms"));
        all.addAll(List.of(properties));
        return TestApplication.startOn(uri, all.toArray(String[]::new));
    }

    private LogsFollower follow(ConfigurableApplicationContext application, Tail tail, LogsListener<Event> listener) {
        return closeLater(TestApplication.factory(application).follow(ORDERS, tail, listener, NAMED));
    }

    private LogSetFollower follow(
            ConfigurableApplicationContext application, List<String> logs, LogsListener<Event> listener) {
        return closeLater(TestApplication.factory(application).follow(logs, Tail.all(), listener, NAMED));
    }

    private static String order(int number) {
        return "orders:" + number;
    }

    private Optional<EventId> stored(String log) {
        Object stored = redis.ask("HGET", "eventlog:positions", "invoices@" + log);
        return Optional.ofNullable(stored).map(position -> EventId.parse(String.valueOf(position)));
    }

    private static Optional<EventId> last(Heard heard, String log) {
        List<Event> events = heard.of(log);
        return events.isEmpty()
                ? Optional.empty()
                : Optional.of(events.get(events.size() - 1).id());
    }

    private long calls(String command) {
        Matcher calls = Pattern.compile("calls=(\\d+)").matcher(redis.info("commandstats", "cmdstat_" + command));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    /** Positions without bulk methods that can be unavailable. */
    private static final class Elsewhere implements EventPositions {

        private final Map<String, EventId> stored = new ConcurrentHashMap<>();
        private volatile boolean away;
        private volatile int refused;

        private synchronized void ask() {
            if (away) {
                refused++;
                throw new IllegalStateException("away");
            }
        }

        @Override
        public synchronized Optional<EventId> load(String name, String log) {
            ask();
            return Optional.ofNullable(stored.get(log));
        }

        @Override
        public synchronized boolean store(String name, String log, @Nullable EventId before, EventId position) {
            ask();
            if (!Objects.equals(stored.get(log), before)) {
                return false;
            }
            stored.put(log, position);
            return true;
        }
    }
}
