package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventPositions;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.redis.BeginningQuestion;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.SharedLine;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.ClusterSetup;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.Heard;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Many logs on a Redis Cluster: their followers, the search for them, and their positions. */
@Tag("faults")
class ClusterManyLogsTests extends ClosingTests {

    private static final String SHARED = "eventlog.follow.dedicated-connections=0";
    private static final String DEDICATED = "eventlog.follow.dedicated-connections=100";

    private static final ClusterSetup cluster = ClusterSetup.start();
    private static final ConfigurableApplicationContext writing = start();

    private final EventLogFactory elsewhere = TestApplication.factory(writing);
    private String name = "";

    @AfterAll
    static void closeAll() {
        writing.close();
        cluster.close();
    }

    @BeforeEach
    void begin(TestInfo test) {
        name = test.getTestMethod().orElseThrow().getName()
                + test.getDisplayName().hashCode()
                + ':';
        cluster.awaitComplete();
    }

    /** Records interruptions. */
    private static final class Calm implements LogsListener<Event> {

        final Heard heard = new Heard();
        final AtomicInteger interruptions = new AtomicInteger();

        @Override
        public void onBatch(String log, List<Event> batch) throws Exception {
            heard.onBatch(log, batch);
        }

        @Override
        public void onInterrupted() {
            interruptions.incrementAndGet();
        }
    }

    /** The drivers of a pool have eight connections to each node by default. */
    @Test
    void followersOfManyLogsLeaveTheApplicationItsConnections() {
        ConfigurableApplicationContext application =
                closeLater(start(DEDICATED, "spring.data.redis.timeout=500ms", "eventlog.follow.poll-timeout=1s"));
        StringRedisTemplate redis = application.getBean(StringRedisTemplate.class);
        Set<String> logs = names(60);
        Calm calm = new Calm();
        closeLater(TestApplication.factory(application).follow(logs, Tail.all(), calm));
        long before = reads();
        await().until(() -> reads() - before > 3 * logs.size()); // longer than a poll
        ExecutorService threads = threads();
        List<CompletableFuture<Void>> commands = IntStream.range(0, 40)
                .mapToObj(i ->
                        CompletableFuture.runAsync(() -> redis.opsForValue().set(name + "own" + i, "1"), threads))
                .toList();
        assertThat(CompletableFuture.allOf(commands.toArray(CompletableFuture[]::new)))
                .succeedsWithin(Duration.ofSeconds(2));
        logs.forEach(log -> elsewhere.create(log).addAll(events(0, 3)));
        await().until(() -> calm.heard.count() == 3 * logs.size());
        assertThat(calm.interruptions).hasValue(0);
    }

    private static long reads() {
        return cluster.masters().stream()
                .map(master -> Pattern.compile("calls=(\\d+)").matcher(master.info("commandstats", "cmdstat_xread")))
                .filter(Matcher::find)
                .mapToLong(calls -> Long.parseLong(calls.group(1)))
                .sum();
    }

    @Test
    void keysOfOtherTypesAreNoLogs() {
        Set<String> logs = names(20);
        logs.forEach(log -> elsewhere.create(log).addAll(events(0, 1)));
        StringRedisTemplate redis = writing.getBean(StringRedisTemplate.class);
        for (int i = 0; i < 20; i++) {
            redis.opsForValue().set(name + "text" + i, "1");
        }
        assertThat(found(name + '*')).isEqualTo(logs);
        Heard heard = new Heard();
        LogsFollower follower = closeLater(elsewhere.follow(LogPattern.of(name + '*'), Tail.all(), heard));
        await().until(() -> heard.count() == 20);
        assertThat(follower.logs()).isEqualTo(logs);
        assertThat(heard.failures).isEmpty();
    }

