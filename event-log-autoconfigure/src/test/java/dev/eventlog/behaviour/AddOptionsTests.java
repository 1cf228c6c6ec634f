package dev.eventlog.behaviour;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.AddOptions;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnexpectedLastIdException;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddOptionsTests extends LogTests {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    // --- idempotent adds ---

    @Test
    void repeatedAddReturnsTheFirstIdAndAddsNothing() {
        EventLog log = newLog();
        log.add(event(0));
        EventId id = log.add(event(1), once(log, "paid"));
        log.add(event(2));

        assertThat(log.add(event(1), once(log, "paid"))).isEqualTo(id);
        assertThat(newFactory().create(log.name()).add(event(1), once(log, "paid")))
                .as("from another process")
                .isEqualTo(id);
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1, 2);
    }

    @Test
    void repeatedAddOfManyReturnsTheFirstIdsAndAddsNothing() {
        EventLog log = newLog(options -> options.maxLength(100).ttlAfterLastAdd(MINUTE));
        List<EventId> ids = log.addAll(events(0, 3), once(log, "import"));
        assertThat(log.addAll(events(0, 3), once(log, "import"))).isEqualTo(ids).hasSize(3);
        assertThat(ids(log.read(Tail.all()))).isEqualTo(ids);
    }

    @Test
    void eachLogHasItsOwnKeys() {
        EventLog log = newLog();
        EventLog other = newLog();
        log.add(event(0), once(log, "a"));
        log.add(event(1), once(log, "b"));
        other.add(event(2), once(other, "a"));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1);
        assertThat(numbers(other.read(Tail.all()))).containsExactly(2);
    }

    @Test
    void idempotentAddStoresAnOrdinaryEvent() {
        EventLog log = newLog();
        EventId id = log.add(event(1), once(log, "a"));
        assertThat(log.read(Tail.all())).containsExactly(new Event(id, Map.of("n", "1")));
    }

    @Test
    void keyOfADifferentAddIsRefused() {
        EventLog log = newLog();
        log.addAll(events(0, 3), once(log, "a"));
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> log.addAll(events(0, 2), once(log, "a")))
                .withMessageContaining(log.name())
                .withMessageContaining("'a'")
                .withMessageContaining("3 events, not of 2");
        assertThatExceptionOfType(EventLogException.class).isThrownBy(() -> log.add(event(0), once(log, "a")));
        assertThat(log.size()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t\n", "\ud83d"})
    void blankOrInvalidKeyIsRefused(String key) {
        assertThatIllegalArgumentException().isThrownBy(() -> AddOptions.idempotent(key));
    }

    @Test
    void keyCanHaveUpToAThousandCharactersOfAnyKind() {
        EventLog log = newLog();
        for (String key : List.of("k".repeat(1_000), "{a} b}{ \u2603 1-1 \n")) {
            EventId id = log.add(event(0), once(log, key));
            assertThat(log.add(event(0), once(log, key))).isEqualTo(id);
        }
        assertThat(log.size()).isEqualTo(2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AddOptions.idempotent("k".repeat(1_001)))
                .withMessageContaining("1,000")
                .withMessageContaining("1,001");
    }

    @Test
    void invalidEventLeavesNoRecord() {
        EventLog log = newLog();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.addAll(List.of(event(0), Map.of(), event(2)), once(log, "a")))
                .withMessageContaining("2 of 3");
        assertThat(redis.hasKey(record(log.name(), "a"))).isFalse();
        assertThat(log.addAll(events(0, 3), once(log, "a"))).hasSize(3);
    }

    @Test
    void refusalByRedisLeavesNoRecord() {
        EventLog log = newLog();
        redis.opsForValue().set(log.name(), "text");
        for (AddOptions options :
                List.of(once(log, "a"), AddOptions.ifLast(new EventId(1, 1)), AddOptions.ifAbsent())) {
            assertThatExceptionOfType(EventLogException.class)
                    .isThrownBy(() -> log.add(event(0), options))
                    .withMessageContaining("another Redis type");
        }
        assertThat(redis.hasKey(record(log.name(), "a"))).isFalse();
    }

    @Test
    void fiftyThreadsWithOneKeyAddOnce() throws Exception {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(MINUTE));
        List<List<EventId>> answers = allAtOnce(50, () -> log.addAll(events(0, 2), once(log, "a")));
        assertThat(new HashSet<>(answers)).containsExactly(ids(log.read(Tail.all())));
        assertThat(log.size()).isEqualTo(2);
    }

    // --- retention ---

    @Test
    void recordExpiresAfterTheRetentionAndNotWithTheLog() {
        EventLog hour = newLog();
        hour.add(event(0), once(hour, "a"));
        assertThat(millisecondsToLive(record(hour.name(), "a"))).isBetween(3_500_000L, 3_600_000L);
        assertThat(millisecondsToLive(hour.name())).as("the log itself").isEqualTo(-1);

        EventLog minute = newLog(options -> options.ttlAfterLastAdd(MINUTE));
        minute.add(event(0), once(minute, "a"));
        assertThat(millisecondsToLive(record(minute.name(), "a"))).isBetween(50_000L, 60_000L);

        EventLog longer = newLog(options -> options.ttlAfterLastAdd(Duration.ofDays(9)));
        longer.add(event(0), once(longer, "a"));
        assertThat(millisecondsToLive(record(longer.name(), "a"))).isBetween(3_500_000L, 3_600_000L);

        EventLog configured = newFactory("eventlog.idempotency-retention=3h").create(newName());
        configured.add(event(0), once(configured, "a"));
        assertThat(millisecondsToLive(record(configured.name(), "a"))).isBetween(10_700_000L, 10_800_000L);
    }

    @Test
    void sameKeyAddsAgainAfterTheRetention() {
        EventLog log = newLog(options -> options.idempotencyRetention(Duration.ofMillis(200)));
        EventId id = log.add(event(0), once(log, "a"));
        await().until(() -> !redis.hasKey(record(log.name(), "a")));
        assertThat(log.add(event(0), once(log, "a"))).isGreaterThan(id);
        assertThat(log.size()).isEqualTo(2);
    }

    @Test
    void repeatedAddExtendsNeitherTheRecordNorTheLog() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofSeconds(2)));
        log.add(event(0), once(log, "a"));
        await().until(() -> millisecondsToLive(log.name()) < 1_900);
        log.add(event(0), once(log, "a"));
        assertThat(millisecondsToLive(log.name())).isBetween(0L, 1_900L);
        assertThat(millisecondsToLive(record(log.name(), "a"))).isBetween(0L, 1_900L);
    }

    // --- events that are gone ---

    @Test
    void sameKeyAddsAgainAfterTheLogExpired() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofSeconds(1)));
        EventId id = log.add(event(0), once(log, "a"));
        await().until(() -> !log.exists());
        assertThat(log.add(event(0), once(log, "a"))).isGreaterThan(id);
        assertThat(log.size()).isEqualTo(1);
    }

    @Test
    void sameKeyAddsAgainAfterTheLogWasDeleted() {
        EventLog log = newLog();
        EventId id = log.add(event(0), once(log, "a"));
        delete(log);
        EventId again = log.add(event(0), once(log, "a"));
        assertThat(again).isGreaterThan(id);
        assertThat(log.add(event(0), once(log, "a"))).isEqualTo(again);
        assertThat(log.size()).isEqualTo(1);
    }

    @Test
    void sameKeyAddsAgainAfterTheLogBeganAgain() {
        EventLog log = newLog();
        log.add(event(0), once(log, "a"));
        log.addAll(events(1, 3), once(log, "b"));
        delete(log);
        log.addAll(events(5, 9));

        log.add(event(0), once(log, "a"));
        log.addAll(events(1, 3), once(log, "b"));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(5, 6, 7, 8, 0, 1, 2);
    }

    @Test
    void sameKeyAddsAgainAfterTheLogBeganAgainWithLowerIds() {
        EventLog log = newLog();
        log.add(event(0), once(log, "a"));
        delete(log);
        addWithId(log, "5-1");
        log.add(event(2), once(log, "a"));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(1, 2);
    }

    @Test
    void idsAreComparedAsUnsignedNumbers() {
        String last = "18446744073709551615-";
        EventLog log = newLog(options -> options.maxLength(1));
        addWithId(log, last + 9);
        EventId id = log.add(event(0), once(log, "a"));
        assertThat(id).hasToString(last + 10);
        assertThat(log.add(event(0), once(log, "a"))).isEqualTo(id);

        log.delete();
        addWithId(log, last + 9);
        log.add(event(2), once(log, "a"));
        assertThat(log.size()).as("-9 is below -10, so the log began again").isEqualTo(2);

        log.delete();
        addWithId(log, last + 11);
        log.add(event(3), once(log, "a").and(AddOptions.ifLast(EventId.parse(last + 11))));
    }

    @Test
    void sameKeyAddsNothingAfterItsEventsWereTrimmed() {
        EventLog log = newLog(options -> options.maxLength(5));
        List<EventId> ids = log.addAll(events(0, 2), once(log, "a"));
        log.addAll(events(2, 500));
        assertThat(log.read(Tail.all())).extracting(Event::id).doesNotContainAnyElementsOf(ids);
        assertThat(log.size()).as("Redis has trimmed the earlier events too").isLessThan(400);

        assertThat(log.addAll(events(0, 2), once(log, "a"))).isEqualTo(ids);
        assertThat(numbers(log.read(Tail.last(1)))).containsExactly(499);
    }

    @Test
    void sameKeyAddsNothingAfterItsEventWasDeleted() {
        EventLog log = newLog();
        log.add(event(0));
        EventId id = log.add(event(1), once(log, "a"));
        redis.opsForStream().delete(log.name(), id.toString());
        assertThat(log.add(event(1), once(log, "a"))).isEqualTo(id);
        assertThat(log.size()).isEqualTo(1);
    }

    /** A count of all added events proves that some are missing, but not that the log began again. */
    @Test
    void sameKeyAddsNothingAfterAllEventsWereDeletedIfRedisCounts() {
        EventLog log = newLog();
        EventId id = log.add(event(0), once(log, "a"));
        EventId next = log.add(event(1));
        redis.opsForStream().delete(log.name(), id.toString());
        boolean counts = TestRedis.get().isAtLeast(7);
        assertThat(log.add(event(0), once(log, "a")).equals(id)).isEqualTo(counts);

        redis.opsForStream().trim(log.name(), 0);
        EventId again = log.add(event(1), once(log, "b"));
        redis.opsForStream().trim(log.name(), 0);
        assertThat(log.add(event(1), once(log, "b")).equals(again)).isEqualTo(counts);
        assertThat(next).isLessThan(again);
    }

    /** Deletes a log, and adds more events than it keeps, with the same keys. */
    @Test
    void sameKeyAddsAgainAfterATrimmedLogBeganAgainIfRedisCounts() {
        assumeTrue(TestRedis.get().isAtLeast(7), "before Redis 7 a full log cannot be told from the one before it");
        EventLog log = newLog(options -> options.maxLength(10));
        List<EventId> first = addOnce(log, 400);
        delete(log);
        assertThat(addOnce(log, 400)).isSorted().first().matches(id -> id.isAfter(first.get(399)));
    }

    private List<EventId> addOnce(EventLog log, int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> log.add(event(number), once(log, "key" + number)))
                .toList();
    }

    // --- slots ---

    @Test
    void recordOfALogWithAHashTagHasTheSameTag() {
        String name = "test:{" + newName() + "}:b";
        deleteLater(name);
        deleteLater(name + ":once:a");
        EventLog log = factory.create(name);
        EventId id = log.add(event(0), AddOptions.idempotent("a"));
        assertThat(redis.hasKey(name + ":once:a")).isTrue();
        assertThat(log.add(event(0), AddOptions.idempotent("a"))).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a{b", "a}b", "a{}b", "a{}b{c}"})
    void idempotentAddToALogWithBracesButNoHashTagIsRefused(String part) {
        String name = newName() + part;
        deleteLater(name);
        EventLog log = factory.create(name);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.add(event(0), AddOptions.idempotent("a")))
                .withMessageContaining("'" + name + "'");
        assertThat(log.exists()).isFalse();
        EventId id = log.add(event(0), AddOptions.ifAbsent());
        log.add(event(1), AddOptions.ifLast(id));
        assertThat(log.size()).isEqualTo(2);
    }

    // --- expected ids ---

    @Test
    void addSucceedsIfTheLastIdIsTheExpectedOne() {
        EventLog log = newLog();
        EventId first = log.add(event(0), AddOptions.ifAbsent());
        EventId second = log.add(event(1), AddOptions.ifLast(first));
        List<EventId> more = log.addAll(events(2, 4), AddOptions.ifLast(second));
        assertThat(log.lastId()).hasValue(more.get(1));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1, 2, 3);
    }

    @Test
    void addFailsWithBothIdsIfTheLastIdIsAnotherOne() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofSeconds(30)));
        EventId first = log.add(event(0));
        EventId second = log.add(event(1));
        redis.expire(log.name(), Duration.ofSeconds(20));

        for (EventId expected : List.of(first, EventId.MIN, second.next(), EventId.MAX)) {
            assertThatExceptionOfType(UnexpectedLastIdException.class)
                    .isThrownBy(() -> log.addAll(events(2, 9), AddOptions.ifLast(expected)))
                    .withMessageContaining(log.name())
                    .withMessageContaining(expected.toString())
                    .withMessageContaining(second.toString())
                    .satisfies(ex -> {
                        assertThat(ex.log()).isEqualTo(log.name());
                        assertThat(ex.expected()).isEqualTo(expected);
                        assertThat(ex.actual()).isEqualTo(second);
                    });
        }
        assertThat(ids(log.read(Tail.all()))).containsExactly(first, second);
        assertThat(millisecondsToLive(log.name())).as("not extended").isLessThanOrEqualTo(20_000);
    }

    @Test
    void missingLogHasNoLastId() {
        EventLog log = newLog();
        EventId expected = new EventId(1, 1);
        assertThatExceptionOfType(UnexpectedLastIdException.class)
                .isThrownBy(() -> log.add(event(0), AddOptions.ifLast(expected)))
                .withMessageContaining("should be 1-1, but is 0-0 (no such log)")
                .satisfies(ex -> {
                    assertThat(ex.expected()).isEqualTo(expected);
                    assertThat(ex.actual()).isEqualTo(EventId.MIN);
                });
        assertThat(log.exists()).isFalse();
        log.add(event(0), AddOptions.ifLast(EventId.MIN));
    }

    @Test
    void streamThatNeverHadAnEventCountsAsAbsent() {
        EventLog log = newLog();
        redis.opsForStream().createGroup(log.name(), "group"); // creates the stream
        assertThat(log.exists()).isTrue();
        log.add(event(0), AddOptions.ifAbsent());
        assertThat(log.size()).isEqualTo(1);
    }

    @Test
    void deletedEventCountsAsTheLastOne() {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        redis.opsForStream().delete(log.name(), id.toString());
        assertThatExceptionOfType(UnexpectedLastIdException.class)
                .isThrownBy(() -> log.add(event(1), AddOptions.ifAbsent()));
        log.add(event(1), AddOptions.ifLast(log.lastId().orElseThrow()));
        assertThat(log.size()).isEqualTo(1);
    }

    @Test
    void onlyOneOfManyWritersFindsTheLogAbsent() throws Exception {
        EventLog log = newLog();
        AtomicInteger number = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        allAtOnce(30, () -> {
            try {
                return log.add(event(number.getAndIncrement()), AddOptions.ifAbsent());
            } catch (UnexpectedLastIdException ex) {
                return refused.incrementAndGet();
            }
        });
        assertThat(refused).hasValue(29);
        assertThat(log.size()).isEqualTo(1);
    }

    /** Each writer adds the number after the last one. A lost update would store a number twice. */
    @Test
    void expectedIdsPreventLostUpdates() throws Exception {
        EventLog log = newLog();
        int writers = 8;
        int each = 20;
        allAtOnce(writers, () -> {
            for (int added = 0; added < each; ) {
                List<Event> last = log.read(Tail.last(1));
                EventId read = last.isEmpty() ? EventId.MIN : last.get(0).id();
                int next = last.isEmpty() ? 0 : numbers(last).get(0) + 1;
                try {
                    log.add(event(next), AddOptions.ifLast(read));
                    added++;
                } catch (UnexpectedLastIdException ex) {
                    assertThat(ex.actual()).isGreaterThan(read);
                }
            }
            return true;
        });
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, writers * each));
    }

    // --- combined options ---

    @Test
    void repeatedAddReturnsItsIdsAlthoughTheExpectedIdIsOutdated() {
        EventLog log = newLog();
        EventId first = log.add(event(0));
        AddOptions both = once(log, "a").and(AddOptions.ifLast(first));
        EventId id = log.add(event(1), both);
        log.add(event(2));
        assertThat(log.add(event(1), both)).isEqualTo(id);
        assertThat(log.size()).isEqualTo(3);
    }

    @Test
    void refusedAddLeavesNoRecord() {
        EventLog log = newLog();
        EventId first = log.add(event(0));
        assertThatExceptionOfType(UnexpectedLastIdException.class)
                .isThrownBy(() -> log.add(event(1), AddOptions.ifAbsent().and(once(log, "a"))));
        assertThat(redis.hasKey(record(log.name(), "a"))).isFalse();
        assertThat(log.add(event(1), AddOptions.ifLast(first).and(once(log, "a"))))
                .isGreaterThan(first);
    }

    @Test
    void contradictoryOptionsAreRefused() {
        EventId id = new EventId(1, 1);
        AddOptions both = AddOptions.idempotent("a").and(AddOptions.ifLast(id));
        assertThat(both.idempotencyKey()).hasValue("a");
        assertThat(both.expectedLastId()).hasValue(id);
        assertThat(both.and(AddOptions.idempotent("a")).and(AddOptions.none())).isEqualTo(both);
        assertThat(AddOptions.ifAbsent()).isEqualTo(AddOptions.ifLast(EventId.MIN));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> both.and(AddOptions.idempotent("b")))
                .withMessageContaining("'a' and 'b'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> both.and(AddOptions.ifAbsent()))
                .withMessageContaining("'1-1' and '0-0'");
    }

    @ParameterizedTest
    @MethodSource("terms")
    void emptyAddDoesNothing(AddOptions options) {
        EventLog log = newLog();
        assertThat(log.addAll(List.of(), options)).isEmpty();
        assertThat(log.exists()).isFalse();
        assertThat(redis.hasKey(record(log.name(), "a"))).isFalse();
    }

    static List<AddOptions> terms() {
        return List.of(AddOptions.none(), AddOptions.idempotent("a"), AddOptions.ifLast(new EventId(1, 1)));
    }

    @Test
    @SuppressWarnings("NullAway")
    void nullIsRefused() {
        EventLog log = newLog();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.add(event(0), null))
                .withMessageContaining(log.name());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.addAll(List.of(), null))
                .withMessageContaining(log.name());
        assertThatIllegalArgumentException().isThrownBy(() -> AddOptions.idempotent(null));
    }

    @Test
    void typedLogsSupportTheOptions() {
        record Payment(String by, int cents) {}
        Payment payment = new Payment("Ada", 1_980);
        TypedEventLog<Payment> log = factory.create(newName(), Payment.class);
        AddOptions once = once(log.untyped(), "a");
        EventId id = log.add(payment, once.and(AddOptions.ifAbsent()));
        assertThat(log.add(payment, once.and(AddOptions.ifAbsent()))).isEqualTo(id);
        List<EventId> ids = log.addAll(List.of(payment, payment), AddOptions.ifLast(id));
        assertThatExceptionOfType(UnexpectedLastIdException.class)
                .isThrownBy(() -> log.addAll(List.of(payment), AddOptions.ifLast(id)))
                .satisfies(ex -> assertThat(ex.actual()).isEqualTo(ids.get(1)));
        assertThat(log.read(Tail.all())).extracting(TypedEvent::value).containsExactly(payment, payment, payment);
    }

    private AddOptions once(EventLog log, String key) {
        deleteLater(record(log.name(), key));
        return AddOptions.idempotent(key);
    }

    private static String record(String log, String key) {
        return log + ":once:{" + log + "}:" + key;
    }

    private long millisecondsToLive(String key) {
        Long answer = redis.execute(connection -> connection.keyCommands().pTtl(key.getBytes(UTF_8)), true);
        assertThat(answer).isNotNull();
        return answer;
    }

    private static <T> List<T> allAtOnce(int count, Callable<T> call) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<T>> calls = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                calls.add(threads.submit(() -> {
                    start.await();
                    return call.call();
                }));
            }
            start.countDown();
            List<T> answers = new ArrayList<>();
            for (Future<T> each : calls) {
                answers.add(each.get(20, TimeUnit.SECONDS));
            }
            return answers;
        } finally {
            threads.shutdownNow();
        }
    }
}
