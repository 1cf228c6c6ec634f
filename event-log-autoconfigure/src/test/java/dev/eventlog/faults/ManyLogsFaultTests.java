package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.Event;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.redis.RedisEventPositions;
import dev.eventlog.test.Heard;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.TaskExecutor;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.util.backoff.FixedBackOff;
import tools.jackson.databind.json.JsonMapper;

/** Failures of followers of many logs. */
class ManyLogsFaultTests extends ServerTests {

    private static final String SHARED = "eventlog.follow.dedicated-connections=0";
    private static final String DEDICATED = "eventlog.follow.dedicated-connections=100";
    private static final int LOGS = 40; // more than are started at once

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void oneLogThatCannotBeReadRefusesTheWholeSet(String feeds) {
        EventLogFactory factory = newFactory(feeds);
        Set<String> logs = Set.copyOf(namesOf(LOGS));
        logs.forEach(log -> add(log, 0, 1));
        redis.ask("DEL", "orders:17");
        redis.ask("HSET", "orders:17", "field", "value");
        Heard heard = new Heard();
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> factory.follow(logs, Tail.all(), heard))
                .withMessageContaining("orders:17");
        int before = heard.count();
        logs.stream().filter(log -> !log.equals("orders:17")).forEach(log -> add(log, 1, 2));
        redis.ask("DEL", "orders:17");
        Heard later = new Heard();
        closeLater(factory.follow(logs, Tail.all(), later));
        await().until(() -> later.count() == 2 * (LOGS - 1));
        assertThat(heard.count()).isEqualTo(before);
    }

    @Test
    void logWithoutReadPermissionIsReportedAndTheOthersContinue() {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~orders:1*", "&*", "+@all");
        EventLogFactory factory = newFactory(uri("secret"), SHARED);
        Heard heard = new Heard();
        LogsFollower follower = closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard));
        add("orders:1", 0, 3);
        add("orders:2", 0, 3);
        await().until(() -> heard.count() == 3);
        await().until(() -> heard.failures.containsKey("orders:2"));
        assertThat(heard.failures.get("orders:2")).hasMessageContainingAll("orders:2", "ACL rule");
        assertThat(follower.logs()).containsExactly("orders:1");
        assertThat(follower.isRunning()).isTrue();
    }

    @Test
    void blockedFailureReportDelaysNoOtherLogAndAGoneFailedLogIsForgotten() {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~orders:1*", "&*", "+@all");
        EventLogFactory factory = newFactory(uri("secret"), SHARED, "eventlog.follow.sweep-interval=200ms");
        CountDownLatch mayGoOn = new CountDownLatch(1);
        Set<String> failed = ConcurrentHashMap.newKeySet();
        Heard heard = new Heard();
        LogsFollower follower =
                closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), new LogsListener<Event>() {
                    @Override
                    public void onBatch(String log, List<Event> batch) throws Exception {
                        heard.onBatch(log, batch);
                    }

                    @Override
                    public void onFailure(String log, Throwable failure) {
                        failed.add(log);
                        try {
                            mayGoOn.await();
                        } catch (InterruptedException ended) {
                            Thread.currentThread().interrupt();
                        }
                    }
                }));
        add("orders:2", 0, 1);
        await().until(() -> failed.contains("orders:2"));
        add("orders:1", 0, 3);
        await().until(() -> heard.count() == 3);
        mayGoOn.countDown();
        assertThat(follower.failures()).containsOnlyKeys("orders:2");
        redis.ask("DEL", "orders:2");
        await().until(() -> follower.failures().isEmpty());
        assertThat(follower.logs()).containsExactly("orders:1");
    }

    @Test
    void logThatCannotBeginCausesNoSearchAndDelaysNoOtherLog() {
        AtomicInteger refused = new AtomicInteger();
        AtomicBoolean refuses = new AtomicBoolean(true);
        EventLogFactory factory = newFactory(log -> {
            if (log.equals("orders:bad") && refuses.get()) {
                refused.incrementAndGet();
                throw new EventLogUnavailableException(log, "on purpose", null);
            }
            return EventLogOptions.builder().build();
        });
        Heard heard = new Heard();
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.newOnly(), heard));
        add("orders:bad", 0, 2);
        await().until(() -> refused.get() > 0);
        long scans = scans();
        int attempts = refused.get();
        add("orders:good", 0, 2);
        await().until(() -> heard.of("orders:good").size() == 2);
        await().until(() -> refused.get() >= attempts + 10);
        assertThat(scans() - scans)
                .as("scans for " + (refused.get() - attempts) + " attempts")
                .isLessThanOrEqualTo(3); // without reports of new logs, once a second
        refuses.set(false);
        await().until(() -> heard.count() == 4);
        assertThat(numbers(heard.of("orders:bad"))).containsExactly(0, 1);
        assertThat(heard.failures).isEmpty();
    }

    private long scans() {
        Matcher calls = Pattern.compile("calls=(\\d+)").matcher(redis.info("commandstats", "cmdstat_scan"));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    private EventLogFactory newFactory(Function<String, EventLogOptions> options) {
        RedisConnectionFactory connections =
                closeLater(TestApplication.startOn(redis.uri())).getBean(RedisConnectionFactory.class);
        FollowSettings follow = new FollowSettings(
                7,
                Duration.ofMillis(300),
                10,
                Duration.ofSeconds(1),
                new FixedBackOff(50, Long.MAX_VALUE),
                0,
                Duration.ofSeconds(60),
                Duration.ofSeconds(10),
                16,
                Duration.ofSeconds(1));
        RedisEventLogFactory factory = new RedisEventLogFactory(
                connections,
                new RedisEventLogFactory.Conversion(new JsonMapper(), List.of(), null),
                new RedisEventLogFactory.Settings(
                        "", options, 100, follow, 10, "eventlog:recordings", Duration.ofSeconds(10), false),
                null,
                List.of(),
                new RedisEventPositions(connections, "eventlog:positions"),
                null);
        closeLater(factory::destroy);
        return factory;
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void followersMissNothingWhileThePasswordIsWrong(String feeds) {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all");
        EventLogFactory factory = newFactory(uri("secret"), feeds, "eventlog.follow.sweep-interval=200ms");
        namesOf(LOGS).forEach(log -> add(log, 0, 1));
        Heard heard = new Heard();
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), heard));
        await().until(() -> heard.count() == LOGS);
        redis.ask("ACL", "SETUSER", "app", "resetpass", ">other");
        redis.killConnections();
        namesOf(LOGS + 5).forEach(log -> add(log, 1, 2)); // the last five logs begin now
        redis.ask("ACL", "SETUSER", "app", "resetpass", ">secret");
        await().untilAsserted(() -> {
            assertThat(heard.failures).isEmpty();
            assertThat(heard.count()).isEqualTo(2 * LOGS + 5);
        });
        namesOf(LOGS).forEach(log -> assertThat(numbers(heard.of(log))).as(log).containsExactly(0, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void connectionsCutDuringTheirHandshakeDelayTheStartOnly(String feeds) {
        EventLogFactory factory = newFactory(feeds);
        namesOf(LOGS).forEach(log -> add(log, 0, 1));
        Heard heard = new Heard();
        proxy.cutOneInsteadOfReplyAfter(1);
        closeLater(factory.follow(LogPattern.of("orders:*"), Tail.all(), heard));
        await().until(() -> heard.count() == LOGS);
        assertThat(proxy.swallowed()).isEqualTo(1);
    }

    @Test
    void fullExecutorDelaysFollowersThatMissNothing() {
        CountDownLatch mayGoOn = new CountDownLatch(1);
        ConfigurableApplicationContext application = closeLater(TestApplication.startOn(
                redis.uri(),
                (GenericApplicationContext context) -> context.registerBean(
                        "eventLogTaskExecutor", TaskExecutor.class, ManyLogsFaultTests::ofOneThread),
                SHARED,
                "eventlog.follow.recovery.delay=20ms",
                "eventlog.follow.recovery.max-delay=50ms"));
        TaskExecutor executor = application.getBean("eventLogTaskExecutor", TaskExecutor.class);
        namesOf(LOGS).forEach(log -> add(log, 0, 5));
        Heard heard = new Heard();
        LogsFollower follower = closeLater(
                TestApplication.factory(application).follow(LogPattern.of("orders:*"), Tail.newOnly(), heard));
        AtomicBoolean busy = new AtomicBoolean();
        Runnable blocking = () -> {
            busy.set(true);
            try {
                mayGoOn.await();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        };
        await().until(() -> isAccepted(executor, blocking)); // the executor is busy with the new logs
        await().until(busy::get);
        namesOf(LOGS).forEach(log -> add(log, 5, 10));
        add("orders:new", 0, 5);
        assertThat(heard.count()).isZero();
        mayGoOn.countDown();
        await().until(() -> heard.count() == 5 * LOGS + 5);
        namesOf(LOGS)
                .forEach(log -> assertThat(numbers(heard.of(log))).as(log).containsExactlyElementsOf(range(5, 10)));
        assertThat(follower.failures()).isEmpty();
    }

    private static boolean isAccepted(TaskExecutor executor, Runnable task) {
        try {
            executor.execute(task);
            return true;
        } catch (TaskRejectedException full) {
            return false;
        }
    }

    private static TaskExecutor ofOneThread() {
        ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
        executor.setCorePoolSize(1);
        executor.setMaxPoolSize(1);
        executor.setQueueCapacity(0);
        executor.initialize();
        return executor;
    }

    private URI uri(String password) {
        return URI.create(redis.uri().toString().replace("redis://", "redis://app:" + password + "@"));
    }

    private static List<String> namesOf(int number) {
        return Stream.iterate(0, i -> i + 1)
                .limit(number)
                .map(i -> "orders:" + i)
                .toList();
    }
}
