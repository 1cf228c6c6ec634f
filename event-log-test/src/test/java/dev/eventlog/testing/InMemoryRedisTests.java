package dev.eventlog.testing;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.testing.memory.InMemoryRedis;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

@EventLogTest(
        properties = {
            "spring.data.redis.timeout=500ms",
            "eventlog.follow.recovery.delay=20ms",
            "eventlog.follow.recovery.max-delay=50ms"
        })
@SuppressWarnings("try") // the tests only close the followers
class InMemoryRedisTests {

    @Autowired
    private EventLogFactory eventLogs;

    @Autowired
    private InMemoryRedis redis;

    @Autowired
    private StringRedisTemplate template;

    private EventLog log;

    @BeforeEach
    void create() {
        log = eventLogs.create("log:" + UUID.randomUUID());
    }

    @AfterEach
    void heal() {
        redis.delayReplies(Duration.ZERO);
        redis.reconnect();
    }

    /** Records all calls of a follower. */
    private static final class Noted implements EventBatchListener<Event> {
        private final List<String> numbers = new CopyOnWriteArrayList<>();
        private final List<Gap> gaps = new CopyOnWriteArrayList<>();
        private final AtomicInteger interruptions = new AtomicInteger();

        @Override
        public void onBatch(List<Event> batch) {
            batch.forEach(event -> numbers.add(String.valueOf(event.fields().get("n"))));
        }

        @Override
        public void onGap(Gap gap) {
            gaps.add(gap);
        }

        @Override
        public void onInterrupted() {
            interruptions.incrementAndGet();
        }
    }

    private static Map<String, Object> event(int n) {
        return Map.of("n", n);
    }

    @Test
    void disconnectInterruptsFollowersAndReconnectLosesNothing() {
        Noted noted = new Noted();
        try (Follower follower = log.follow(Tail.all(), noted)) {
            log.add(event(1));
            await().until(() -> noted.numbers.size() == 1);

            redis.disconnect();
            await().until(() -> noted.interruptions.get() == 1);
            assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(() -> log.add(event(2)));

            redis.reconnect();
            await().ignoreExceptions().until(() -> log.add(event(3)) != null);
            await().untilAsserted(() -> assertThat(noted.numbers).containsExactly("1", "3"));
            assertThat(noted.gaps).isEmpty();
        }
    }

    @Test
    void cutConnectionsLoseNothing() {
        Noted noted = new Noted();
        try (Follower follower = log.follow(Tail.all(), noted)) {
            log.add(event(1));
            await().until(() -> noted.numbers.size() == 1);
            redis.cutConnections();
            await().ignoreExceptions().until(() -> log.add(event(2)) != null);
            await().untilAsserted(() -> assertThat(noted.numbers).containsExactly("1", "2"));
        }
    }

    @Test
    void outcomeOfAnAddWithALateReplyIsUnknown() {
        log.add(event(1));
        redis.delayReplies(Duration.ofSeconds(2));
        assertThatExceptionOfType(AddOutcomeUnknownException.class)
                .isThrownBy(() -> log.add(event(2), AddOptions.idempotent("two")));
        redis.delayReplies(Duration.ZERO);
        await().ignoreExceptions().until(() -> log.add(event(2), AddOptions.idempotent("two")) != null);
        assertThatLog(log).containsExactly(Map.of("n", "1"), Map.of("n", "2"));
    }

    @Test
    void trimmedEventsAreAGap() {
        EventId first = log.add(event(1));
        log.addAll(List.of(event(2), event(3), event(4)));
        redis.trim(log.name(), 1);

        Noted noted = new Noted();
        try (Follower follower = log.follow(Tail.after(first), noted)) {
            await().untilAsserted(() -> assertThat(noted.numbers).containsExactly("4"));
            assertThat(noted.gaps).hasSize(1);
            assertThat(noted.gaps.get(0).kind()).isEqualTo(Gap.Kind.REMOVED);
        }
    }

    @Test
    void retractedEventIsNotRead() {
        log.add(event(1));
        redis.retract(log.name(), log.add(event(2)));
        assertThatLog(log).containsExactly(Map.of("n", "1"));
    }

    @Test
    void lostNewestEventsAreAGapForTheirReaders() {
        Noted noted = new Noted();
        try (Follower follower = log.follow(Tail.all(), noted)) {
            log.addAll(List.of(event(1), event(2), event(3)));
            await().until(() -> noted.numbers.size() == 3);
            redis.loseNewest(log.name(), 2);
            await().ignoreExceptions().until(() -> log.add(event(4)) != null);
            await().untilAsserted(() -> assertThat(noted.numbers).endsWith("4"));
            assertThat(noted.gaps).hasSize(1);
            assertThat(noted.gaps.get(0).kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
        }
        assertThatLog(log).containsExactly(Map.of("n", "1"), Map.of("n", "4"));
    }

    @Test
    void idempotentAddThatWasLostIsAddedAgain() {
        log.add(event(1));
        log.add(event(2), AddOptions.idempotent("two"));
        redis.loseNewest(log.name(), 1);
        await().ignoreExceptions().until(() -> log.add(event(3)) != null);
        log.add(event(2), AddOptions.idempotent("two"));
        assertThatLog(log).containsExactly(Map.of("n", "1"), Map.of("n", "3"), Map.of("n", "2"));
    }

    @Test
    void deleteAndClearRemoveLogs() {
        EventLog other = eventLogs.create(log.name() + ":other");
        log.add(event(1));
        other.add(event(1));
        redis.delete(log.name());
        assertThat(log.exists()).isFalse();
        assertThat(other.exists()).isTrue();
        redis.clear();
        assertThat(other.exists()).isFalse();
    }

    @Test
    void missingLogCannotBeTrimmed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> redis.trim("nobody's", 1))
                .withMessageContaining("nobody's")
                .withMessageContaining("eventlog.key-prefix");
    }

    @Test
    void unsupportedCommandFailsWithAnAction() {
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> template.opsForList().leftPush("list", "1"))
                .havingRootCause()
                .withMessageContaining("LPUSH")
                .withMessageContaining("@EventLogRedis(REAL)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "COPY log other DB 1",
                "EXPIRE log 10 NX",
                "SELECT 1",
                "XINFO STREAM log FULL",
                "XRANGE log - + LIMIT 1",
                "ZRANGEBYSCORE scores 0 1 WITHSCORES"
            })
    void unsupportedOptionIsRefusedAndNotIgnored(String line) {
        List<byte[]> words = Stream.of(line.replace("log", log.name()).split(" "))
                .map(word -> word.getBytes(StandardCharsets.UTF_8))
                .toList();
        log.add(event(1));
        byte[][] arguments = words.subList(1, words.size()).toArray(byte[][]::new);
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> template.execute((RedisCallback<@Nullable Object>)
                        connection -> connection.execute(line.split(" ")[0], arguments)))
                .havingRootCause()
                .withMessageContaining("in-memory Redis of event-log-test");
    }

    @Test
    void copyOfAHashIsAnotherHash() {
        String hash = log.name() + ":hash";
        template.opsForHash().put(hash, "n", "1");
        assertThat(template.copy(hash, hash + ":copy", false)).isTrue();
        template.opsForHash().put(hash, "n", "2");
        assertThat(template.opsForHash().get(hash + ":copy", "n")).isEqualTo("1");
    }
}
