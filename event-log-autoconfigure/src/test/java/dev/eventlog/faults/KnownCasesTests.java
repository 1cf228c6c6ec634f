package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.ChildJvm;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** Cases in which other libraries for Redis streams failed. */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class KnownCasesTests extends ClosingTests {

    /** The system property {@code eventlog.test.stopped-seconds} stops Redis for longer. */
    private static final int STOPPED_SECONDS = Integer.getInteger("eventlog.test.stopped-seconds", 3);

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.onDisk());

    /** A client that repeats unanswered commands adds the event once for each attempt. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void addIsExecutedOnceAlthoughRedisStopsDuringIt() {
        EventLog impatient =
                factory(redis.uri(), "spring.data.redis.timeout=1s").create("log");
        EventLog patient = factory(redis.uri(), "spring.data.redis.timeout=60s").create("log");
        impatient.add(event(0));
        patient.addAll(events(1, 3));
        redis.freeze();
        List<CompletableFuture<Boolean>> adds = new ArrayList<>();
        for (EventLog log : List.of(impatient, patient)) {
            int first = log == impatient ? 10 : 20;
            adds.add(CompletableFuture.supplyAsync(() -> isAnswered(() -> log.add(event(first)))));
            adds.add(CompletableFuture.supplyAsync(() -> isAnswered(() -> log.addAll(events(first + 1, first + 4)))));
        }
        Awaitility.await()
                .during(Duration.ofSeconds(STOPPED_SECONDS))
                .atMost(Duration.ofSeconds(STOPPED_SECONDS + 5))
                .until(() -> !adds.get(2).isDone());
        redis.thaw();

        assertThat(adds).extracting(CompletableFuture::join).containsExactly(false, false, true, true);
        await().ignoreExceptions().until(() -> impatient.add(event(30)) != null);
        List<Integer> numbers = numbers(patient.read(Tail.all()));
        assertThat(numbers).doesNotHaveDuplicates().startsWith(0, 1, 2).contains(20, 21, 22, 23, 30);
    }

    private static boolean isAnswered(Runnable add) {
        try {
            add.run();
            return true;
        } catch (AddOutcomeUnknownException unknown) {
            return false;
        }
    }

    /** Without a check for trimmed events, most events are missing and nobody notices. */
    @Test
    void followerSlowerThanItsWriterReceivesEventsOrGaps() {
        int count = 20_000;
        EventLog log = factory(redis.uri(), "eventlog.max-length=1000", "eventlog.follow.batch-size=50")
                .create("log");
        Collected<Event> slow = Collected.and(batch -> TimeUnit.MILLISECONDS.sleep(5));
        closeLater(log.follow(Tail.all(), slow));
        for (int i = 0; i < count; i += 100) {
            log.addAll(events(i, i + 100));
        }
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            List<Event> last = slow.batches().isEmpty()
                    ? List.of()
                    : slow.batches().get(slow.batches().size() - 1);
            return numbers(last).contains(count - 1);
        });
        assertThat(numbers(slow.all())).isSorted().doesNotHaveDuplicates();
        assertThat(slow.gaps()).isNotEmpty();
        if (redis.isAtLeast(7)) {
            long missed = slow.gaps().stream()
                    .mapToLong(gap -> gap.missed().orElseThrow())
                    .sum();
            assertThat(slow.count() + missed).isEqualTo(count);
        }
    }

    /** Other libraries stop permanently, or retry thousands of times a second. */
    @ParameterizedTest
    @ValueSource(ints = {320, 3_000})
    void followerContinuesAfterAnOutageWithFewConnections(int millis, CapturedOutput output) throws Exception {
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        EventLog log = factory(proxy.uri()).create("log");
        log.addAll(events(0, 10));
        Collected<Event> listener = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 10);
        long connections = proxy.accepted();

        redis.kill();
        TimeUnit.MILLISECONDS.sleep(millis);
        redis.start();
        await().ignoreExceptions().until(() -> log.addAll(events(10, 20)) != null);
        await().until(() -> listener.count() == 20);

        assertThat(numbers(listener.all())).isEqualTo(range(0, 20));
        assertThat(follower.isRunning()).isTrue();
        assertThat(listener.gaps()).isEmpty();
        assertThat(proxy.accepted() - connections).isLessThan(40);
        assertThat(lines(output, " WARN ")).containsOnlyOnce("Following log 'log' is interrupted");
        assertThat(lines(output, " WARN ").lines()).hasSize(1);
        await().untilAsserted(() -> assertThat(lines(output, "continues after").lines())
                .as("can come after the events")
                .hasSize(1));
        assertThat(lines(output, " ERROR ")).isEmpty();
    }

    private static String lines(CapturedOutput output, String with) {
        return String.join(
                "\n",
                output.getAll().lines().filter(line -> line.contains(with)).toList());
    }

    /** The reply to a single command arrives too late. */
    @Tag("long")
    @Test
    void readReturnsTwoMillionEventsInOrder() {
        EmbeddedRedis server = closeLater(EmbeddedRedis.inMemory());
        MemoryTests.fill(server, "log", 0, 2_000_000, 0);
        try (ChildJvm child = new ChildJvm("1g", WholeReader.class, server.uri().toString(), "log")) {
            assertThat(child.await("read")).startsWith(" 2000000, in order");
        }
    }

    static final class WholeReader {

        public static void main(String... arguments) {
            try (ConfigurableApplicationContext application = TestApplication.startOn(URI.create(arguments[0]))) {
                long begin = System.nanoTime();
                List<Event> events = TestApplication.factory(application)
                        .create(arguments[1])
                        .read(Tail.all());
                long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
                boolean inOrder = true;
                for (int i = 0; i < events.size(); i++) {
                    inOrder &= Integer.toString(i).equals(events.get(i).fields().get("n"));
                }
                Runtime runtime = Runtime.getRuntime();
                System.out.println("read " + events.size() + (inOrder ? ", in order" : ", not in order") + ", in "
                        + millis + " ms, with " + (runtime.totalMemory() - runtime.freeMemory() >> 20) + " MB in use");
            }
        }
    }

    private EventLogFactory factory(URI uri, String... properties) {
        return TestApplication.factory(closeLater(TestApplication.startOn(
                uri,
                Stream.concat(
                                Stream.of(
                                        "spring.data.redis.connect-timeout=1s",
                                        "eventlog.follow.poll-timeout=500ms",
                                        "eventlog.follow.recovery.delay=50ms",
                                        "eventlog.follow.recovery.max-delay=1s"),
                                Stream.of(properties))
                        .toArray(String[]::new))));
    }
}
