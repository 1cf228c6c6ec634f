package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.test.LogTests;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.connection.stream.MapRecord;

class AddTests extends LogTests {

    @Test
    void idsIncreaseInTheOrderOfTheEvents() {
        EventLog log = newLog();
        List<EventId> ids = new ArrayList<>();
        ids.add(log.add(event(0)));
        ids.addAll(log.addAll(events(1, 51)));
        ids.add(log.add(event(51)));

        assertThat(ids).hasSize(52).isSorted().doesNotHaveDuplicates();
        List<Event> events = log.read(Tail.all());
        assertThat(ids(events)).isEqualTo(ids);
        assertThat(numbers(events)).isEqualTo(range(0, 52));
    }

    @Test
    void timestampComesFromRedis() {
        EventLog log = newLog();
        Long before = redis.execute(connection -> connection.serverCommands().time(), true);
        EventId id = log.add(event(0));
        Long after = redis.execute(connection -> connection.serverCommands().time(), true);

        assertThat(id.timestamp().toEpochMilli()).isBetween(before, after);
        assertThat(log.read(Tail.all())).extracting(Event::timestamp).containsExactly(id.timestamp());
    }

    @Test
    void emptyAddDoesNothing() {
        EventLog log = newLog(options -> options.maxLength(5).ttlAfterLastAdd(Duration.ofMinutes(1)));
        assertThat(log.addAll(List.of())).isEmpty();
        assertThat(log.exists()).isFalse();
    }

    @Test
    void simpleValuesAreStoredAsTextAndOtherValuesAsJson() {
        EventLog log = newLog();
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("text", "grün \u2603 \"quoted\"\n");
        event.put("empty", "");
        event.put("int", 42);
        event.put("long", Long.MIN_VALUE);
        event.put("double", 19.8);
        event.put("decimal", new BigDecimal("0.10"));
        event.put("boolean", true);
        event.put("list", List.of(1, "two", false));
        event.put("map", Map.of("k", List.of(1.5)));
        event.put("array", new int[] {1, 2});
        EventId id = log.add(event);

        Map<String, String> expected = new LinkedHashMap<>();
        expected.put("text", "grün \u2603 \"quoted\"\n");
        expected.put("empty", "");
        expected.put("int", "42");
        expected.put("long", "-9223372036854775808");
        expected.put("double", "19.8");
        expected.put("decimal", "0.10");
        expected.put("boolean", "true");
        expected.put("list", "[1,\"two\",false]");
        expected.put("map", "{\"k\":[1.5]}");
        expected.put("array", "[1,2]");
        List<MapRecord<String, Object, Object>> stored = redis.opsForStream().range(log.name(), Range.unbounded());
        assertThat(stored).hasSize(1);
        assertThat(stored.get(0).getId().getValue()).isEqualTo(id.toString());
        assertThat(stored.get(0).getValue()).isEqualTo(expected);

        List<Event> read = log.read(Tail.all());
        assertThat(read).containsExactly(new Event(id, expected));
        assertThat(read.get(0).fields().keySet()).as("stored order").containsExactlyElementsOf(expected.keySet());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyKindOfAddStoresTheSameForm(boolean ttl) {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(ttl ? Duration.ofMinutes(1) : Duration.ZERO));
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("z", "1");
        event.put("a", 2);
        event.put("m", List.of(3));
        log.add(event);
        log.addAll(List.of(event));

        List<Event> read = log.read(Tail.all());
        assertThat(read).hasSize(2).allSatisfy(each -> {
            assertThat(each.fields()).containsExactlyEntriesOf(orderedFields());
        });
    }

