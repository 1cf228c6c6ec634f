package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.redis.connection.stream.MapRecord;

class ReadTests extends LogTests {

    @Test
    void everyTailIsReadOldestFirst() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 10));
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 10));
        assertThat(numbers(log.read(Tail.last(0)))).isEmpty();
        assertThat(numbers(log.read(Tail.last(1)))).isEqualTo(range(9, 10));
        assertThat(numbers(log.read(Tail.last(4)))).isEqualTo(range(6, 10));
        assertThat(numbers(log.read(Tail.last(11)))).isEqualTo(range(0, 10));
        assertThat(numbers(log.read(Tail.last(Long.MAX_VALUE)))).isEqualTo(range(0, 10));
        assertThat(numbers(log.read(Tail.from(ids.get(7))))).isEqualTo(range(7, 10));
        assertThat(numbers(log.read(Tail.after(ids.get(7))))).isEqualTo(range(8, 10));
        assertThat(numbers(log.read(Tail.from(ids.get(0))))).isEqualTo(range(0, 10));
        assertThat(numbers(log.read(Tail.from(ids.get(9))))).isEqualTo(range(9, 10));
        assertThat(numbers(log.read(Tail.after(ids.get(9))))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "0-0, 0, 0",
        "0-1, 0, 0",
        "10-0, 0, 1",
        "10-1, 1, 1",
        "15-0, 1, 1",
        "20-5, 1, 2",
        "20-6, 2, 3",
        "20-18446744073709551615, 3, 3",
        "9223372036854775807-0, 3, 3",
        "9223372036854775808-0, 3, 4",
        "18446744073709551614-18446744073709551615, 4, 4",
        "18446744073709551615-0, 4, 5",
        "18446744073709551615-18446744073709551615, 5, 5"
    })
    void readCanStartAtAnyId(String text, int from, int after) {
        EventId id = EventId.parse(text);
        EventLog log = newLog();
        List<String> stored = List.of("10-0", "20-5", "20-6", "9223372036854775808-0", "18446744073709551615-0");
        stored.forEach(each -> addWithId(log, each));
        List<EventId> ids = stored.stream().map(EventId::parse).toList();

        assertThat(ids(log.read(Tail.from(id)))).isEqualTo(ids.subList(from, 5));
        assertThat(ids(log.read(Tail.after(id)))).isEqualTo(ids.subList(after, 5));
        EventLog limited = factory.create(log.name(), options -> options.maxLength(2));
        assertThat(ids(limited.read(Tail.from(id)))).isEqualTo(ids.subList(Math.max(from, 3), 5));
        assertThat(ids(limited.read(Tail.after(id)))).isEqualTo(ids.subList(Math.max(after, 3), 5));
    }

    @Test
    void missingLogIsReadAsEmpty() {
        EventLog log = newLog();
        for (Tail tail : List.of(
                Tail.all(),
                Tail.last(0),
                Tail.last(5),
                Tail.from(EventId.MIN),
                Tail.from(new EventId(5, 5)),
                Tail.after(EventId.MIN),
                Tail.after(EventId.MAX))) {
            assertThat(log.read(tail)).as(tail.toString()).isEmpty();
        }
        assertThat(log.size()).isZero();
        assertThat(log.lastId()).isEmpty();
        assertThat(log.exists()).isFalse();
        assertThat(log.delete()).isFalse();
    }

    @Test
    void emptiedLogIsReadAsEmpty() {
        EventLog log = newLog();
        EventId id = log.add(event(1));
        redis.opsForStream().delete(log.name(), id.toString());

        assertThat(log.read(Tail.all())).isEmpty();
        assertThat(log.read(Tail.from(id))).isEmpty();
        assertThat(log.size()).isZero();
        assertThat(log.exists()).isTrue();
        assertThat(log.lastId()).as("the id of a deleted event").hasValue(id);
    }

    @Test
    void deletedEventsAreLeftOut() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 10));
        redis.opsForStream()
                .delete(log.name(), ids.get(3).toString(), ids.get(8).toString());
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1, 2, 4, 5, 6, 7, 9);
        assertThat(numbers(log.read(Tail.last(3)))).containsExactly(6, 7, 9);
        assertThat(numbers(log.read(Tail.from(ids.get(3))))).containsExactly(4, 5, 6, 7, 9);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "1", "-", "1-", "-1", "a-b", "1-2-3", "+1-1", "1--1", " 1-1", "18446744073709551616-0", "$"})
    void failureQuotesAMalformedId(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventId.parse(text))
                .withMessageContaining("'" + text + "'");
    }

    @Test
    void newOnlyIsReadAsEmpty() {
        EventLog log = newLog();
        log.add(event(0));
        assertThat(Tail.newOnly()).isEqualTo(Tail.last(0));
        assertThat(log.read(Tail.newOnly())).isEmpty();
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.newOnly(), listener));
        log.add(event(1));
        await().until(() -> listener.count() > 0);
        assertThat(numbers(listener.all())).containsExactly(1);
    }

    @Test
    void negativeLimitsAreRefusedAndZeroMeansUnlimited() {
        EventLogOptions.Builder options = EventLogOptions.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.maxLength(-1))
                .withMessageContaining("maxLength -1")
                .withMessageContaining("0 means");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.ttlAfterLastAdd(Duration.ofSeconds(-1)))
                .withMessageContaining("ttlAfterLastAdd PT-1S")
                .withMessageContaining("or 0");
        assertThatIllegalArgumentException().isThrownBy(() -> newLog(those -> those.maxLength(Long.MIN_VALUE)));
        EventLogOptions none =
                options.maxLength(0).ttlAfterLastAdd(Duration.ZERO).build();
        assertThat(none.hasMaxLength()).isFalse();
        assertThat(none.hasTtl()).isFalse();
        assertThat(none).isEqualTo(EventLogOptions.builder().build());
    }

    @Test
    void negativeCountIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Tail.last(-1)).withMessageContaining("-1");
    }

    @Test
    void pageSizeDoesNotChangeTheResult() {
        String name = newName();
        EventLog whole = factory.create(name);
        EventLog paged = newFactory("eventlog.read.page-size=7").create(name);
        EventLog limited = newFactory("eventlog.read.page-size=7").create(name, options -> options.maxLength(25));
        List<EventId> ids = whole.addAll(events(0, 100));

        assertThat(paged.read(Tail.all())).isEqualTo(whole.read(Tail.all())).hasSize(100);
        for (int n = 0; n <= 100; n++) {
            assertThat(numbers(paged.read(Tail.last(n)))).as("last %s", n).isEqualTo(range(100 - n, 100));
            assertThat(numbers(limited.read(Tail.last(n))))
                    .as("last %s of 25", n)
                    .isEqualTo(range(100 - Math.min(n, 25), 100));
        }
        for (int i = 0; i < 100; i++) {
            assertThat(numbers(paged.read(Tail.from(ids.get(i)))))
                    .as("from %s", i)
                    .isEqualTo(range(i, 100));
            assertThat(numbers(paged.read(Tail.after(ids.get(i)))))
                    .as("after %s", i)
                    .isEqualTo(range(i + 1, 100));
            assertThat(numbers(limited.read(Tail.from(ids.get(i)))))
                    .as("from %s of 25", i)
                    .isEqualTo(range(Math.max(i, 75), 100));
        }
    }

    @Test
    void maxLengthOfTheHandleLimitsTheRead() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 100));
        EventLog limited = factory.create(log.name(), options -> options.maxLength(25));

        assertThat(numbers(limited.read(Tail.all()))).isEqualTo(range(75, 100));
        assertThat(numbers(limited.read(Tail.last(24)))).isEqualTo(range(76, 100));
        assertThat(numbers(limited.read(Tail.last(26)))).isEqualTo(range(75, 100));
        assertThat(numbers(limited.read(Tail.from(ids.get(10))))).isEqualTo(range(75, 100));
        assertThat(numbers(limited.read(Tail.from(ids.get(80))))).isEqualTo(range(80, 100));
        assertThat(numbers(limited.read(Tail.after(ids.get(80))))).isEqualTo(range(81, 100));
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 100));
        assertThat(limited.size()).as("the events that Redis has").isEqualTo(100);
    }

    @Test
    void sizeLastIdAndExistenceAreThoseOfTheStream() {
        EventLog log = newLog();
        EventId first = log.add(event(1));
        assertThat(log.exists()).isTrue();
        assertThat(log.size()).isEqualTo(1);
        assertThat(log.lastId()).hasValue(first);
        List<EventId> more = log.addAll(events(0, 9));
        assertThat(log.size()).isEqualTo(10);
        assertThat(log.lastId()).isEqualTo(Optional.of(more.get(8)));

        assertThat(log.delete()).isTrue();
        assertThat(log.delete()).isFalse();
        assertThat(log.exists()).isFalse();
        assertThat(log.size()).isZero();
        assertThat(log.lastId()).isEmpty();
        assertThat(log.read(Tail.all())).isEmpty();
        log.add(event(2));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(2);
    }

    @Test
    void returnedListsCannotBeModified() {
        EventLog log = newLog();
        log.addAll(events(0, 2));
        List<Event> read = log.read(Tail.all());
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> read.remove(0));
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> read.get(0).fields().put("a", "b"));
    }

    @Test
    void eventsOfOtherProgramsAreReadUnchanged() {
        EventLog log = newLog();
        Map<String, String> fields = Map.of("", "empty name", "a b", "{not json", "n", "007");
        redis.opsForStream().add(MapRecord.create(log.name(), fields));
        assertThat(log.read(Tail.all()))
                .singleElement()
                .extracting(Event::fields)
                .isEqualTo(fields);
    }
}
