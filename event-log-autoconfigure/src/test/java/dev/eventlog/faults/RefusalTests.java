package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import dev.eventlog.LogPattern;
import dev.eventlog.Recording;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.Pages;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestSource;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.ClassUtils;

/** Adds and followers when Redis refuses commands, for a while or until somebody changes something. */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class RefusalTests extends ClosingTests {

    /**
     * The rule in the documentation, which a test below compares: the permissions of a user for logs whose names begin
     * with {@code sensors:}.
     */
    private static final String RULE = "~sensors:* +xadd +xrange +xrevrange +xread +xinfo|stream +exists +pexpire"
            + " +unlink +eval +evalsha +get +set +ping";

    @Test
    void fullRedisRefusesOnlyAdds() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        ConfigurableApplicationContext application = start(redis.uri());
        EventLog log = TestApplication.factory(application).create("log");
        EventLog expiring = TestApplication.factory(application)
                .create("log", options -> options.ttlAfterLastAdd(Duration.ofHours(1)));
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        redis.ask("CONFIG", "SET", "maxmemory", "1");
        for (Runnable add : List.<Runnable>of(
                () -> log.add(event(10)), () -> log.addAll(events(10, 20)), () -> expiring.add(event(10)))) {
            assertThatExceptionOfType(EventLogException.class)
                    .isThrownBy(add::run)
                    .satisfies(ex -> assertThat(ex).isNotInstanceOf(EventLogUnavailableException.class))
                    .withMessageContainingAll("log 'log'", "maxmemory")
                    .havingCause();
        }
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 10));
        Collected<Event> late = Collected.events();
        closeLater(log.follow(Tail.last(5), late));
        await().until(() -> late.count() == 5 && late.caughtUp() == 1);
        redis.ask("CONFIG", "SET", "maxmemory", "0");
        expiring.addAll(events(10, 20));
        await().until(() -> listener.count() == 20 && late.count() == 15);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 20));
        assertThat(listener.gaps()).isEmpty();
        assertThat(late.gaps()).isEmpty();
    }

    @Test
    void replicaWithoutItsMasterRefusesAddsAndReads() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        ConfigurableApplicationContext application = start(redis.uri());
        EventLog log = TestApplication.factory(application).create("log");
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        redis.ask("CONFIG", "SET", "replica-serve-stale-data", "no");
        redis.ask("REPLICAOF", "127.0.0.1", Integer.toString(EmbeddedRedis.freePort()));
        assertNothingDone(untilKnown(() -> log.add(event(10))));
        assertNothingDone(untilKnown(() -> log.addAll(events(10, 12))));
        assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(() -> log.read(Tail.all()));
        redis.ask("CONFIG", "SET", "replica-serve-stale-data", "yes");
        assertNothingDone(untilKnown(() -> log.add(event(10))));
        assertNothingDone(untilKnown(() -> log.addAll(events(10, 12))));
        await().ignoreException(EventLogUnavailableException.class)
                .until(() -> log.read(Tail.all()).size() == 10);
        assertThat(follower.isRunning()).isTrue();
        redis.ask("REPLICAOF", "NO", "ONE");
        log.addAll(events(10, 20));
        await().until(() -> listener.count() == 20);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 20));
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void keyOfAnotherTypeEndsTheFollower() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        ConfigurableApplicationContext application = start(redis.uri());
        EventLog log = TestApplication.factory(application).create("log");
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        redis.ask("SET", "log", "text");
        await().until(() -> !follower.isRunning());
        await().until(() -> listener.failure() != null);
        assertThat(listener.failure())
                .isInstanceOf(EventLogException.class)
                .isNotInstanceOf(EventLogUnavailableException.class)
                .hasMessageContainingAll("log 'log'", "another Redis type");
        for (Runnable call : List.<Runnable>of(
                () -> log.add(event(10)),
                () -> log.addAll(events(10, 12)),
                () -> log.follow(Tail.all(), Collected.events()))) {
            assertThatExceptionOfType(EventLogException.class)
                    .isThrownBy(call::run)
                    .satisfies(ex -> assertThat(ex).isNotInstanceOf(EventLogUnavailableException.class))
                    .withMessageContaining("another Redis type");
        }
    }

    @Test
    void revokedPermissionEndsTheFollower() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        allow(redis, RULE);
        EventLog log = logOfUser(redis);
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        redis.ask("ACL", "SETUSER", "app", "-xread");
        await().until(() -> !follower.isRunning() && listener.failure() != null);
        assertThat(listener.failure())
                .isInstanceOf(EventLogException.class)
                .isNotInstanceOf(EventLogUnavailableException.class)
                .hasMessageContainingAll("log 'sensors:42'", "ACL rule");
        redis.ask("ACL", "SETUSER", "app", "-xadd", "-evalsha");
        for (Runnable add : List.<Runnable>of(() -> log.add(event(1)), () -> log.addAll(events(0, 3)))) {
            assertThatExceptionOfType(EventLogException.class)
                    .isThrownBy(add::run)
                    .satisfies(ex -> assertThat(ex).isNotInstanceOf(EventLogUnavailableException.class))
                    .withMessageContaining("ACL rule");
        }
    }

    /** Until the operator enables the user again, followers wait and new follows fail. */
    @ParameterizedTest
    @ValueSource(strings = {"resetpass >new", "off", "-ping -hello -client"})
    void followersWaitWhileTheirUserIsDisabled(String change) {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        String rule = RULE + " ~eventlog:positions +hget +hset ~eventlog:lock:* +unlink";
        allow(redis, rule);
        EventLog log = logOfUser(redis);
        Collected<Event> listener = Collected.events();
        Collected<Event> named = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        Follower namedFollower = closeLater(log.follow(Tail.all(), named, options -> options.named("app")));
        log.addAll(events(0, 9));
        await().until(() -> listener.count() == 9 && named.count() == 9);
        log.add(event(9)); // both receive it on the connections of their feeds, which have therefore logged in once
        await().until(() -> listener.count() == 10 && named.count() == 10);
        redis.ask(Stream.concat(Stream.of("ACL", "SETUSER", "app"), Arrays.stream(change.split(" ")))
                .toArray(String[]::new));
        redis.killConnections();
        long before = connections(redis);
        await().until(() -> connections(redis) > before + 20); // each look opens one, too
        assertThat(follower.isRunning()).isTrue();
        assertThat(namedFollower.isRunning()).isTrue();
        if (!change.contains("ping")) {
            await().untilAsserted(() -> assertThatExceptionOfType(
                            EventLogException.class) // the pool may contain lost connections
                    .isThrownBy(() -> log.follow(Tail.all(), Collected.events()))
                    .withMessageContaining("spring.data.redis.username"));
        }
        redis.ask("ACL", "SETUSER", "app", "on", "resetpass", ">secret", "+ping", "+hello", "+client");
        await().ignoreExceptions().until(() -> log.addAll(events(10, 20)).size() == 10);
        await().until(() -> listener.count() >= 20 && named.count() >= 20);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 20));
        assertThat(numbers(named.all())).isEqualTo(range(0, 20));
        assertThat(listener.failure()).isNull();
        assertThat(named.failure()).isNull();
    }

    private static long connections(EmbeddedRedis redis) {
        return Long.parseLong(redis.info("stats", "total_connections_received"));
    }

    @Test
    void documentedRuleIsSufficientAndMinimal() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        allow(redis, RULE);
        EventLog log = logOfUser(redis);
        assertThat(useAll(log)).as("with the complete rule").isNull();
        boolean lettuce = ClassUtils.isPresent("io.lettuce.core.RedisClient", null);
        for (String permission : RULE.split(" ")) {
            if (permission.equals("+ping") && !lettuce) {
                continue; // only Lettuce needs it
            }
            List<String> rule = new ArrayList<>(Arrays.asList(RULE.split(" ")));
            rule.remove(permission);
            allow(redis, String.join(" ", rule));
            assertThat(useAll(log))
                    .as("without " + permission)
                    .isInstanceOf(EventLogException.class)
                    .isNotInstanceOf(EventLogUnavailableException.class);
        }
    }

    @Test
    void documentedRuleIsSufficientForNamedPatternFollowers() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        allow(redis, RULE + " ~eventlog:positions +hget +hset +hmget ~eventlog:lock:* +unlink +scan +type");
        EventLog log = logOfUser(redis);
        log.addAll(events(0, 10));
        EventLogFactory factory = factoryOfUser(redis);
        List<Event> heard = new CopyOnWriteArrayList<>();
        closeLater(factory.follow(
                LogPattern.of("sensors:*"),
                Tail.all(),
                (name, batch) -> heard.addAll(batch),
                options -> options.named("app")));
        await().until(() -> heard.size() == 10);
        await().until(() -> Objects.equals(
                redis.ask("HGET", "eventlog:positions", "app@sensors:42"),
                heard.get(9).id().toString()));
    }

    @Test
    void documentedRuleIsSufficientForNamedFollowers() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        allow(redis, RULE + " ~eventlog:positions +hget +hset ~eventlog:lock:* +unlink");
        EventLog log = logOfUser(redis);
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        try (Follower follower = log.follow(Tail.all(), listener, options -> options.named("app"))) {
            await().until(() -> listener.count() == 10 || !follower.isRunning());
            assertThat(listener.failure()).isNull();
            await().until(() -> Objects.equals(
                    redis.ask("HGET", "eventlog:positions", "app@sensors:42"),
                    follower.position().toString()));
            assertThat(redis.ask("EXISTS", "eventlog:lock:app@sensors:42")).isEqualTo(1L);
        }
        await().until(() -> Objects.equals(redis.ask("EXISTS", "eventlog:lock:app@sensors:42"), 0L));
    }

    @Test
    void documentedRuleIsSufficientForRecordings() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        allow(redis, RULE + " ~eventlog:recordings +time +zadd +zrem +zscore +zrangebyscore");
        EventLog log = logOfUser(redis);
        TestSource<Map<String, Object>> source = new TestSource<>();
        Recording recording = log.record(source);
        source.subscriber().onNext(event(0));
        source.subscriber().onComplete();
        assertThat(recording.completion().join()).isEqualTo(Completion.done());
    }

    /** A follower may lack the permission to look for recordings. That is logged, and not tried repeatedly. */
    @Test
    void followerWithoutPermissionLooksForRecordingsOnce(CapturedOutput output) {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        allow(redis, RULE);
        EventLog log = logOfUser(redis, "eventlog.record.lease=500ms");
        closeLater(log.follow(Tail.all(), Collected.events()));
        await().until(() -> output.getAll().contains("whether other recordings have died"));
        Awaitility.await()
                .during(Duration.ofMillis(1_500))
                .until(() -> output.getAll().split("whether other recordings", -1).length == 2);
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> log.record(new TestSource<Map<String, Object>>()))
                .withMessageContaining("ACL rule");
    }

    @Test
    void documentationHasThisRule() {
        String[] permissions = RULE.split(" ");
        String rule = "resetkeys " + permissions[0] + " -@all "
                + String.join(" ", Arrays.asList(permissions).subList(1, permissions.length));
        assertThat(Pages.forUsers())
                .filteredOn(page -> page.text().contains(rule))
                .hasSize(1);
    }

    /** Does everything that the library can do, and returns its failure. */
    private @Nullable Throwable useAll(EventLog log) {
        Collected<Event> listener = Collected.events();
        try {
            log.add(event(0));
            log.addAll(events(1, 5), AddOptions.idempotent("once"));
            assertThat(log.read(Tail.all())).hasSize(5);
            assertThat(log.size()).isEqualTo(5);
            assertThat(log.exists()).isTrue();
            assertThat(log.lastId()).isPresent();
            try (Follower follower = log.follow(Tail.all(), listener)) {
                await().until(() -> listener.caughtUp() == 1 || !follower.isRunning());
                log.add(event(5));
                await().until(() -> listener.count() == 6 || !follower.isRunning());
                log.add(event(6)); // the first look of a feed may have returned the event before
                await().until(() -> listener.count() == 7 || !follower.isRunning());
            }
            log.delete();
        } catch (EventLogException thrown) {
            return thrown;
        }
        return listener.failure();
    }

    /** Gives the user of the log only this rule. */
    private static void allow(EmbeddedRedis redis, String rule) {
        redis.ask("SCRIPT", "FLUSH"); // otherwise nobody would need to send a script again
        redis.ask("DEL", "sensors:42");
        redis.ask(Stream.concat(
                        Stream.of("ACL", "SETUSER", "app", "on", ">secret", "resetkeys", "-@all"),
                        Stream.of(rule.split(" ")))
                .toArray(String[]::new));
    }

    private EventLogFactory factoryOfUser(EmbeddedRedis redis, String... properties) {
        String url = redis.uri().toString().replace("redis://", "redis://app:secret@");
        return TestApplication.factory(start(URI.create(url), properties));
    }

    private EventLog logOfUser(EmbeddedRedis redis, String... properties) {
        return factoryOfUser(redis, properties)
                .create("sensors:42", options -> options.maxLength(1_000).ttlAfterLastAdd(Duration.ofHours(1)));
    }

    @Test
    void callsFailWhileRedisLoadsItsData() throws Exception {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.with("--rdbcompression", "no", "--key-load-delay", "50000"));
        EventLog log = TestApplication.factory(start(redis.uri())).create("log");
        for (int i = 0; i < 30; i++) { // it serves its clients after every 2 MB of loaded data
            redis.ask("SET", "other" + i, "x".repeat(300_000));
        }
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        redis.ask("SAVE");
        redis.kill();
        CompletableFuture<Void> starting = CompletableFuture.runAsync(redis::start);
        AtomicReference<EventLogUnavailableException> loading = new AtomicReference<>();
        await().until(() -> {
            try {
                log.add(event(10));
                return true;
            } catch (EventLogUnavailableException ex) {
                if (String.valueOf(ex.getMessage()).contains("LOADING")) {
                    loading.set(ex);
                }
                return false;
            } catch (AddOutcomeUnknownException sentToTheOneThatWasKilled) {
                return false;
            }
        });
        assertThat(loading).as("Redis reported that it was loading").doesNotHaveNullValue();
        starting.get(10, TimeUnit.SECONDS);
        await().until(() -> listener.count() == 11);
        assertThat(numbers(listener.all())).isEqualTo(range(0, 11));
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void callsFailIfTheClusterHasNoMasterForTheSlot() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.with("--cluster-enabled", "yes"));
        ConfigurableApplicationContext application = start(redis.uri());
        EventLog log = TestApplication.factory(application).create("log");
        assertNothingDone(() -> log.add(event(0)));
        assertNothingDone(() -> log.addAll(events(0, 3)));
        assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(() -> log.read(Tail.all()));
        assertThatExceptionOfType(EventLogUnavailableException.class)
                .isThrownBy(() -> log.follow(Tail.all(), Collected.events()));
    }

    /**
     * Repeats an add while its outcome is unknown: when Redis refuses a read of the follower, the library replaces the
     * connection for all commands, perhaps during the add.
     */
    private static Runnable untilKnown(Runnable add) {
        return () -> await().ignoreException(AddOutcomeUnknownException.class).until(() -> {
            add.run();
            return true;
        });
    }

    private static void assertNothingDone(Runnable add) {
        assertThatExceptionOfType(EventLogUnavailableException.class)
                .isThrownBy(add::run)
                .withMessageContaining("log 'log'")
                .havingCause();
    }

    private ConfigurableApplicationContext start(URI uri, String... properties) {
        Stream<String> all = Stream.concat(
                Stream.of(
                        "spring.data.redis.timeout=2s",
                        "eventlog.follow.poll-timeout=300ms",
                        "eventlog.follow.recovery.delay=50ms",
                        "eventlog.follow.recovery.max-delay=300ms"),
                Stream.of(properties));
        return closeLater(TestApplication.startOn(uri, all.toArray(String[]::new)));
    }
}