    private static Map<String, String> orderedFields() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("z", "1");
        fields.put("a", "2");
        fields.put("m", "[3]");
        return fields;
    }

    @Test
    void keyIsThePrefixFollowedByTheName() {
        String name = newName();
        EventLog log = newFactory("eventlog.key-prefix=test:prefix:").create(name);
        deleteLater("test:prefix:" + name);
        log.add(event(1));

        assertThat(log.name()).isEqualTo(name);
        assertThat(redis.hasKey(name)).isFalse();
        assertThat(redis.opsForStream().size("test:prefix:" + name)).isEqualTo(1);
        assertThat(numbers(log.read(Tail.all()))).containsExactly(1);
        assertThat(factory.create(name).exists()).isFalse();
    }

    @Test
    void eventWithoutFieldsIsRefused() {
        EventLog log = newLog();
        assertThatIllegalArgumentException().isThrownBy(() -> log.add(Map.of()));
        assertThat(log.exists()).isFalse();
    }

    @Test
    void nullValueIsRefusedWithItsFieldName() {
        EventLog log = newLog();
        Map<String, Object> event = withNull("temperature");
        assertThatIllegalArgumentException().isThrownBy(() -> log.add(event)).withMessageContaining("temperature");
        assertThat(log.exists()).isFalse();
    }

    @Test
    void nullFieldNameIsRefused() {
        EventLog log = newLog();
        Map<String, Object> event = withNullKey();
        assertThatIllegalArgumentException().isThrownBy(() -> log.add(event)).withMessageContaining("null");
        assertThat(log.exists()).isFalse();
    }

    @SuppressWarnings("NullAway")
    private static Map<String, Object> withNull(String name) {
        Map<String, Object> event = new HashMap<>(Map.of("sensor", 1));
        event.put(name, null);
        return event;
    }

    @SuppressWarnings("NullAway")
    private static Map<String, Object> withNullKey() {
        return new HashMap<>(Collections.singletonMap(null, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t\n", "half \uD83D of a pair"})
    void blankOrInvalidNameIsRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> factory.create(name));
        assertThatIllegalArgumentException().isThrownBy(() -> factory.create(name, Map.class));
    }

    @Test
    void oneInvalidEventOfAHundredAddsNone() {
        EventLog log = newLog();
        log.add(event(0));
        for (Map<String, Object> bad : List.of(Map.<String, Object>of(), withNull("temperature"), withNullKey())) {
            List<Map<String, Object>> events = new ArrayList<>(events(0, 100));
            events.set(73, bad);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> log.addAll(events))
                    .withMessageContaining("74 of 100");
            assertThat(log.size()).isEqualTo(1);
        }
    }

    @Test
    void addToAKeyOfAnotherTypeFails() {
        EventLog log = newLog();
        EventLog withTtl = factory.create(log.name(), options -> options.ttlAfterLastAdd(Duration.ofMinutes(1)));
        redis.opsForValue().set(log.name(), "text");

        List<Runnable> calls = List.of(
                () -> log.add(event(1)),
                () -> log.addAll(events(0, 3)),
                () -> withTtl.add(event(1)),
                () -> withTtl.addAll(events(0, 3)),
                () -> log.read(Tail.all()),
                () -> log.read(Tail.from(EventId.MIN)),
                log::size,
                log::lastId);
        for (Runnable call : calls) {
            assertThatExceptionOfType(EventLogException.class)
                    .isThrownBy(call::run)
                    .isNotInstanceOf(EventLogUnavailableException.class)
                    .withMessageContaining(log.name())
                    .satisfies(ex -> {
                        assertThat(ex.log()).isEqualTo(log.name());
                        assertThat(ex.getCause()).isNotNull();
                    });
        }
        assertThat(redis.opsForValue().get(log.name())).isEqualTo("text");
        assertThat(redis.getExpire(log.name())).as("no expiry").isEqualTo(-1);
    }

    @Test
    void addFailsAfterTheGreatestPossibleId() {
        EventLog log = newLog();
        addWithId(log, EventId.MAX.toString());
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> log.add(event(1)))
                .isNotInstanceOf(EventLogUnavailableException.class);
        assertThatExceptionOfType(EventLogException.class).isThrownBy(() -> log.addAll(events(0, 2)));
        assertThat(ids(log.read(Tail.all()))).containsExactly(EventId.MAX);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readReturnsExactlyMaxLengthEventsEvenIfRedisKeepsMore(boolean oneByOne) {
        EventLog log = newLog(options -> options.maxLength(3));
        if (oneByOne) {
            events(0, 200).forEach(log::add);
        } else {
            assertThat(log.addAll(events(0, 200))).hasSize(200);
        }
        assertThat(numbers(log.read(Tail.all()))).containsExactly(197, 198, 199);
        assertThat(log.size()).as("trimming is approximate, but it happens").isBetween(3L, 150L);
    }

    @Test
    void allEventsAreKeptWithoutMaxLength() {
        EventLog log = newLog(options -> options.maxLength(0));
        log.addAll(events(0, 10_000));
        assertThat(log.size()).isEqualTo(10_000);
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 10_000));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eventCanHaveUpTo3900Fields(boolean ttl) {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(ttl ? Duration.ofMinutes(1) : Duration.ZERO));
        Map<String, Object> largest = new LinkedHashMap<>();
        IntStream.range(0, 3_900).forEach(i -> largest.put("field" + i, i));
        EventId first = log.add(largest);
        List<EventId> ids = log.addAll(List.of(largest, event(1), largest));
        List<Event> read = log.read(Tail.all());
        assertThat(ids(read)).containsExactly(first, ids.get(0), ids.get(1), ids.get(2));
        assertThat(read).extracting(event -> event.fields().size()).containsExactly(3_900, 3_900, 1, 3_900);
        assertThat(read.get(3).fields()).containsEntry("field3899", "3899");

        largest.put("one", "more");
        assertThatIllegalArgumentException().isThrownBy(() -> log.add(largest)).withMessageContaining("3,901");
        assertThatIllegalArgumentException().isThrownBy(() -> log.addAll(List.of(event(1), largest)));
        assertThat(log.size()).isEqualTo(4);
    }

    @Test
    void concurrentWritersOfSeveralApplicationsKeepTheirOrder() throws Exception {
        String name = newName();
        List<EventLogFactory> factories = List.of(factory, factory, newFactory(), newFactory());
        int calls = 50;
        CountDownLatch start = new CountDownLatch(1);
        ExecutorService threads = Executors.newFixedThreadPool(factories.size());
        try {
            List<Future<List<EventId>>> results = new ArrayList<>();
            for (int writer = 0; writer < factories.size(); writer++) {
                EventLog log = factories.get(writer).create(name);
                int first = writer * 1_000;
                results.add(threads.submit(() -> {
                    List<EventId> ids = new ArrayList<>();
                    start.await();
                    for (int call = 0; call < calls; call++) {
                        ids.add(log.add(event(first + 4 * call)));
                        ids.addAll(log.addAll(events(first + 4 * call + 1, first + 4 * call + 4)));
                    }
                    return ids;
                }));
            }
            start.countDown();
            for (Future<List<EventId>> result : results) {
                result.get(20, TimeUnit.SECONDS);
            }
            List<Event> all = factory.create(name).read(Tail.all());
            assertThat(all).hasSize(factories.size() * calls * 4);
            for (int writer = 0; writer < factories.size(); writer++) {
                int first = writer * 1_000;
                HashSet<EventId> own = new HashSet<>(results.get(writer).get());
                List<Event> written =
                        all.stream().filter(event -> own.contains(event.id())).toList();
                assertThat(numbers(written)).isEqualTo(range(first, first + calls * 4));
            }
            List<Integer> numbers = numbers(all);
            for (int i = 0; i < numbers.size(); i++) {
                if (numbers.get(i) % 4 == 1) {
                    assertThat(numbers.subList(i, i + 3))
                            .as("the events of one call are adjacent")
                            .isEqualTo(range(numbers.get(i), numbers.get(i) + 3));
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