    @Test
    void searchesSideBySideFindEveryLog() {
        Set<String> logs = new HashSet<>();
        for (EmbeddedRedis master : cluster.masters()) {
            String first = Stream.iterate(0, i -> i + 1)
                    .map(i -> name + '{' + i + '}')
                    .filter(key -> cluster.masterOf(key) == master)
                    .findFirst()
                    .orElseThrow();
            master.ask("EVAL", "for i = 1, 4000 do redis.call('XADD', KEYS[1] .. i, '*', 'n', '1') end", "1", first);
            IntStream.rangeClosed(1, 4_000).forEach(i -> logs.add(first + i));
        }
        ExecutorService threads = threads();
        List<CompletableFuture<Set<String>>> searches = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            searches.add(CompletableFuture.supplyAsync(() -> found(name + '*'), threads));
        }
        for (CompletableFuture<Set<String>> search : searches) {
            assertThat(search).succeedsWithin(Duration.ofSeconds(20));
            assertThat(search.join().equals(logs)).isTrue(); // without a message of twelve thousand names
        }
    }

    @Test
    void startsOfSeveralServersAreAskedForOneByOne() {
        try (Connections connections =
                Connections.of(writing.getBean(RedisConnectionFactory.class), Duration.ofSeconds(1))) {
            List<BeginningQuestion> questions = names(10).stream()
                    .map(log -> new LogStream(
                            log,
                            log,
                            connections,
                            100,
                            EventLogOptions.builder().build()))
                    .map(stream -> new BeginningQuestion(stream, EventId.MIN, 0, 0, null, 10))
                    .toList();
            assertThat(BeginningQuestion.askAll(questions)).isEmpty();
            assertThat(questions.stream()
                            .map(question -> question.ask().answer().server())
                            .distinct())
                    .hasSize(3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SHARED, DEDICATED})
    void anotherApplicationContinuesAtThePositionOfEachLog(String feeds) {
        List<String> logs = List.copyOf(names(30));
        assertThat(masters(logs)).hasSize(3);
        logs.subList(0, 20).forEach(log -> elsewhere.create(log).addAll(events(0, 20)));
        ConfigurableApplicationContext first = start(feeds);
        Heard before = new Heard();
        follow(first, before);
        Heard waiting = new Heard();
        ConfigurableApplicationContext second = closeLater(start(feeds));
        follow(second, waiting);
        logs.subList(0, 25).forEach(log -> elsewhere.create(log).addAll(events(20, 30))); // five logs begin now
        await().until(() -> before.count() == 20 * 20 + 25 * 10);
        first.close();
        logs.forEach(log -> elsewhere.create(log).addAll(events(30, 40)));
        await().until(() -> waiting.count() == 30 * 10);
        for (String log : logs) {
            assertThat(numbers(waiting.of(log))).isEqualTo(range(30, 40));
        }
        assertThat(before.gaps).isEmpty();
        assertThat(waiting.gaps).isEmpty();
        EventPositions positions = second.getBean(EventPositions.class);
        await().until(() -> logs.stream()
                .allMatch(log -> positions
                        .load("invoices", log)
                        .equals(elsewhere.create(log).lastId())));
        assertThat(positions.loadAll("invoices", logs)).hasSize(30);
    }

    @Test
    void logOfASlotWithoutMasterMovesToTheMasterThatGetsIt() {
        try (Connections connections =
                Connections.of(writing.getBean(RedisConnectionFactory.class), Duration.ofSeconds(1))) {
            assumeTrue(connections.shares(), "only Lettuce shares connections");
            connections.commands().hasKey(name); // finds the nodes
            String master = connections.nodeOf(name);
            assertThat(connections.masters()).hasSize(3).contains(master);
            cluster.withoutMaster(name, () -> {
                await().until(() -> !nodeNow(connections).equals(master));
                String none = connections.nodeOf(name);
                assertThat(none).isNotEmpty().isNotIn(connections.masters());
                assertThatExceptionOfType(RedisConnectionFailureException.class)
                        .isThrownBy(() -> connections.share(none, new NoListener()))
                        .withMessageContaining("No master");
            });
            await().until(() -> nodeNow(connections).equals(master));
        }
    }

    private static final class NoListener implements SharedLine.Listener {

        @Override
        public void changed(String key) {}

        @Override
        public void allChanged() {}

        @Override
        public void lost(RuntimeException why) {}
    }

    private String nodeNow(Connections connections) {
        connections.wrongServer(System.nanoTime()); // looks for the nodes again
        return connections.nodeOf(name);
    }

    private void follow(ConfigurableApplicationContext application, Heard heard) {
        closeLater(TestApplication.factory(application)
                .follow(LogPattern.of(name + '*'), Tail.all(), heard, options -> options.named("invoices")));
    }

    private ExecutorService threads() {
        ExecutorService threads = Executors.newCachedThreadPool();
        closeLater(threads::shutdownNow);
        return threads;
    }

    private Set<String> found(String pattern) {
        try (Stream<String> names = elsewhere.names(pattern)) {
            return names.collect(Collectors.toSet());
        }
    }

    private Set<String> names(int count) {
        return IntStream.range(0, count).mapToObj(i -> name + i).collect(Collectors.toSet());
    }

    private static Set<EmbeddedRedis> masters(Collection<String> logs) {
        return logs.stream().map(cluster::masterOf).collect(Collectors.toSet());
    }

    private static ConfigurableApplicationContext start(String... properties) {
        return TestApplication.startElsewhere(Stream.of(
                        cluster.properties().stream(),
                        Stream.of(
                                "spring.data.redis.timeout=2s",
                                "spring.data.redis.connect-timeout=2s",
                                "eventlog.follow.poll-timeout=500ms",
                                "eventlog.follow.lease=1s",
                                "eventlog.follow.recovery.delay=50ms",
                                "eventlog.follow.recovery.max-delay=500ms"),
                        Stream.of(properties))
                .flatMap(each -> each)
                .toArray(String[]::new));
    }
}
